"""Every act of two people, begun by the first of them."""

from collections.abc import Awaitable, Callable

from sqlalchemy import LargeBinary, Text, bindparam, update

from idp.accounts.merges.service import OTHER, Plan
from idp.accounts.store import accounts
from idp.counter.model import CounterClaim, RequestKind
from idp.infrastructure.database import Statement, Transaction
from tests.counter.asking import asked, conflict, family
from tests.counter.conftest import NUMBER, Hall

WITH_CERTIFICATE = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id", type_=Text))
    .values(certificate_index=bindparam("the_index", type_=LargeBinary))
)
CLAIM = CounterClaim("张三", "111", NUMBER, "13800000009")


async def verify(hall: Hall) -> list[str]:
    await hall.house.worker.counter.ask(RequestKind.VERIFY, hall.id("zhangsan"), hall.id("sunqi"), CLAIM)
    return [hall.id("zhangsan")]


async def recover(hall: Hall) -> list[str]:
    await hall.house.worker.counter.ask(RequestKind.RECOVER, hall.id("zhangsan"), hall.id("sunqi"), CLAIM)
    return [hall.id("zhangsan")]


async def guardian(hall: Hall) -> list[str]:
    child, parent = await family(hall)
    await asked(hall, child, parent, "sunqi")
    return [child, parent]


async def merge(hall: Hall) -> list[str]:
    plan = Plan(hall.id("wangwu"), hall.id("zhangsan"), {"name": OTHER})
    await hall.house.worker.account_requests.merge(plan, "同一人", hall.id("sunqi"))
    return [hall.id("zhangsan"), hall.id("wangwu")]


async def unmerge(hall: Hall) -> list[str]:
    plan = Plan(hall.id("wangwu"), hall.id("zhangsan"), {})
    merge_id = await hall.house.worker.merges.merge(plan, "同一人", "test")
    to = hall.house.worker.account_requests
    await to.unmerge(merge_id, hall.id("zhangsan"), "不是同一人", hall.id("sunqi"))
    return [hall.id("zhangsan"), hall.id("wangwu")]


async def link(hall: Hall) -> list[str]:
    reference = await conflict(hall)
    await hall.house.worker.account_requests.link(reference, hall.id("wangwu"), hall.id("sunqi"))
    return [hall.id("wangwu"), hall.id("zhangsan")]


async def changed(hall: Hall, kind: RequestKind) -> list[str]:
    to = hall.house.worker.account_requests
    await to.change(kind, hall.id("zhangsan"), "查清", hall.id("sunqi"))
    return [hall.id("zhangsan")]


async def thaw(hall: Hall) -> list[str]:
    await hall.house.worker.lifecycle.freeze(hall.id("zhangsan"), "盗用", "test")
    return await changed(hall, RequestKind.THAW)


async def revive(hall: Hall) -> list[str]:
    await hall.house.worker.lifecycle.deceased(hall.id("zhangsan"), "证明", "test")
    return await changed(hall, RequestKind.REVIVE)


def change(kind: RequestKind) -> Callable[[Hall], Awaitable[list[str]]]:
    return lambda hall: changed(hall, kind)


BEGIN: dict[RequestKind, Callable[[Hall], Awaitable[list[str]]]] = {
    RequestKind.VERIFY: verify,
    RequestKind.RECOVER: recover,
    RequestKind.GUARDIAN: guardian,
    RequestKind.MERGE: merge,
    RequestKind.UNMERGE: unmerge,
    RequestKind.LINK: link,
    RequestKind.THAW: thaw,
    RequestKind.REVIVE: revive,
    RequestKind.RELEASE: change(RequestKind.RELEASE),
    RequestKind.DECEASED: change(RequestKind.DECEASED),
    RequestKind.FREEZE: change(RequestKind.FREEZE),
    RequestKind.SECURE: change(RequestKind.SECURE),
}
"""Has sunqi, a supervisor, begin it; whom it is about or whom it profits."""


async def certified(hall: Hall, account_id: str, index: bytes = b"one person") -> None:
    """Give an account a certificate by its keyed hash, as if it had been proved."""

    def work() -> Transaction[None]:
        yield WITH_CERTIFICATE(the_id=account_id, the_index=index)

    await hall.house.worker.base.database.write(work)
