"""A proof counts for the account as it was: what protects it changes before the session begins, and none begins.

Every way in meets every change, at the last moment there is; and passwords meet in earnest, in parallel.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from idp.accounts.service import Accounts
from idp.organizations.model import Principal
from idp.sessions.service import Caller, CannotRepresent
from tests.authentication.protecting import CHANGES, ELSEWHERE, Change, Subject, nothing, subject
from tests.federation.trial import Platform, back, federated, sent
from tests.support import raw_sql
from tests.support.browserless import Browserless
from tests.support.inprocess import PASSWORD, Provider
from tests.support.logins import answered, asked_for_more, at, attempt, log_out, otp_form
from tests.support.mandates import mandate
from tests.support.passkey_forms import authenticator, made, used
from tests.support.phone_login import proved
from tests.support.qr_login import begin as begin_qr
from tests.support.qr_login import decide, go_on, scan
from tests.support.visits import ADDRESS, SESSION_COOKIE, page, signed_in, visitor

pytestmark = pytest.mark.anyio

ROUNDS = 12


@dataclass
class Stage:
    """A provider, a platform above it, and where its rows can be seen."""

    house: Provider
    platform: Platform
    url: str

    async def sessions(self, account: str) -> set[tuple[str, ...]]:
        """Every session of an account, and how strong it is, but for those of the owner elsewhere."""
        query = (
            f"SELECT id, amr, coalesce(mandate_id, '') AS mandate FROM sessions "  # noqa: S608
            f"WHERE account_id = '{account}' AND address <> '{ELSEWHERE}'"
        )
        rows = await asyncio.to_thread(raw_sql.rows, self.url, query)
        return {(row["id"], row["amr"], row["mandate"]) for row in rows}


@pytest.fixture
async def stage(migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database."""
    options: dict[str, Any] = {"message_sink": True, "sms_per_address": 10_000}
    async with federated(tmp_path, database_url=migrated_url, **options) as (house, platform):
        yield Stage(house, platform, migrated_url)


Step = Callable[[], Awaitable[object]]


async def by_password(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    someone = await place.enter_async_context(visitor(stage.house))
    return lambda: attempt(someone, one.username)


async def by_second_factor(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    totp = pyotp.TOTP(await stage.house.enrol_totp(one.username))
    stage.house.clock.forward(60)
    someone = await place.enter_async_context(visitor(stage.house))
    await attempt(someone, one.username)
    form = await otp_form(someone)
    data = {**form.fields, "otp": at(stage.house, totp), "trust": "yes"}
    return lambda: someone.client.post("/login/otp", data=data)


async def by_trusted_device(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    totp = pyotp.TOTP(await stage.house.enrol_totp(one.username))
    stage.house.clock.forward(60)
    someone = await place.enter_async_context(visitor(stage.house))
    await attempt(someone, one.username)
    await answered(stage.house, someone, totp, trust="yes")
    await log_out(someone)
    stage.house.clock.forward(60)
    return lambda: attempt(someone, one.username)


async def by_passkey(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    key = authenticator()
    async with signed_in(stage.house, one.username) as owner:
        assert (await made(owner, key, label="我的手机")).status_code == 303
    someone = await place.enter_async_context(visitor(stage.house))
    return lambda: used(someone, key)


async def by_sms(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    someone = await place.enter_async_context(visitor(stage.house))
    form = (await proved(stage.house, someone, one.phone)).form_with("decision")
    assert form is not None
    return lambda: someone.submit(form, decision="enter")


async def by_picture(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    computer = await place.enter_async_context(visitor(stage.house))
    phone = await place.enter_async_context(signed_in(stage.house, one.username))
    qr_id, number = await begin_qr(computer)
    await decide(phone, await scan(phone, qr_id), str(number))
    return lambda: go_on(computer)


async def by_platform(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    who = {"id": one.id, "name": "张三", "type": "414", "number": one.certificate_number, "level": "3"}
    someone = await place.enter_async_context(visitor(stage.house))
    await someone.open(back(await sent(someone), stage.platform.ticket(who)))
    await log_out(someone)
    address = back(await sent(someone), stage.platform.ticket(who))
    return lambda: someone.open(address)


async def step_up(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    totp = pyotp.TOTP(await stage.house.enrol_totp(one.username))
    stage.house.clock.forward(60)
    someone = await place.enter_async_context(signed_in(stage.house, one.username))
    await someone.open("/me/security/totp")
    form = await otp_form(someone)
    data = {**form.fields, "otp": at(stage.house, totp)}
    return lambda: someone.client.post("/login/otp", data=data)


async def knowledge(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    someone = await place.enter_async_context(signed_in(stage.house, one.username, ("sms",)))
    form = (await asked_for_more(someone, "/me/security/password")).form_with("certificate_number")
    assert form is not None
    return lambda: someone.submit(form, name="张三", certificate_number=one.certificate_number)


async def representing(stage: Stage, one: Subject, place: AsyncExitStack) -> Step:
    principal: Principal = await mandate(stage.house, one.id)
    someone = await place.enter_async_context(signed_in(stage.house, one.username))
    sessions = stage.house.worker.sessions
    session = await sessions.find(someone.client.cookies.get(SESSION_COOKIE))
    assert session is not None

    async def act() -> None:
        try:
            await sessions.represent(session, principal, Caller(ADDRESS))
        except CannotRepresent:
            return

    return act


WAYS = (
    by_password,
    by_second_factor,
    by_trusted_device,
    by_passkey,
    by_sms,
    by_picture,
    by_platform,
    step_up,
    knowledge,
    representing,
)


@asynccontextmanager
async def at_the_last_moment(house: Provider, change: Change, one: Subject) -> AsyncIterator[None]:
    """Whatever was proved has been judged, and the session is about to begin, when the change is made."""
    sessions, done = house.worker.sessions, False
    originals = {name: getattr(sessions, name) for name in ("begin", "strengthen", "represent")}

    def late(name: str) -> Callable[..., Awaitable[Any]]:
        async def instead(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            if not done:
                done = True
                await change(one)
            return await originals[name](*arguments, **named)

        return instead

    for name in originals:
        setattr(sessions, name, late(name))
    try:
        yield
    finally:
        for name in originals:
            delattr(sessions, name)
    assert done, "nobody has come so far"


async def comes_in(stage: Stage, way: Any, change: Change) -> bool:
    """Whether somebody comes in, or is stronger than before, by a way during whose last step a change is made."""
    one = await subject(stage.house)
    async with AsyncExitStack() as place:
        step = await way(stage, one, place)
        before = await stage.sessions(one.id)
        async with at_the_last_moment(stage.house, change, one):
            await step()
        return not await stage.sessions(one.id) <= before


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_proved_before_a_change_lets_nobody_in_after_it(stage: Stage, way: Any) -> None:
    assert await comes_in(stage, way, nothing)
    slipped = [change.__name__ for change in CHANGES if await comes_in(stage, way, change)]
    assert slipped == []


async def test_the_page_says_what_has_happened_and_leads_to_the_login(stage: Stage) -> None:
    one = await subject(stage.house)
    async with visitor(stage.house) as someone:
        async with at_the_last_moment(stage.house, CHANGES[0], one):
            answer = await attempt(someone, one.username)
        assert answer.status_code == 409
        assert "请重新登录" in answer.text
        assert "/login?continue=" in answer.text
        assert SESSION_COOKIE not in someone.client.cookies
        assert (await attempt(someone, one.username, "another password 9")).status_code == 303


async def test_no_trust_is_given_to_a_device_behind_a_change(stage: Stage) -> None:
    one = await subject(stage.house)
    async with AsyncExitStack() as place:
        step = await by_second_factor(stage, one, place)
        async with at_the_last_moment(stage.house, CHANGES[0], one):
            await step()
    query = f"SELECT id FROM devices WHERE account_id = '{one.id}' AND trusted_until IS NOT NULL"  # noqa: S608
    assert await asyncio.to_thread(raw_sql.rows, stage.url, query) == []


async def test_in_earnest_no_login_survives_a_new_password(stage: Stage) -> None:
    """As it is in life: the hash takes its time, and both come when they come."""
    worker = stage.house.worker
    accounts = Accounts(worker.base, worker.hasher)
    left = 0
    for number in range(ROUNDS):
        one, new = await subject(stage.house), f"another password {number}"

        async def changed(one: Subject = one, new: str = new) -> None:
            ended = worker.sessions.ended
            await accounts.set_password(one.username, new, "test", lambda id_: ended(id_, "password set"))

        async with AsyncExitStack() as place:
            people: list[Browserless] = [
                await place.enter_async_context(visitor(stage.house)) for _ in range(3)
            ]
            logins = [attempt(someone, one.username, PASSWORD) for someone in people]
            await asyncio.gather(*logins[:2], changed(), logins[2])
        left += len(await worker.sessions.of_account(one.id))
    assert left == 0


async def test_a_phone_that_was_never_proved_is_proved_and_lets_in(stage: Stage) -> None:
    """Noting that it is proved is a change too, but the one that the login itself makes."""
    one = await subject(stage.house, phone_verified=False)
    async with visitor(stage.house) as someone:
        form = (await proved(stage.house, someone, one.phone)).form_with("password")
        assert form is not None
        page(await someone.submit(form, decision="enter", password=PASSWORD))
        assert SESSION_COOKIE in someone.client.cookies
