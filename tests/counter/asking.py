"""What staff ask for at the counter, as far as the second of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from idp.counter.model import Papers
from idp.federation.linking.outcomes import ArrivalRefused
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Browserless
from tests.support.platforms import arrival
from tests.support.visits import account_id, person, signed_in

CHILD = "410411201506010010"
SIBLING = "410411201606010034"
PARENT = "13800000002"
NEW_PHONE = "13800000009"


@asynccontextmanager
async def at_work(hall: Hall, username: str = "zhaoliu") -> AsyncIterator[Browserless]:
    """The browser of a member of staff."""
    async with signed_in(hall.house, username, STRONG) as someone:
        yield someone


async def conflict(hall: Hall, name: str = "张三丰") -> str:
    """Somebody comes with zhangsan's certificate and another name; what they are told."""
    came = await hall.house.worker.federation.linking.enter(arrival(name=name, number=NUMBER), "192.0.2.9")
    assert isinstance(came, ArrivalRefused)
    return came.reference


async def family(hall: Hall) -> tuple[str, str]:
    """A child with an account, and lisi, who is of age; their ids."""
    child = {"certificate_type": "111", "certificate_number": CHILD, "level": 1}
    await person(hall.house, username="child", name="赵小宝", **child)
    await person(hall.house, username="claimed", **(child | {"certificate_number": SIBLING, "level": 0}))
    parent = {"certificate_type": "414", "certificate_number": "E00000001"}
    await person(hall.house, username="lisi", name="李四", phone=PARENT, phone_verified=True, **parent)
    return await account_id(hall.house, "child"), await account_id(hall.house, "lisi")


async def asked(hall: Hall, child: str, guardian: str, by: str = "zhaoliu") -> str:
    """A request; its id."""
    counter = hall.house.worker.counter
    await counter.ask_guardian(child, guardian, Papers.BIRTH_CERTIFICATE, hall.id(by))
    return (await counter.open_requests())[-1].id


async def phone_changed(hall: Hall) -> None:
    """In a session of the owner's, or of whoever has stolen it."""
    row = await hall.house.worker.counter.account(hall.id("zhangsan"))
    assert row is not None
    assert await hall.house.worker.phones.change(row, NEW_PHONE, "192.0.2.1", proven=row.security_version)
