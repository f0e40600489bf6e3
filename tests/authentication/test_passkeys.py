"""Passkeys: one login by itself, of one person, for one site, with a challenge that is answered once."""

import asyncio
import base64
import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.accounts.merges.service import Plan
from idp.settings import Settings
from tests.support.inprocess import ISSUER, Provider, provider
from tests.support.logins import attempt, is_in
from tests.support.passkey import Authenticator
from tests.support.passkey_forms import ADD, LOGIN, asked, authenticator, made, used
from tests.support.visits import (
    SESSION_COOKIE,
    account_id,
    asking,
    audit_of,
    page,
    person,
    signed_in,
    sql,
    visitor,
)

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def owner(house: Provider, **changes: Any) -> AsyncIterator[tuple[str, Authenticator]]:
    """Somebody with a passkey."""
    username, key = await person(house, level=3), authenticator(**changes)
    async with signed_in(house, username) as someone:
        answer = await made(someone, key, label="我的手机")
        assert answer.status_code == 303, answer.text
    yield username, key


async def test_a_passkey_alone_logs_in_at_the_full_level(house: Provider) -> None:
    async with owner(house) as (username, key), visitor(house) as someone:
        assert (await used(someone, key)).status_code == 303
        assert await is_in(someone)
        rows = await sql(
            house,
            "select amr from sessions where account_id = ? order by created_at, rowid",
            await account_id(house, username),
        )
    assert rows[-1]["amr"] == "hwk user mfa"


async def test_a_synced_passkey_says_so_and_needs_no_counter(house: Provider) -> None:
    async with owner(house, synced=True, counts=False) as (username, key):
        for _ in range(2):
            async with visitor(house) as someone:
                assert (await used(someone, key)).status_code == 303
        rows = await sql(
            house, "select amr from sessions where account_id = ?", await account_id(house, username)
        )
    assert "swk user mfa" in {row["amr"] for row in rows}


async def test_what_is_stored_of_a_passkey_is_sealed(house: Provider) -> None:
    async with owner(house) as (username, key):
        rows = await sql(
            house, "select * from authenticators where account_id = ?", await account_id(house, username)
        )
    assert rows[0]["kind"] == "passkey"
    assert rows[0]["label"] == "我的手机"
    assert key.id not in bytes(rows[0]["secret"])
    assert bytes(rows[0]["lookup"]) != key.id


async def test_an_answer_is_good_once(house: Provider) -> None:
    async with owner(house) as (_, key), visitor(house) as someone:
        form, options = await asked(someone, LOGIN)
        answer = {"credential": key.get(options)}
        posts = [someone.client.post(LOGIN, data={**tab.fields, **answer}) for tab in form.in_tabs(5)]
        answers = await asyncio.gather(*posts)
        assert sorted(answer.status_code for answer in answers) == [303, 401, 401, 401, 401]


async def test_an_answer_is_good_in_the_browser_that_asked(house: Provider) -> None:
    async with owner(house) as (_, key), visitor(house) as someone, visitor(house) as other:
        form, options = await asked(someone, LOGIN)
        theirs, _options = await asked(other, LOGIN)
        data = {**theirs.fields, "ceremony": form.fields["ceremony"], "credential": key.get(options)}
        assert (await other.client.post(LOGIN, data=data)).status_code == 401


async def test_an_answer_comes_in_time(house: Provider) -> None:
    async with owner(house) as (_, key), visitor(house) as someone:
        form, options = await asked(someone, LOGIN)
        house.clock.forward(301)
        data = {**form.fields, "credential": key.get(options)}
        assert (await someone.client.post(LOGIN, data=data)).status_code == 401


@pytest.mark.parametrize(
    "change", [{"origin": "https://id.test.evil"}, {"rp_id": "evil.test"}, {"verifies": False}]
)
async def test_an_answer_for_another_site_or_of_nobody_in_particular_is_refused(
    house: Provider, change: dict[str, Any]
) -> None:
    async with owner(house) as (username, key), visitor(house) as someone:
        for name, value in change.items():
            setattr(key, name, value)
        assert (await used(someone, key)).status_code == 401
        assert not await is_in(someone)
        assert "login.failed" in await audit_of(house, account_id=await account_id(house, username))


async def test_a_counter_that_goes_back_is_refused_and_recorded(house: Provider) -> None:
    async with owner(house) as (username, key), visitor(house) as someone:
        assert (await used(someone, key)).status_code == 303
        key.count -= 1
        async with visitor(house) as copy:
            assert (await used(copy, key)).status_code == 401
        lines = await sql(
            house,
            "select detail from audit_events where account_id = ? and event = 'login.failed'",
            await account_id(house, username),
        )
    assert [json.loads(line["detail"])["reason"] for line in lines] == ["passkey_counter"]


async def test_an_unknown_passkey_and_somebody_else_s_signature_are_refused(house: Provider) -> None:
    async with owner(house) as (_, key), visitor(house) as someone:
        assert (await used(someone, authenticator())).status_code == 401
        forger = authenticator(id=key.id, user=key.user)
        assert (await used(someone, forger)).status_code == 401


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", "\x00", "{" * 2000, '{"id": 1}', "a" * 20_000]
)
async def test_nonsense_is_refused(house: Provider, credential: str) -> None:
    async with visitor(house) as someone:
        form, _ = await asked(someone, LOGIN)
        answer = await someone.client.post(LOGIN, data={**form.fields, "credential": credential})
    assert answer.status_code == (400 if "\x00" in credential else 401)  # what is no text reaches no page


async def test_a_frozen_account_stays_outside(house: Provider) -> None:
    async with owner(house) as (username, key), visitor(house) as someone:
        await sql(house, "update accounts set state = 'frozen' where username = ?", username)
        assert (await used(someone, key)).status_code == 401


async def test_a_passkey_comes_along_when_accounts_are_merged(house: Provider) -> None:
    into = await account_id(house, await person(house, level=3))
    async with owner(house) as (username, key), visitor(house) as someone:
        await sql(house, "update accounts set certificate_index = x'01' where username = ?", username)
        await house.worker.merges.merge(Plan(await account_id(house, username), into, {}), "同一人", "staff")
        assert (await used(someone, key)).status_code == 303
        assert await is_in(someone)


async def test_a_passkey_is_a_second_factor_after_the_password(house: Provider) -> None:
    async with owner(house) as (username, key), visitor(house) as someone:
        answer = await attempt(someone, username)
        assert answer.headers["location"].startswith("/login/otp")
        shown = page(await someone.open(answer.headers["location"]))
        assert shown.form_with("otp") is None
        link = re.search(r'href="(/login/passkey\?[^"]*confirm=1)"', shown.text)
        assert link is not None
        async with owner(house) as (_, foreign):
            assert (await used(someone, foreign, html.unescape(link[1]))).status_code == 401
        assert (await used(someone, key, html.unescape(link[1]))).status_code == 303
        assert await is_in(someone)


async def test_a_step_up_by_passkey_keeps_the_session(house: Provider) -> None:
    client, _ = await house.register()
    async with owner(house) as (username, key), signed_in(house, username) as someone:
        before = someone.client.cookies[SESSION_COOKIE]
        where = page(await someone.open(asking(client, acr_values="urn:zhanhe:acr:level:3")))
        link = re.search(r'href="(/login/passkey\?[^"]*)"', where.text)
        assert link is not None
        answer = await used(someone, key, html.unescape(link[1]))
        assert answer.headers["location"].startswith("/authorize/resume")
        assert someone.client.cookies[SESSION_COOKIE] != before
        events = await audit_of(house, account_id=await account_id(house, username))
    assert "session.stepped_up" in events


async def test_one_passkey_is_not_added_twice_nor_to_two_accounts(house: Provider) -> None:
    async with owner(house) as (_, key), signed_in(house) as other:
        assert (await made(other, key)).status_code == 409


async def test_a_passkey_made_for_one_person_is_not_added_to_another(house: Provider) -> None:
    async with signed_in(house) as one, signed_in(house) as other:
        form, options = await asked(one, ADD)
        theirs, _ = await asked(other, ADD)
        data = {**theirs.fields, "ceremony": form.fields["ceremony"]}
        data["credential"] = authenticator().create(options)
        assert (await other.client.post(ADD, data=data)).status_code == 400


async def test_a_ceremony_of_logging_in_makes_no_passkey(house: Provider) -> None:
    async with signed_in(house) as someone:
        form, _ = await asked(someone, ADD)
        login, _ = await asked(someone, LOGIN)
        data = {**form.fields, "ceremony": login.fields["ceremony"], "credential": "{}"}
        assert (await someone.client.post(ADD, data=data)).status_code == 400


async def test_the_pages_allow_our_script_and_no_other(house: Provider) -> None:
    async with visitor(house) as someone:
        policy = (await someone.client.get(LOGIN)).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy


FINGERPRINT = ":".join(["AB"] * 32)
APP_ORIGIN = "android:apk-key-hash:" + base64.urlsafe_b64encode(b"\xab" * 32).decode().rstrip("=")


@pytest.mark.parametrize("named", [True, False])
async def test_an_android_app_makes_and_uses_passkeys_where_the_operator_names_it(
    tmp_path: Path, named: bool
) -> None:
    apps = (f"cn.example.app={FINGERPRINT}",) if named else ()
    async with provider(tmp_path, passkey_apps=apps) as own:
        key = authenticator(origin=APP_ORIGIN)
        async with signed_in(own, await person(own, level=3)) as someone:
            assert ((await made(someone, key)).status_code == 303) is named
        async with own.machine() as machine:
            links = await machine.get("/.well-known/assetlinks.json")
        if not named:
            assert links.status_code == 404
            return
        assert links.json()[0]["target"]["sha256_cert_fingerprints"] == [FINGERPRINT]
        async with visitor(own) as someone:
            assert (await used(someone, key)).status_code == 303
        async with visitor(own) as someone:
            other = replace(key, origin="android:apk-key-hash:AAAA")
            assert (await used(someone, other)).status_code != 303


@pytest.mark.parametrize("text", ["", "app", "cn.example.app", f"app={FINGERPRINT}", "cn.example.app=AB:CD"])
def test_what_names_no_app_is_no_setting(text: str) -> None:
    with pytest.raises(ValueError, match="package=SHA-256"):
        Settings(issuer=ISSUER, passkey_apps=(text,))
