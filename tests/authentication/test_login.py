"""The login form: what it tells, whom it lets in, what it does with cookies and forged posts."""

import asyncio
import re
from urllib.parse import urlencode

import pytest
from passlib import hash as schemes

from tests.support.inprocess import PASSWORD, Provider
from tests.support.logins import attempt, is_in
from tests.support.visits import (
    ADDRESS,
    SESSION_COOKIE,
    account_id,
    asking,
    audit_of,
    callback,
    page,
    person,
    signed_in,
    sql,
    visitor,
)

pytestmark = pytest.mark.anyio


def without_tokens(text: str) -> str:
    """A page but for what differs each time it is shown."""
    return re.sub(r'name="(csrf|attempt|continue)" value="[^"]*"|continue=[\w-]+', "", text)


async def test_a_person_logs_in_by_username_phone_or_certificate_number(house: Provider) -> None:
    fields = {"phone": "13800000002", "certificate_type": "111", "certificate_number": "410411199001010015"}
    username = await person(house, **fields)
    for identifier in (
        username,
        username.upper(),
        "13800000002",
        "+86 138-0000-0002",
        "４１０４１１１９９００１０１００１５",
    ):
        async with visitor(house, f"203.0.113.{len(identifier)}") as someone:
            assert (await attempt(someone, identifier)).status_code == 303
            assert await is_in(someone)


async def test_an_identifier_of_two_accounts_names_neither(house: Provider) -> None:
    for _ in range(2):
        await person(house, phone="13800000003")
    async with visitor(house) as someone:
        assert (await attempt(someone, "13800000003")).status_code == 401


async def test_unknown_wrong_and_frozen_look_alike(house: Provider) -> None:
    known, frozen = (
        await person(house, username="same-length-1"),
        await person(house, username="same-length-2"),
    )
    await sql(house, "update accounts set state = 'frozen' where username = ?", frozen)
    answers = []
    for username, password in ((known, "wrong password"), ("same-length-3", PASSWORD), (frozen, PASSWORD)):
        async with visitor(house) as someone:
            answers.append(await attempt(someone, username, password))
    bodies = {
        without_tokens(answer.text).replace(f"same-length-{n}", "name") for n, answer in enumerate(answers, 1)
    }
    assert {answer.status_code for answer in answers} == {401}
    bodies = {re.sub(r"same-length-\d", "name", body) for body in bodies}
    assert len(bodies) == 1
    headers = {tuple(sorted(set(answer.headers) - {"content-length"})) for answer in answers}
    assert len(headers) == 1
    reasons = {
        row["detail"]
        for row in await sql(house, "select detail from audit_events where event = 'login.failed'")
    }
    assert {'{"reason":"password"}', '{"reason":"account"}', '{"reason":"state"}'} <= reasons


async def test_a_password_or_name_left_out_is_said_so_without_counting(house: Provider) -> None:
    async with visitor(house) as someone:
        for username, password in (("", PASSWORD), ("somebody", ""), ("  ", PASSWORD), ("\u202e", PASSWORD)):
            assert (await attempt(someone, username, password)).status_code == 400


@pytest.mark.parametrize(
    "username", ["'; DROP TABLE accounts; --", "%", "_", "a" * 5000, "用户", "a\u202eb", "\U0001f600"]
)
async def test_a_hostile_username_is_nobody(house: Provider, username: str) -> None:
    async with visitor(house, "203.0.113.77") as someone:
        assert (await attempt(someone, username)).status_code == 401


@pytest.mark.parametrize("password", ["x" * 257, "x" * 5000, "\n", "密码" * 60])
async def test_a_hostile_password_is_wrong(house: Provider, password: str) -> None:
    username = await person(house)
    async with visitor(house, "203.0.113.78") as someone:
        assert (await attempt(someone, username, password)).status_code == 401


LEGACY = {
    "bcrypt": schemes.bcrypt.using(rounds=4).hash(PASSWORD),
    "pbkdf2_sha256": schemes.pbkdf2_sha256.using(rounds=1000).hash(PASSWORD),
    "pbkdf2_sha512": schemes.pbkdf2_sha512.using(rounds=1000).hash(PASSWORD),
    "django_pbkdf2_sha256": schemes.django_pbkdf2_sha256.using(rounds=1000).hash(PASSWORD),
    "sha512_crypt": schemes.sha512_crypt.using(rounds=1000).hash(PASSWORD),
    "sha256_crypt": schemes.sha256_crypt.using(rounds=1000).hash(PASSWORD),
    "ldap_salted_sha1": schemes.ldap_salted_sha1.hash(PASSWORD),
    "md5_crypt": schemes.md5_crypt.hash(PASSWORD),
    "hex_md5": schemes.hex_md5.hash(PASSWORD),
    "hex_sha1": schemes.hex_sha1.hash(PASSWORD),
    "hex_sha256": schemes.hex_sha256.hash(PASSWORD),
    "weak argon2": schemes.argon2.using(type="ID", memory_cost=64, time_cost=1, parallelism=1).hash(PASSWORD),
}


@pytest.mark.parametrize("scheme", LEGACY)
async def test_an_imported_hash_is_accepted_once_and_upgraded(house: Provider, scheme: str) -> None:
    username = await person(house, password_hash=LEGACY[scheme])
    async with visitor(house, "203.0.113.79") as someone:
        assert (await attempt(someone, username, "wrong password")).status_code == 401
        assert await house.worker.hasher.verify("a\x00b", LEGACY[scheme]) == (False, None)
        assert (await attempt(someone, username)).status_code == 303
    stored = (await sql(house, "select id, password_hash from accounts where username = ?", username))[0]
    assert stored["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "password.upgraded" in await audit_of(house, account_id=stored["id"])
    async with visitor(house, "203.0.113.80") as someone:
        assert (await attempt(someone, username)).status_code == 303


async def test_a_current_hash_is_left_as_it_is(house: Provider) -> None:
    username = await person(house)
    before = await sql(house, "select password_hash from accounts where username = ?", username)
    async with visitor(house) as someone:
        await attempt(someone, username)
    assert await sql(house, "select password_hash from accounts where username = ?", username) == before


async def test_bytes_after_the_seventy_second_do_not_break_an_imported_bcrypt(house: Provider) -> None:
    long = "p" * 100
    username = await person(house, password_hash=schemes.bcrypt.using(rounds=4).hash(long[:72]))
    async with visitor(house, "203.0.113.81") as someone:
        assert (await attempt(someone, username, long)).status_code == 303
    async with visitor(house, "203.0.113.81") as someone:
        assert (
            await attempt(someone, username, "p" * 72)
        ).status_code == 401  # upgraded: every byte counts now


async def test_a_login_gives_a_new_session_cookie_whatever_was_there(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as someone:
        someone.client.cookies.set(SESSION_COOKIE, "zss_planted", domain="id.test", path="/")
        answer = await attempt(someone, username)
        made = someone.client.cookies[SESSION_COOKIE]
        assert made.startswith("zss_")
        assert made != "zss_planted"
        cookie = next(
            text for text in answer.headers.get_list("set-cookie") if text.startswith(SESSION_COOKIE)
        )
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert "Max-Age" not in cookie


async def test_a_second_login_of_the_same_person_ends_the_old_cookie_and_keeps_the_session(
    house: Provider,
) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        old = someone.client.cookies[SESSION_COOKIE]
        client, _ = await house.register()
        house.clock.forward(1)
        shown = page(await someone.open(asking(client, prompt="login")))
        form = shown.form_with("password")
        assert form is not None
        callback(await someone.submit(form, username=username, password=PASSWORD))
        assert someone.client.cookies[SESSION_COOKIE] != old
    async with visitor(house) as thief:
        thief.client.cookies.set(SESSION_COOKIE, old, domain="id.test", path="/")
        assert not await is_in(thief)
    account = (await sql(house, "select id from accounts where username = ?", username))[0]["id"]
    assert len(await sql(house, "select id from sessions where account_id = ?", account)) == 1


async def test_another_person_in_the_same_browser_ends_the_first_session(house: Provider) -> None:
    first, second = await person(house), await person(house)
    client, _ = await house.register()
    async with signed_in(house, first) as someone:
        house.clock.forward(1)
        form = page(await someone.open(asking(client, prompt="login"))).form_with("password")
        assert form is not None
        callback(await someone.submit(form, username=second, password=PASSWORD))
    account = (await sql(house, "select id from accounts where username = ?", first))[0]["id"]
    rows = await sql(house, "select ended_at from sessions where account_id = ?", account)
    assert [row["ended_at"] is not None for row in rows] == [True]


@pytest.mark.parametrize(
    ("headers", "changes"),
    [
        ({"origin": "https://evil.test"}, {}),
        ({"origin": "http://id.test"}, {}),
        ({"origin": "https://id.test.evil.test"}, {}),
        ({"origin": "https://id.test:8443"}, {}),
        ({"sec-fetch-site": "cross-site"}, {}),
        ({"sec-fetch-site": "same-site"}, {}),
        ({"sec-fetch-site": "rubbish"}, {}),
        ({}, {"csrf": ""}),
        ({}, {"csrf": "0" * 64}),
        ({}, {"csrf": "é"}),
        ({"content-type": "text/plain"}, {}),
        ({"content-type": "application/json"}, {}),
        ({"content-type": "multipart/form-data; boundary=x"}, {}),
    ],
    ids=repr,
)
async def test_a_forged_login_is_not_tried(
    house: Provider, headers: dict[str, str], changes: dict[str, str]
) -> None:
    username = await person(house)
    async with visitor(house) as someone:
        assert (await attempt(someone, username, headers=headers, **changes)).status_code == 400
        assert not await is_in(someone)
    account = (await sql(house, "select id from accounts where username = ?", username))[0]["id"]
    assert await audit_of(house, account_id=account) == ["account.created"]


async def test_a_token_of_another_browser_or_without_its_cookie_is_forged(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as attacker:
        form = page(await attacker.open("/login")).form_with("password")
        assert form is not None
    data = {**form.fields, "username": username, "password": PASSWORD}
    async with visitor(house) as victim:
        first = await victim.client.post("/login", data=data)
        assert first.status_code == 307  # without a cookie: it gets one of its own, and sends it again
        assert (await victim.client.post(first.headers["location"], data=data)).status_code == 400
        await victim.open("/login")
        assert (await victim.client.post("/login", data=data)).status_code == 400
        assert not await is_in(victim)


async def test_the_page_is_framed_by_nobody_and_kept_by_nobody(house: Provider) -> None:
    async with visitor(house) as someone:
        headers = (await someone.client.get("/login")).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


async def test_what_was_typed_comes_back_as_text(house: Provider) -> None:
    async with visitor(house, "203.0.113.82") as someone:
        answer = await attempt(someone, '"><script>alert(1)</script>', "secret-that-was-typed")
    assert "<script>alert" not in answer.text
    assert "secret-that-was-typed" not in answer.text


async def test_the_way_on_after_a_login_is_ours_alone(house: Provider) -> None:
    username = await person(house)
    for wanted in ("https://evil.test/", "//evil.test", "/\\evil.test", "javascript:x"):
        async with visitor(house, "203.0.113.83") as someone:
            answer = await attempt(someone, username, headers=None, **{"continue": wanted})
            assert answer.headers["location"] == "/"
            query = urlencode({"continue": wanted, "next": wanted, "return_to": wanted})
            assert (await someone.client.get(f"/login?{query}")).headers["location"] == "/"


async def test_nobody_s_address_is_taken_from_a_header(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as someone:
        await attempt(someone, username, "wrong password", headers={"x-forwarded-for": "192.0.2.1"})
    who = await account_id(house, username)
    query = "select address from audit_events where event = 'login.failed' and account_id = ?"
    assert [row["address"] for row in await sql(house, query, who)] == [ADDRESS]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (
            "update accounts set security_version = security_version + 1, "
            "password_hash = (select password_hash from accounts where username = 'new')",
            409,
        ),
        ("update accounts set state = 'frozen'", 409),
        ("update accounts set name = '李四'", 303),
    ],
)
async def test_what_changes_while_a_password_is_checked_counts(
    house: Provider, monkeypatch: pytest.MonkeyPatch, change: str, status: int
) -> None:
    """A check waits for its turn: whoever has changed the password meanwhile has thrown the other out."""
    username, original = await person(house), house.worker.hasher.verify
    if not await sql(house, "select 1 from accounts where username = 'new'"):
        other = schemes.argon2.using(type="ID").hash("another password 9")
        await person(house, username="new", password_hash=other)

    async def slow(password: str, stored: str | None) -> tuple[bool, str | None]:
        outcome = await original(password, stored)
        await sql(house, f"{change} where username = ?", username)
        return outcome

    async with visitor(house) as someone:
        monkeypatch.setattr(house.worker.hasher, "verify", slow)
        answer = await attempt(someone, username)
    assert answer.status_code == status


async def test_two_first_logins_at_once_both_upgrade_an_imported_hash(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = schemes.bcrypt.using(rounds=4).hash(PASSWORD)
    username = await person(house, password_hash=imported)
    async with visitor(house) as one, visitor(house) as other:
        answers = await asyncio.gather(attempt(one, username), attempt(other, username))
    assert [answer.status_code for answer in answers] == [303, 303]
