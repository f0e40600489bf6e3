"""/me/systems: what each system receives, and that a withdrawal ends all of it at once."""

import asyncio

import pytest

from idp.relying_parties import scopes
from idp.sign_on.scope_texts import SCOPE_TEXTS
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider
from tests.support.visits import (
    account_id,
    asking,
    audit_of,
    callback,
    code_for,
    page,
    person,
    redeem,
    refresh,
    signed_in,
    sql,
    tokens,
    userinfo,
    visitor,
)

pytestmark = pytest.mark.anyio
HOME = "/me/systems"


async def withdrawal(someone: Browserless, client_id: str) -> Page:
    """Go through the question."""
    form = page(await someone.open(f"{HOME}/withdraw?client_id={client_id}")).form_with("client_id")
    assert form is not None
    return page(await someone.submit(form))


async def test_every_system_is_shown_with_what_it_receives(house: Provider) -> None:
    agreed, _ = await house.register(consent_required=True, client_name="信用系统")
    trusted, secret = await house.register(client_name="门户系统")
    async with signed_in(house) as someone:
        assert "还没有" in page(await someone.open(HOME)).text
        form = page(await someone.open(asking(agreed, scope="openid real_name"))).form_with("decision")
        assert form is not None
        await someone.submit(form, decision="allow")
        await tokens(house, trusted, secret, someone, scope="openid phone")
        shown = page(await someone.open(HOME)).text
    assert "信用系统" in shown
    assert "门户系统" in shown
    for scope in (scopes.REAL_NAME, scopes.PHONE):
        assert SCOPE_TEXTS[scope][1] in shown
    assert "同意时间" in shown


async def test_a_withdrawal_ends_consent_tokens_and_login(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        client, secret = await house.register(
            consent_required=True, backchannel_logout_uri="http://127.0.0.1:9/logout"
        )
        form = page(await someone.open(asking(client, scope="openid offline_access"))).form_with("decision")
        assert form is not None
        answer = callback(await someone.submit(form, decision="allow"))
        given = (await redeem(house, client, secret, answer.parameters["code"])).json()
        late = await code_for(someone, client, scope="openid")
        assert "授权已撤回" in (await withdrawal(someone, client.client_id)).text

        assert (await userinfo(house, given["access_token"])).status_code == 401
        assert (await refresh(house, client, secret, given["refresh_token"])).status_code == 400
        assert (await redeem(house, client, secret, late)).status_code == 400  # a code under way is dead too
        assert "现在不能获得您的信息" in page(await someone.open(HOME)).text
        assert page(await someone.open(asking(client))).form_with("decision") is not None  # asked again
    notices = await sql(house, "select * from outbox where recipient = ?", client.client_id)
    assert [notice["kind"] for notice in notices] == ["backchannel_logout"]
    who = await account_id(house, username)
    assert (await audit_of(house, account_id=who)).count("consent.withdrawn") == 1


async def test_of_two_withdrawals_at_once_one_counts(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        client, _ = await house.register(consent_required=True)
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        await someone.submit(form, decision="allow")
        form = page(await someone.open(f"{HOME}/withdraw?client_id={client.client_id}")).form_with(
            "client_id"
        )
        assert form is not None
        await asyncio.gather(*[someone.submit(form) for _ in range(4)])
    who = await account_id(house, username)
    assert (await audit_of(house, account_id=who)).count("consent.withdrawn") == 1


async def test_nobody_withdraws_for_another(house: Provider) -> None:
    client, secret = await house.register(client_name="别人的系统")
    async with signed_in(house) as owner, signed_in(house) as other:
        given = await tokens(house, client, secret, owner, scope="openid")
        shown = page(await other.open(f"{HOME}/withdraw?client_id={client.client_id}"))
        assert "别人的系统" not in shown.text
        csrf = page(await other.open("/me/profile")).forms[0].fields["csrf"]
        await other.client.post(f"{HOME}/withdraw", data={"csrf": csrf, "client_id": client.client_id})
        assert (await userinfo(house, given["access_token"])).status_code == 200


async def test_a_forged_form_withdraws_nothing(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        given = await tokens(house, client, secret, someone, scope="openid")
        for headers in ({"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}, {}):
            answer = await someone.client.post(
                f"{HOME}/withdraw", data={"csrf": "0" * 64, "client_id": client.client_id}, headers=headers
            )
            assert answer.status_code == 400
        assert (await userinfo(house, given["access_token"])).status_code == 200


@pytest.mark.parametrize("path", [HOME, f"{HOME}/withdraw?client_id=x"])
async def test_who_is_not_logged_in_is_asked_to(house: Provider, path: str) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open(path)).form_with("password") is not None
