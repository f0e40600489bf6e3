"""The page /acting: who may be chosen, when it is shown, and what nobody else can make it do."""

import pytest

from tests.oauth.acting import acting, agent
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider
from tests.support.mandates import COMPANY, revoke
from tests.support.visits import (
    SESSION_COOKIE,
    asking,
    callback,
    claims_of,
    page,
    redeem,
    signed_in,
    tokens,
    visitor,
)

pytestmark = pytest.mark.anyio

BOTH_KINDS = ["person", "legal_person"]


async def principal_of(house: Provider, someone: Browserless) -> str | None:
    """For whom the session of a browser acts."""
    session = await house.worker.sessions.find(someone.client.cookies.get(SESSION_COOKIE))
    assert session is not None
    return session.principal.id if session.principal else None


async def choose(someone: Browserless, shown: Page, mandate_id: str) -> Page:
    """Choose on the page, and stay with us."""
    form = shown.form_with("mandate")
    assert form is not None
    return page(await someone.submit(form, mandate=mandate_id))


async def test_a_person_chooses_a_company_and_comes_back_to_themselves(house: Provider) -> None:
    username, principal = await agent(house)
    async with signed_in(house, username) as someone:
        shown = page(await someone.open("/acting"))
        assert COMPANY in shown.text
        done = await choose(someone, shown, principal.mandate_id)
        assert 'id="done"' in done.text
        assert await principal_of(house, someone) == principal.id
        await choose(someone, done, "self")
        assert await principal_of(house, someone) is None


async def test_whoever_is_not_logged_in_logs_in_first(house: Provider) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open("/acting")).form_with("password") is not None


async def test_the_page_says_which_systems_a_change_logs_out(house: Provider) -> None:
    client, secret = await house.register(client_name="要退出的系统", principal_kinds=BOTH_KINDS)
    username, principal = await agent(house)
    async with acting(house, username, principal) as someone:
        await tokens(house, client, secret, someone)
        assert "要退出的系统" in page(await someone.open("/acting")).text


async def test_a_principal_that_is_not_offered_cannot_be_chosen_by_a_forged_form(house: Provider) -> None:
    _, foreign = await agent(house)
    username, _ = await agent(house)
    _, own_revoked = await agent(house)
    await revoke(house, own_revoked)
    async with signed_in(house, username) as someone:
        shown = page(await someone.open("/acting"))
        form = shown.form_with("mandate")
        assert form is not None
        for mandate_id in (foreign.mandate_id, own_revoked.mandate_id, "no-such-mandate", "' or 1=1"):
            answer = page(await someone.submit(form, mandate=mandate_id))
            assert answer.status == 409
        assert page(await someone.submit(form, mandate="")).status == 400
        assert await principal_of(house, someone) is None


async def test_a_mandate_that_is_revoked_while_the_page_is_open_cannot_be_chosen(house: Provider) -> None:
    username, principal = await agent(house)
    async with signed_in(house, username) as someone:
        shown = page(await someone.open("/acting"))
        await revoke(house, principal)
        assert (await choose(someone, shown, principal.mandate_id)).status == 409
        assert await principal_of(house, someone) is None


async def test_a_session_cannot_be_switched_with_another_browser_s_form(house: Provider) -> None:
    username, principal = await agent(house)
    async with signed_in(house, username) as someone, signed_in(house, username) as other:
        form = page(await other.open("/acting")).form_with("mandate")
        assert form is not None
        await someone.open("/acting")
        answer = page(await someone.submit(form, mandate=principal.mandate_id))
        assert answer.status == 400
        form.fields["csrf"] = ""
        assert page(await someone.submit(form, mandate=principal.mandate_id)).status == 400
        assert await principal_of(house, someone) is None
        headers = {"origin": "https://elsewhere.test"}
        real = page(await someone.open("/acting")).form_with("mandate")
        assert real is not None
        data = real.fields | {"mandate": principal.mandate_id}
        assert (await someone.client.post("/acting", data=data, headers=headers)).status_code == 400
        assert await principal_of(house, someone) is None


async def test_a_system_for_companies_asks_once_a_session_for_whom(house: Provider) -> None:
    client, secret = await house.register(principal_kinds=BOTH_KINDS, client_name="办事系统")
    username, principal = await agent(house)
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(asking(client)))
        assert "办事系统" in shown.text
        form = shown.form_with("mandate")
        assert form is not None
        code = callback(await someone.submit(form, mandate=principal.mandate_id)).parameters["code"]
        made = (await redeem(house, client, secret, code)).json()
        assert claims_of(made["id_token"])["principal"]["id"] == principal.id
        callback(await someone.open(asking(client)))


async def test_whoever_stays_themselves_is_not_asked_again_and_not_logged_out(house: Provider) -> None:
    client, _ = await house.register(principal_kinds=BOTH_KINDS)
    username, _ = await agent(house)
    async with signed_in(house, username) as someone:
        before = someone.client.cookies.get(SESSION_COOKIE)
        form = page(await someone.open(asking(client))).form_with("mandate")
        assert form is not None
        assert "code" in callback(await someone.submit(form, mandate="self")).parameters
        assert "code" in callback(await someone.open(asking(client))).parameters
        assert someone.client.cookies.get(SESSION_COOKIE) == before


async def test_nobody_is_asked_who_has_nobody_to_act_for(house: Provider) -> None:
    client, _ = await house.register(principal_kinds=BOTH_KINDS)
    for_people, _ = await house.register()
    username, _ = await agent(house)
    async with signed_in(house) as someone:
        assert "code" in callback(await someone.open(asking(client))).parameters
    async with signed_in(house, username) as someone:
        assert "code" in callback(await someone.open(asking(for_people))).parameters


async def test_a_system_that_the_mandate_does_not_cover_asks_again_or_sends_back(house: Provider) -> None:
    covered, _ = await house.register(principal_kinds=BOTH_KINDS)
    other, _ = await house.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(house, systems=covered.client_id)
    async with acting(house, username, principal) as someone:
        assert "code" in callback(await someone.open(asking(covered))).parameters
        shown = page(await someone.open(asking(other)))
        form = shown.form_with("mandate")
        assert form is not None
        refused = page(await someone.submit(form, mandate=principal.mandate_id))
        assert refused.status == 409
        deny = shown.form_with("decision")
        assert deny is not None
        answer = callback(await someone.submit(deny, decision="deny"))
        assert (answer.parameters["error"], answer.parameters["state"]) == ("access_denied", "the state")
        assert await principal_of(house, someone) == principal.id
        assert form.fields["mandate"] == "self"
        assert "code" in callback(await someone.submit(form)).parameters
        assert await principal_of(house, someone) is None


async def test_a_system_for_people_is_not_entered_as_a_company(house: Provider) -> None:
    client, _ = await house.register()
    username, principal = await agent(house)
    async with acting(house, username, principal) as someone:
        shown = page(await someone.open(asking(client)))
        assert f'value="{principal.mandate_id}"' not in shown.text
        quiet = callback(await someone.open(asking(client, prompt="none")))
        assert quiet.parameters["error"] == "account_selection_required"


async def test_a_system_for_companies_alone_is_not_entered_as_oneself(house: Provider) -> None:
    client, _ = await house.register(principal_kinds=["legal_person"])
    async with signed_in(house) as someone:
        shown = page(await someone.open(asking(client)))
        assert shown.form_with("mandate") is None
        deny = shown.form_with("decision")
        assert deny is not None
        answer = callback(await someone.submit(deny, decision="deny"))
        assert answer.parameters["error"] == "access_denied"


async def test_select_account_asks_for_whom_each_time(house: Provider) -> None:
    client, _ = await house.register()
    both, _ = await house.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(house)
    async with acting(house, username, principal) as someone:
        for _ in range(2):
            house.clock.forward(1)
            form = page(await someone.open(asking(both, prompt="select_account"))).form_with("mandate")
            assert form is not None
            callback(await someone.submit(form, mandate=principal.mandate_id))
    async with signed_in(house) as someone:
        house.clock.forward(1)
        assert (
            page(await someone.open(asking(client, prompt="select_account"))).form_with("password")
            is not None
        )


async def test_consent_names_for_whom_one_acts(house: Provider) -> None:
    client, _ = await house.register(principal_kinds=BOTH_KINDS, consent_required=True)
    username, principal = await agent(house)
    async with acting(house, username, principal) as someone:
        assert COMPANY in page(await someone.open(asking(client))).text


async def test_whoever_is_thrown_out_of_a_mandate_is_asked_to_log_in(house: Provider) -> None:
    client, _ = await house.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(house)
    async with acting(house, username, principal) as someone:
        await revoke(house, principal)
        assert page(await someone.open(asking(client))).form_with("password") is not None
        assert page(await someone.open("/acting")).form_with("password") is not None


async def test_the_login_comes_before_the_choice(house: Provider) -> None:
    client, _ = await house.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(house)
    async with visitor(house) as someone:
        login = page(await someone.open(asking(client))).form_with("password")
        assert login is not None
        shown = page(await someone.submit(login, username=username, password="correct horse battery"))
        form = shown.form_with("mandate")
        assert form is not None
        assert "code" in callback(await someone.submit(form, mandate=principal.mandate_id)).parameters
