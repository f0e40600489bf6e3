"""A company's account at a platform is the company's login: it reaches nobody's account, and tells how sure it is."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from idp.audit.model import EventType
from tests.federation.trial import FIRM, ZHANGSAN, Platform, came, federated
from tests.selfservice.api_paths import READS, WRITES
from tests.selfservice.calling import call
from tests.support.browserless import Browserless, Callback
from tests.support.inprocess import PASSWORD, Provider
from tests.support.visits import asking, claims_of, page, person, tokens, userinfo, visitor

pytestmark = pytest.mark.anyio

NUMBER = ZHANGSAN["number"]
BOSS = {"id": "c-1", "name": "", "rep": "张三", "rep_number": NUMBER, "level": "3", **FIRM}
CLERK = {**ZHANGSAN, "id": "c-1", "level": "3", "rep": "李四", "rep_number": "410411199001010031", **FIRM}
ORGANIZATION = "您正在为单位办事"
Trial = tuple[Provider, Platform]


@pytest.fixture
async def trial(migrated_url: str, tmp_path: Path) -> AsyncIterator[Trial]:
    """A platform whose company accounts name a human without having them prove it, on each database."""
    async with federated(tmp_path, database_url=migrated_url) as it:
        yield it


async def known(house: Provider, **fields: Any) -> str:
    """The account of the human whom the platform names; its username."""
    return await person(
        house, certificate_type="111", certificate_number=NUMBER, phone="13800040009", **fields
    )


async def row_of(house: Provider, username: str) -> Account:
    """An account as it stands."""
    store = AccountStore(house.worker.base.vault)
    found = await house.worker.base.database.read(lambda: store.find(username))
    assert found is not None
    return found


async def logins(house: Provider) -> list[dict[str, Any]]:
    """The record of whoever got in."""
    return [line for line in await house.audit_lines() if line["event"] == EventType.LOGIN_SUCCEEDED.value]


def paths(house: Provider) -> list[tuple[str, str]]:
    """Every page of the person's own, by method."""
    routes: dict[str, Any] = house.dispatcher._routes
    return [
        (method, path)
        for path, methods in routes.items()
        for method in methods
        if path.startswith("/me/") or path == "/me"
    ]


@pytest.mark.parametrize("who", [BOSS, CLERK], ids=["the representative", "an agent"])
async def test_a_company_s_login_leaves_the_account_of_whom_it_names_as_it_is(
    trial: Trial, who: dict[str, str]
) -> None:
    house, platform = trial
    username = await known(house)
    before = await row_of(house, username)
    async with visitor(house) as someone:
        shown = page(await came(someone, platform, who, "legal"))
    assert (shown.status, ORGANIZATION in shown.text, FIRM["org"] in shown.text) == (200, True, True)
    assert "没有核实是不是本人" in shown.text
    assert NUMBER not in shown.text
    assert await row_of(house, username) == before
    assert await house.worker.links.of_account(before.id) == []
    assert await house.worker.mandates.principals(before.id) == []
    assert not [
        line for line in await house.audit_lines() if line["event"] == EventType.UPSTREAM_LINKED.value
    ]


async def test_no_page_of_a_person_is_open_to_it_by_any_method(trial: Trial) -> None:
    house, platform = trial
    username = await known(house)
    before = await row_of(house, username)
    async with visitor(house) as someone:
        await came(someone, platform, BOSS, "legal")
        tried = paths(house)
        assert len(tried) > 40
        overview = await someone.client.get("/")
        csrf = re.search(r'name="csrf" value="([^"]+)"', overview.text)
        assert csrf is not None
        for method, path in tried:
            fields = {"csrf": csrf[1]} if method == "POST" else None
            answer = await someone.client.request(method, path, data=fields, follow_redirects=False)
            if method == "HEAD":  # does nothing, anywhere
                assert answer.content == b""
                continue
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert NUMBER not in answer.text
    assert await row_of(house, username) == before
    assert not [
        one
        for one in await house.audit_events()
        if one.startswith(("factor.", "authenticator.", "mandate.invited"))
    ]


async def test_no_way_of_the_api_is_open_to_it(trial: Trial) -> None:
    house, platform = trial
    async with visitor(house) as someone:
        await came(someone, platform, BOSS, "legal")
        token = await token_of_organization(house, someone)
        for method, path, body in [*(("GET", path, None) for path in READS), *WRITES]:
            answer = await call(house, token, method, path, body)
            assert answer.status_code == 403, (method, path, answer.text)


async def token_of_organization(house: Provider, someone: Browserless) -> str:
    """The access token of an app that asks for as much as it is given, in a session of an organisation."""
    client, secret = await house.register(
        scope="openid account account.write account.security", principal_kinds=["person", "legal_person"]
    )
    return str((await tokens(house, client, secret, someone, scope="openid account"))["access_token"])


async def test_it_acts_for_the_company_and_never_for_itself(trial: Trial) -> None:
    house, platform = trial
    persons, _ = await house.register(principal_kinds=["person"])
    async with visitor(house) as someone:
        await came(someone, platform, BOSS, "legal")
        shown = page(await someone.open("/acting"))
        assert "本人，为自己办事" not in shown.text
        form = shown.form_with("mandate")
        if form is not None:
            assert page(await someone.submit(form, mandate="self")).status == 409
        entered = await someone.open(asking(persons))
        assert not isinstance(entered, Callback) or "code" not in entered.parameters


async def test_a_system_is_told_the_company_and_that_the_human_is_asserted(trial: Trial) -> None:
    house, platform = trial
    username = await known(house)
    client, secret = await house.register(
        scope="openid profile real_name offline_access", principal_kinds=["person", "legal_person"]
    )
    async with visitor(house) as someone:
        await came(someone, platform, BOSS, "legal")
        got = await tokens(house, client, secret, someone, scope="openid profile real_name")
    told = claims_of(got["id_token"])
    assert told["act"] == {"sub": told["sub"], "human": "asserted"}
    assert told["principal"]["unified_social_credit_code"] == FIRM["uscc"]
    assert told["principal"]["relation"] == "organization_login"
    assert told["sub"] != (await row_of(house, username)).id
    claims = (await userinfo(house, got["access_token"])).json()
    assert (claims["name"], claims["real_name_level"], claims["act"]["human"]) == ("张三", 0, "asserted")
    assert {"certificate_number", "verified_claims"}.isdisjoint(claims)
    [line] = await logins(house)
    assert '"human": "asserted"' in line["detail"].replace('":"', '": "')
    assert line["principal"] == told["principal"]["id"]


async def test_a_system_that_demands_a_person_s_level_is_entered_as_oneself_with_the_very_request(
    trial: Trial,
) -> None:
    house, platform = trial
    client, _ = await house.register(minimum_level=1, principal_kinds=["person"])
    username = await person(house)
    async with visitor(house) as someone:
        await came(someone, platform, BOSS, "legal")
        house.clock.forward(5)
        silent = await someone.open(asking(client, prompt="none"))
        assert isinstance(silent, Callback)
        assert silent.parameters["error"] == "login_required"
        form = page(await someone.open(asking(client, state="this very one"))).form_with("password")
        assert form is not None
        answer = await someone.submit(form, username=username, password=PASSWORD)
        assert isinstance(answer, Callback)
        assert (answer.parameters["state"], "code" in answer.parameters) == ("this very one", True)


async def test_a_company_s_account_shown_once_more_is_no_person_s_level_either(trial: Trial) -> None:
    house, platform = trial
    client, _ = await house.register(minimum_level=1, principal_kinds=["person", "legal_person"])
    async with visitor(house) as someone:
        await came(someone, platform, BOSS, "legal")
        answer = await someone.open(asking(client))  # it came at this very moment: asking again has no end
        assert isinstance(answer, Callback)
        assert answer.parameters["error"] == "unmet_authentication_requirements"


async def test_when_the_company_s_account_is_closed_there_its_session_is_over(trial: Trial) -> None:
    house, platform = trial
    async with visitor(house) as someone, visitor(house) as other:
        await came(someone, platform, BOSS, "legal")
        assert ORGANIZATION in page(await someone.open("/")).text
        await came(other, platform, {**BOSS, "status": "gone"}, "legal")
        assert ORGANIZATION not in page(await someone.open("/")).text


async def test_whoever_then_logs_in_with_a_password_is_there_as_themselves(trial: Trial) -> None:
    house, platform = trial
    username = await known(house)
    async with visitor(house) as someone:
        shown = page(await came(someone, platform, BOSS, "legal"))
        assert "用本人账号登录" in shown.text
        answer = await someone.client.get("/me/profile")
        assert answer.status_code == 403
        href = shown.text.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
        form = page(await someone.open(href)).form_with("password")
        assert form is not None
        after = page(await someone.submit(form, username=username, password=PASSWORD))
        assert after.status == 200
        assert page(await someone.open("/me/profile")).status == 200


async def test_nobody_finds_it_as_if_it_were_a_person(trial: Trial) -> None:
    house, platform = trial
    async with visitor(house) as someone:
        await came(someone, platform, BOSS, "legal")
    [line] = await logins(house)
    store, database = AccountStore(house.worker.base.vault), house.worker.base.database
    row = await database.read(lambda: store.by_id(line["account_id"]))
    assert row is not None
    assert (row.kind, row.certificate_index, row.phone_index) == ("organization_login", None, None)
    assert await database.read(lambda: store.find(row.username)) is None
