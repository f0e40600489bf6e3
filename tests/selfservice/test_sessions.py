"""/me/sessions: every login can be seen and ended by its owner, and by nobody else."""

from functools import partial
from pathlib import Path

import pytest

from idp.sessions.device_store import DeviceStore
from idp.sessions.model import Caller
from tests.support.browserless import Browserless
from tests.support.inprocess import Provider, provider
from tests.support.logins import is_in
from tests.support.visits import (
    ADDRESS,
    account_id,
    audit_of,
    page,
    person,
    refresh,
    signed_in,
    sql,
    tokens,
    visitor,
)

pytestmark = pytest.mark.anyio
HOME = "/me/sessions"
GRANTS = ["authorization_code", "refresh_token"]
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"


async def ids(house: Provider, username: str) -> list[str]:
    rows = await house.worker.sessions.of_account(await account_id(house, username))
    return [row.id for row in rows]


async def csrf_of(someone: Browserless) -> str:
    return page(await someone.open("/me/profile")).forms[0].fields["csrf"]


async def device(house: Provider, username: str, name: str, trusted: bool = False) -> None:
    """A device that somebody logged in on."""
    until = house.clock.now + 1000 if trusted else None
    await sql(
        house,
        "insert into devices (id, account_id, user_agent, address, first_seen_at, last_seen_at, trusted_until)"
        " values (?, ?, ?, '203.0.113.1', 1, 2, ?)",
        name,
        await account_id(house, username),
        CHROME,
        until,
    )


async def test_the_logins_are_shown_with_what_they_entered(house: Provider) -> None:
    username = await person(house)
    client, secret = await house.register(client_name="信用系统")
    async with signed_in(house, username) as here, signed_in(house, username) as there:
        await tokens(house, client, secret, there)
        shown = page(await here.open(HOME)).text
    assert shown.count("这里") == 1
    assert "已进入：信用系统" in shown
    assert ADDRESS in shown


async def test_one_login_is_ended_and_the_systems_are_told(house: Provider) -> None:
    username = await person(house)
    client, secret = await house.register(backchannel_logout_uri="http://127.0.0.1:9/logout")
    async with signed_in(house, username) as here, signed_in(house, username) as there:
        await tokens(house, client, secret, there)
        form = next(form for form in page(await here.open(HOME)).forms if form.action.endswith("/end"))
        assert "那处登录已退出" in page(await here.submit(form)).text
        assert await is_in(here)
        assert not await is_in(there)
        assert "没有改动" in page(await here.submit(form.in_tabs(1)[0])).text
    assert await sql(house, "select id from outbox where recipient = ?", client.client_id)


async def test_all_others_are_ended_at_once(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as here, signed_in(house, username) as a, signed_in(house) as else_:
        form = next(form for form in page(await here.open(HOME)).forms if form.action.endswith("/end-others"))
        assert "全部退出" in page(await here.submit(form)).text
        assert [await is_in(here), await is_in(a), await is_in(else_)] == [True, False, True]
    assert (await audit_of(house, account_id=await account_id(house, username))).count("session.ended") == 1


async def test_another_person_s_login_is_not_ended(house: Provider) -> None:
    victim = await person(house)
    async with signed_in(house, victim) as theirs, signed_in(house) as someone:
        (session_id,) = await ids(house, victim)
        data = {"csrf": await csrf_of(someone), "id": session_id}
        answer = await someone.client.post(f"{HOME}/end", data=data)
        assert answer.headers["location"] == f"{HOME}?done=none"
        assert await is_in(theirs)


async def test_a_device_is_forgotten_with_its_trust(house: Provider) -> None:
    username = await person(house)
    await device(house, username, "laptop-1", trusted=True)
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(HOME))
        assert "Chrome · Windows" in shown.text
        assert "信任到" in shown.text
        form = next(form for form in shown.forms if form.action.endswith("/forget"))
        shown = page(await someone.submit(form))
        assert "设备已移除" in shown.text
        assert "还没有记住的设备" in shown.text
    who = await account_id(house, username)
    assert not await house.worker.devices.is_trusted(who, "laptop-1")
    assert "device.forgotten" in await audit_of(house, account_id=who)


async def test_another_person_s_device_is_not_forgotten(house: Provider) -> None:
    victim = await person(house)
    await device(house, victim, "laptop-2", trusted=True)
    async with signed_in(house) as someone:
        data = {"csrf": await csrf_of(someone), "id": "laptop-2"}
        assert (await someone.client.post(f"{HOME}/forget", data=data)).headers["location"].endswith("none")
    assert await house.worker.devices.is_trusted(await account_id(house, victim), "laptop-2")


@pytest.mark.parametrize("path", ["end", "end-others", "forget"])
async def test_a_forged_form_ends_nothing(house: Provider, path: str) -> None:
    username = await person(house)
    async with signed_in(house, username) as here, signed_in(house, username) as there:
        await here.open("/")  # whose cookie every form needs
        for session_id in await ids(house, username):
            data = {"csrf": "0" * 64, "id": session_id}
            assert (await here.client.post(f"{HOME}/{path}", data=data)).status_code == 400
        assert await is_in(there)


@pytest.mark.parametrize("path", ["end", "end-others", "forget"])
async def test_an_ended_session_ends_nothing_more(house: Provider, path: str) -> None:
    username = await person(house)
    async with signed_in(house, username) as here, signed_in(house, username) as there:
        csrf = await csrf_of(here)
        for session_id in await ids(house, username):
            if not await is_in(here):
                break
            await house.worker.sessions.end(session_id, Caller(ADDRESS), "logout")
        answer = await here.client.post(f"{HOME}/{path}", data={"csrf": csrf, "id": "x"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
        assert there is not None


async def test_who_is_not_logged_in_is_asked_to(house: Provider) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open(HOME)).form_with("password") is not None


@pytest.mark.parametrize("ticked", [True, False])
async def test_what_systems_may_do_offline_ends_with_all_logins_where_that_is_ticked(
    house: Provider, ticked: bool
) -> None:
    username = await person(house)
    client, secret = await house.register(scope="openid offline_access", grant_types=GRANTS)
    async with signed_in(house, username) as here, signed_in(house, username) as there:
        made = await tokens(house, client, secret, there, scope="openid offline_access")
        [form] = [each for each in page(await here.open(HOME)).forms if each.action.endswith("/end-others")]
        fields = {name: value for name, value in form.fields.items() if name != "apps"}
        fields |= {"apps": "1"} if ticked else {}
        answer = await here.client.post("/me/sessions/end-others", data=fields)
        assert answer.status_code == 303
    again = await refresh(house, client, secret, made["refresh_token"])
    assert (again.status_code, again.json().get("error")) == (
        (400, "invalid_grant") if ticked else (200, None)
    )
    events = await audit_of(house, account_id=await account_id(house, username))
    assert ("consent.withdrawn" in events) is ticked


async def test_devices_that_nobody_has_used_for_the_retention_are_forgotten(
    migrated_url: str, tmp_path: Path
) -> None:
    async with provider(tmp_path, database_url=migrated_url) as any_house:
        username, now = await person(any_house), any_house.clock.now
        who, store = await account_id(any_house, username), DeviceStore()
        for number, seen in enumerate((1.0, 2.0, now - 100.0, *(float(3 + more) for more in range(250)))):
            login = partial(store.seen, f"d{number}", who, CHROME, "203.0.113.1", seen)
            await any_house.worker.base.database.write(login)
        assert await any_house.worker.devices.purge(now - any_house.worker.settings.retention) == 252
        assert [row.id for row in await any_house.worker.devices.of_account(who)] == ["d2"]
