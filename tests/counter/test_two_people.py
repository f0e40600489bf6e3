"""What gives power needs two members of staff: nobody can be both, and nothing happens twice, on both databases."""

import asyncio

import pytest
from sqlalchemy import LargeBinary, Text, bindparam, update

from idp.accounts.model import Account
from idp.accounts.store import CERTIFICATE, AccountStore, accounts
from idp.accounts.store import PHONE as PHONE_PLACE
from idp.counter.model import (
    RECOVERY_WAIT_SECONDS,
    REQUEST_SECONDS,
    CounterClaim,
    CounterRefusal,
    RequestKind,
    RequestState,
)
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import Conflict
from idp.organizations.roles import RoleName
from tests.counter.conftest import NUMBER, PHONE, Hall
from tests.support.messages import messages_to
from tests.support.visits import account_id, page, person, signed_in, sql

pytestmark = pytest.mark.anyio

WITH_CERTIFICATE = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id", type_=Text))
    .values(certificate_index=bindparam("the_index", type_=LargeBinary))
)
CLAIM = CounterClaim("张三", "111", NUMBER)
NEW_PHONE = "13800000009"


async def begun(
    hall: Hall, kind: RequestKind = RequestKind.VERIFY, claim: CounterClaim = CLAIM, by: str = "zhaoliu"
) -> str:
    """A request; its id."""
    await hall.house.worker.counter.ask(kind, hall.id("zhangsan"), hall.id(by), claim)
    return (await hall.house.worker.counter.open_requests())[-1].id


async def account(hall: Hall, username: str = "zhangsan") -> Account:
    row = await hall.house.worker.counter.account(hall.id(username))
    assert row is not None
    return row


async def test_two_members_of_staff_verify_a_person(any_hall: Hall) -> None:
    worker = any_hall.house.worker
    request = await begun(any_hall)
    assert (await account(any_hall)).real_name_level == 2
    assert await worker.counter.confirm(request, any_hall.id("sunqi")) is RequestState.CONFIRMED
    assert (await account(any_hall)).real_name_level == 4
    assert await worker.counter.open_requests() == []
    lines = [line for line in await any_hall.house.audit_lines() if line["event"].startswith("counter.")]
    actors = {line["event"]: line["actor"] for line in lines}
    assert actors == {"counter.requested": any_hall.id("zhaoliu"), "counter.confirmed": any_hall.id("sunqi")}
    assert NUMBER not in str(await any_hall.house.audit_lines())


async def test_nobody_confirms_what_they_began(any_hall: Hall) -> None:
    request = await begun(any_hall)
    outcomes = await asyncio.gather(
        *[any_hall.house.worker.counter.confirm(request, any_hall.id("zhaoliu")) for _ in range(20)],
        return_exceptions=True,
    )
    assert all(isinstance(outcome, CounterRefusal) for outcome in outcomes)
    assert (await account(any_hall)).real_name_level == 2
    assert "counter.confirmed" not in await any_hall.house.audit_events()


async def test_of_many_who_confirm_one_does(any_hall: Hall) -> None:
    request = await begun(any_hall)
    outcomes = await asyncio.gather(
        *[
            any_hall.house.worker.counter.confirm(request, any_hall.id(name))
            for name in ("sunqi", "zhouba", "sunqi", "zhouba", "sunqi", "zhouba")
        ],
        return_exceptions=True,
    )
    assert outcomes.count(RequestState.CONFIRMED) == 1, outcomes
    events = await any_hall.house.audit_events()
    assert events.count("counter.confirmed") == events.count("real_name.raised") == 1


async def test_a_confirmation_and_a_refusal_never_both_win(any_hall: Hall) -> None:
    request = await begun(any_hall)
    counter = any_hall.house.worker.counter
    outcomes = await asyncio.gather(
        counter.refuse(request, any_hall.id("zhaoliu")),
        counter.confirm(request, any_hall.id("sunqi")),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, CounterRefusal) for outcome in outcomes) == 1, outcomes


async def test_nobody_without_the_office_and_no_applicant_confirms(any_hall: Hall) -> None:
    worker = any_hall.house.worker
    request = await begun(any_hall)
    await worker.roles.withdraw(any_hall.id("zhouba"), RoleName.COUNTER, "410411", "test")
    await worker.roles.grant(any_hall.id("zhangsan"), RoleName.COUNTER, "410411", "test")
    for name in ("zhouba", "wangwu", "zhangsan"):
        with pytest.raises(CounterRefusal):
            await worker.counter.confirm(request, any_hall.id(name))
    with pytest.raises(CounterRefusal, match="own-account"):
        await worker.counter.ask(RequestKind.VERIFY, any_hall.id("zhaoliu"), any_hall.id("zhaoliu"), CLAIM)


@pytest.mark.parametrize("pair", [("zhangsan", "sunqi"), ("zhangsan", "zhaoliu"), ("zhaoliu", "sunqi")])
async def test_nobody_confirms_who_has_the_certificate_of_whom_it_is_about_or_of_who_began(
    any_hall: Hall, pair: tuple[str, str]
) -> None:
    counter = any_hall.house.worker.counter
    request = await begun(any_hall)
    await one_certificate(any_hall, *pair)
    with pytest.raises(CounterRefusal, match="not-yours-to-confirm"):
        await counter.confirm(request, any_hall.id("sunqi"))
    assert (await account(any_hall)).real_name_level == 2
    if pair == ("zhangsan", "sunqi"):
        with pytest.raises(CounterRefusal, match="decided"):
            await counter.refuse(request, any_hall.id("sunqi"))
        await counter.confirm(request, any_hall.id("zhouba"))


async def one_certificate(hall: Hall, *usernames: str) -> None:
    """Accounts of one person, as the record has it."""
    index = hall.house.worker.base.vault.blind_index(CERTIFICATE, NUMBER)
    for username in usernames:
        await hall.house.worker.base.database.write(
            lambda who=username: _certified(hall.id(who), index)  # type: ignore[misc]
        )


def _certified(account_id: str, index: bytes) -> Transaction[None]:
    yield WITH_CERTIFICATE(the_id=account_id, the_index=index)


async def leave(hall: Hall, username: str, how: str) -> None:
    """Somebody's time in office ends."""
    if how == "frozen":
        await hall.house.worker.lifecycle.freeze(hall.id(username), "调查", "test")
    else:
        await hall.house.worker.roles.withdraw(hall.id(username), RoleName.COUNTER, "410411", "test")


@pytest.mark.parametrize("how", ["withdrawn", "frozen"])
async def test_what_somebody_began_who_is_not_in_office_any_more_is_not_confirmed(
    any_hall: Hall, how: str
) -> None:
    request = await begun(any_hall)
    await leave(any_hall, "zhaoliu", how)
    with pytest.raises(CounterRefusal):
        await any_hall.house.worker.counter.confirm(request, any_hall.id("sunqi"))
    assert (await account(any_hall)).real_name_level == 2


@pytest.mark.parametrize("how", ["withdrawn", "frozen"])
@pytest.mark.parametrize("who", ["zhaoliu", "zhouba"])
async def test_a_recovery_that_waits_is_given_up_when_one_of_the_two_leaves(
    any_hall: Hall, who: str, how: str
) -> None:
    house = any_hall.house
    request = await begun(any_hall, RequestKind.RECOVER, CounterClaim("张三", "111", NUMBER, NEW_PHONE))
    await house.worker.counter.confirm(request, any_hall.id("zhouba"))
    await leave(any_hall, who, how)
    house.clock.forward(RECOVERY_WAIT_SECONDS)
    assert await house.worker.counter.recover_due() == 0
    assert (await account(any_hall)).password_hash != ""
    assert "counter.refused" in await house.audit_events()
    assert await house.worker.counter.open_requests() == []


async def test_a_request_is_good_for_a_day(any_hall: Hall) -> None:
    request = await begun(any_hall)
    any_hall.house.clock.forward(REQUEST_SECONDS)
    with pytest.raises(CounterRefusal):
        await any_hall.house.worker.counter.confirm(request, any_hall.id("sunqi"))
    assert await any_hall.house.worker.counter.open_requests() == []


async def test_another_certificate_than_the_known_one_is_not_verified(any_hall: Hall) -> None:
    with pytest.raises(CounterRefusal, match="other-certificate"):
        await begun(any_hall, claim=CounterClaim("张三", "414", "E00000001"))


async def test_a_supervisor_recovers_an_account_at_once(any_hall: Hall) -> None:
    house = any_hall.house
    await house.enrol_totp("zhangsan")
    async with signed_in(house, "zhangsan") as thief:
        request = await begun(any_hall, RequestKind.RECOVER, CounterClaim("张三", "111", NUMBER, NEW_PHONE))
        assert await house.worker.counter.confirm(request, any_hall.id("sunqi")) is RequestState.CONFIRMED
        assert "张三" not in page(await thief.open("/")).text
    row = await account(any_hall)
    store = AccountStore(house.worker.base.vault)
    assert (row.password_hash, store.reveal(PHONE_PLACE, row.phone)) == ("", NEW_PHONE)
    assert row.phone_verified_at == house.clock.now
    assert "recovery.completed" in await house.audit_events()
    assert NEW_PHONE not in str(await house.audit_lines())


async def test_without_a_supervisor_a_recovery_waits_a_day(any_hall: Hall) -> None:
    house = any_hall.house
    request = await begun(any_hall, RequestKind.RECOVER, CounterClaim("张三", "111", NUMBER, NEW_PHONE))
    assert await house.worker.counter.confirm(request, any_hall.id("zhouba")) is RequestState.WAITING
    assert (await account(any_hall)).password_hash != ""
    house.clock.forward(RECOVERY_WAIT_SECONDS - 1)
    assert await house.worker.counter.recover_due() == 0
    house.clock.forward(1)
    done = await asyncio.gather(*[house.worker.counter.recover_due() for _ in range(5)])
    assert sum(done) == 1
    assert (await account(any_hall)).password_hash == ""
    assert (await house.audit_events()).count("recovery.completed") == 1


@pytest.mark.parametrize("who", ["owner", "staff"])
async def test_a_recovery_that_waits_can_be_stopped(any_hall: Hall, who: str) -> None:
    house = any_hall.house
    request = await begun(any_hall, RequestKind.RECOVER, CounterClaim("张三", "111", NUMBER, NEW_PHONE))
    await house.worker.counter.confirm(request, any_hall.id("zhouba"))
    if who == "owner":
        assert await house.worker.counter.objected(any_hall.id("zhangsan"))
        assert not await house.worker.counter.objected(any_hall.id("zhangsan"))
    else:
        await house.worker.counter.refuse(request, any_hall.id("sunqi"))
    house.clock.forward(2 * RECOVERY_WAIT_SECONDS)
    assert await house.worker.counter.recover_due() == 0
    assert (await account(any_hall)).password_hash != ""


async def test_who_was_never_verified_is_not_recovered_and_no_phone_of_others_is_taken(
    any_hall: Hall,
) -> None:
    counter = any_hall.house.worker.counter
    with pytest.raises(CounterRefusal, match="never-verified"):
        await counter.ask(RequestKind.RECOVER, any_hall.id("wangwu"), any_hall.id("zhaoliu"), CLAIM)
    with pytest.raises(CounterRefusal, match="phone-taken"):
        await counter.ask(
            RequestKind.VERIFY,
            any_hall.id("wangwu"),
            any_hall.id("zhaoliu"),
            CounterClaim("王五", "414", "E00000001", PHONE),
        )


async def test_the_claim_is_sealed_while_it_waits_and_wiped_when_decided(hall: Hall) -> None:
    request = await begun(hall)
    content = (await sql(hall.house, "select content from counter_requests"))[0]["content"]
    assert NUMBER.encode() not in content
    assert "张三".encode() not in content
    await hall.house.worker.counter.confirm(request, hall.id("sunqi"))
    assert (await sql(hall.house, "select content from counter_requests"))[0]["content"] == b""


async def test_an_open_request_stands_against_a_cancellation(any_hall: Hall) -> None:
    worker = any_hall.house.worker
    await begun(any_hall)
    assert [item.value for item in await worker.lifecycle.obstacles(any_hall.id("zhangsan"))] == ["counter"]


async def test_what_is_hindered_waits_on_as_it_did(hall: Hall) -> None:
    request = await begun(hall, RequestKind.RECOVER, CounterClaim("张三", "111", NUMBER, NEW_PHONE))
    before = [tuple(row) for row in await sql(hall.house, "select * from counter_requests")]
    await hall.house.worker.lifecycle.freeze(hall.id("zhangsan"), "盗用", "test")
    with pytest.raises(CounterRefusal, match="closed"):
        await hall.house.worker.counter.confirm(request, hall.id("sunqi"))
    assert [tuple(row) for row in await sql(hall.house, "select * from counter_requests")] == before
    assert "counter.confirmed" not in await hall.house.audit_events()
    await hall.house.worker.lifecycle.thaw(hall.id("zhangsan"), "核实", "test")
    assert await hall.house.worker.counter.confirm(request, hall.id("sunqi")) is RequestState.CONFIRMED


async def test_the_old_phone_is_told_of_a_recovery_that_brings_another(hall: Hall) -> None:
    await sql(
        hall.house, "update accounts set phone_verified_at = created_at where id = ?", hall.id("zhangsan")
    )
    request = await begun(hall, RequestKind.RECOVER, CounterClaim("张三", "111", NUMBER, NEW_PHONE))
    await hall.house.worker.counter.confirm(request, hall.id("sunqi"))
    for phone in (PHONE, NEW_PHONE):
        assert "已在窗口找回" in (await messages_to(hall.house, phone))[-1]


async def test_two_who_verify_one_certificate_at_once_are_told_so(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_given: object, **_named: object) -> Transaction[int]:
        yield from ()
        raise Conflict("uq_accounts_verified_certificate")

    request = await begun(hall)
    monkeypatch.setattr(hall.house.worker.real_names, "record", taken)
    with pytest.raises(CounterRefusal, match="already-verified"):
        await hall.house.worker.counter.confirm(request, hall.id("sunqi"))


async def test_a_recovery_that_cannot_take_effect_is_given_up_and_stops_no_other(hall: Hall) -> None:
    counter = hall.house.worker.counter
    first = await begun(hall, RequestKind.RECOVER, CounterClaim("张三", "111", NUMBER, NEW_PHONE))
    await counter.confirm(first, hall.id("zhouba"))
    await hall.house.worker.lifecycle.freeze(hall.id("zhangsan"), "盗用", "test")
    hall.house.clock.forward(RECOVERY_WAIT_SECONDS)
    assert await counter.recover_due() == 0
    assert (await sql(hall.house, "select state from counter_requests"))[0]["state"] == RequestState.REFUSED
    assert "recovery.completed" not in await hall.house.audit_events()
    assert (await account(hall)).password_hash != ""


@pytest.mark.parametrize("error", [Conflict("phone"), None])
async def test_whatever_stands_against_one_recovery_the_next_takes_effect(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    counter, done = hall.house.worker.counter, hall.house.worker.counter._approved._reset.done
    other = {"certificate_type": "553", "certificate_number": "910411199001010013"}
    lisi = await account_id(hall.house, await person(hall.house, name="李四", **other))
    for id_, claim in (
        (hall.id("zhangsan"), CounterClaim("张三", "111", NUMBER, NEW_PHONE)),
        (lisi, CounterClaim("李四", "553", "910411199001010013", "13800000008")),
    ):
        await counter.ask(RequestKind.RECOVER, id_, hall.id("zhaoliu"), claim)
        request = (await counter.open_requests())[-1].id
        await counter.confirm(request, hall.id("zhouba"))

    def broken(account_id: str, phone: str | None) -> Transaction[Account | None]:
        if phone == NEW_PHONE:
            if error is not None:
                raise error
            return None  # the account is closed
        return (yield from done(account_id, phone))

    monkeypatch.setattr(counter._approved._reset, "done", broken)
    hall.house.clock.forward(RECOVERY_WAIT_SECONDS)
    assert await counter.recover_due() == 1
    states = await sql(hall.house, "select state from counter_requests order by state")
    assert [row["state"] for row in states] == ["confirmed", "refused"]
