"""Every act of two by everybody who might confirm it, through the pages, on both databases.

A kind of request that is missing here fails a test.
"""

import pytest
from sqlalchemy import select

from idp.accounts.store import CERTIFICATE, accounts
from idp.counter.model import SUPERVISED, CounterRefusal, RequestKind
from idp.counter.store import counter_concerned, counter_requests
from idp.infrastructure.database import Row, Statement
from idp.infrastructure.database.interface import fetch
from idp.organizations.roles import RoleName
from tests.counter.asking import asked, family
from tests.counter.beginning import BEGIN, certified
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Form
from tests.support.visits import page, signed_in

pytestmark = pytest.mark.anyio

REQUESTS, CONCERNED = Statement(select(counter_requests)), Statement(select(counter_concerned))


POSITIONS = (
    "began",
    "began-certificate",
    "first-side",
    "second-side",
    "named",
    "not-in-office",
    "began-left",
)


def test_every_kind_is_tried() -> None:
    assert set(BEGIN) == set(RequestKind)


async def rows(hall: Hall, statement: Statement = REQUESTS) -> list[Row]:
    return list(await hall.house.worker.base.database.read(fetch(statement())))


async def confirm(hall: Hall, username: str) -> int:
    """By the page of the queue; the status."""
    async with signed_in(hall.house, username, STRONG) as someone:
        shown = page(await someone.open("/counter/queue"))
        if shown.status != 200:
            return shown.status
        form = shown.form_with("decision")
        assert form is not None
        [row] = await rows(hall)
        tick = (
            {"name_differs": "1"} if RequestKind(row["kind"]) in (RequestKind.MERGE, RequestKind.LINK) else {}
        )
        sent = Form(form.action, "POST", form.fields | {"request": row["id"]} | tick)
        return page(await someone.submit(sent, decision="confirm")).status


async def put(hall: Hall, position: str, sides: list[str]) -> str:
    """Put somebody into a position; who that is."""
    if position == "began":
        return "sunqi"
    same = {"began-certificate": hall.id("sunqi"), "first-side": sides[0], "second-side": sides[-1]}
    if position in same:
        await certified(hall, same[position])
        await certified(hall, hall.id("zhouba"))
    if position == "named":  # whose certificate was shown, or named by the platform
        index = hall.house.worker.base.vault.blind_index(CERTIFICATE, NUMBER)
        await certified(hall, hall.id("zhouba"), index)
        await certified(hall, hall.id("zhangsan"), index)
    leaves = {"not-in-office": "zhouba", "began-left": "sunqi"}.get(position)
    if leaves:
        await hall.house.worker.roles.withdraw(hall.id(leaves), RoleName.COUNTER, "410411", "test")
    return "zhouba"


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("kind", RequestKind)
async def test_nobody_confirms_whom_it_concerns_who_began_it_or_who_is_not_in_office(
    any_hall: Hall, kind: RequestKind, position: str
) -> None:
    sides = await BEGIN[kind](any_hall)
    if position == "named" and kind is RequestKind.GUARDIAN:
        position = "second-side"  # the certificates of both are on their accounts
    who = await put(any_hall, position, sides)
    before = {row["id"]: row["state"] for row in await any_hall.house.worker.base.database.read(
        fetch(ACCOUNTS())
    )}  # fmt: skip
    assert await confirm(any_hall, who) in (403, 409)
    assert [row["state"] for row in await rows(any_hall)] == ["pending"]
    after = await any_hall.house.worker.base.database.read(fetch(ACCOUNTS()))
    assert {row["id"]: row["state"] for row in after} == before
    assert "counter.confirmed" not in await any_hall.house.audit_events()


ACCOUNTS = Statement(select(accounts.c.id, accounts.c.state))


@pytest.mark.parametrize("kind", RequestKind)
async def test_another_whom_it_does_not_concern_confirms_and_nothing_is_kept(
    any_hall: Hall, kind: RequestKind
) -> None:
    await BEGIN[kind](any_hall)
    assert await confirm(any_hall, "zhouba") == 200
    [request] = await rows(any_hall)
    if kind is not RequestKind.RECOVER:  # which waits for a day
        assert (request["state"], request["content"]) == ("confirmed", b"")
        assert await rows(any_hall, CONCERNED) == []


@pytest.mark.parametrize("kind", sorted(SUPERVISED))
async def test_two_of_whom_none_is_a_supervisor_do_not_suffice(any_hall: Hall, kind: RequestKind) -> None:
    await BEGIN[kind](any_hall)
    await any_hall.house.worker.roles.withdraw(any_hall.id("sunqi"), RoleName.SUPERVISOR, "410411", "test")
    assert await confirm(any_hall, "zhouba") == 409
    await any_hall.house.worker.roles.grant(any_hall.id("zhouba"), RoleName.SUPERVISOR, "410411", "test")
    assert await confirm(any_hall, "zhouba") == 200


@pytest.mark.parametrize("kind", RequestKind)
async def test_nobody_begins_what_concerns_them(any_hall: Hall, kind: RequestKind) -> None:
    index = any_hall.house.worker.base.vault.blind_index(CERTIFICATE, NUMBER)
    if kind is RequestKind.GUARDIAN:
        _child, parent = await family(any_hall)
        [row] = [row for row in await any_hall.house.worker.base.database.read(fetch(CERTIFICATES()))
                 if row["id"] == parent]  # fmt: skip
        index = row["certificate_index"]
        begin = asked(any_hall, _child, parent, "sunqi")
    else:
        begin = BEGIN[kind](any_hall)  # type: ignore[assignment]
    await certified(any_hall, any_hall.id("sunqi"), index)
    with pytest.raises(CounterRefusal, match="own-account"):
        await begin
    assert await rows(any_hall) == []


CERTIFICATES = Statement(select(accounts.c.id, accounts.c.certificate_index))
