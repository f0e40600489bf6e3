"""What a thief of the disks reads: no certificate number and no phone, in the stores or in the logs, in any writing.

The day that is lived through here uses every road by which a person tells who they are. Afterwards the whole database
and the whole key-value store are read, with the logs of that day. `messages.jsonl` is left out: it stands for the
telephones of the people and exists in demonstrations and tests alone.
"""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from idp.authentication.phone.registration import TERMS_VERSION
from idp.organizations.roles import RoleName
from tests.authorities.world import World as Authorities
from tests.resilience.leaks import BACK_ENDS, dumped, found, sent
from tests.support import simulated
from tests.support.authorities import citizen
from tests.support.inprocess import PASSWORD, Provider
from tests.support.messages import last_code
from tests.support.platforms import Whole, opened
from tests.support.town import bind, invite
from tests.support.visits import (
    SESSION_COOKIE,
    account_id,
    form,
    page,
    person,
    signed_in,
    tokens,
    userinfo,
    visitor,
)

pytestmark = pytest.mark.anyio

STRONG = ("pwd", "otp", "mfa")
NEWCOMER, HELPED, LISI, UNKNOWN = "13800000091", "13800000092", "13800000093", "13800000094"
PHONES = (NEWCOMER, HELPED, LISI, UNKNOWN, "13800000001")
COUNTER_NUMBER, PASSPORT, CHANGED_NAME = "910411199001010013", "E00000001", "湛小河"


@pytest.fixture(params=BACK_ENDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of each combination that keeps anything."""
    database, key_value = request.param.split(" + ")
    url = f"sqlite:///{tmp_path / 'idp.sqlite3'}"
    if database == "postgresql":
        url = request.getfixturevalue("migrated_postgres_url")
    if key_value == "redis":
        key_value = request.getfixturevalue("redis_url")
    return {"database_url": url, "key_value_url": key_value}


@dataclass
class Day:
    """A provider with all platforms and authorities, and the numbers of whoever was made up for this day."""

    whole: Whole
    authorities: Authorities
    numbers: list[str] = field(default_factory=list)

    @property
    def house(self) -> Provider:
        """The provider."""
        return self.whole.house


@pytest.fixture
async def day(stores: dict[str, str], tmp_path: Path) -> AsyncIterator[Day]:
    """It has not begun."""
    access = {"url": simulated.URL, "app_id": simulated.APP_ID, "secret": simulated.SECRET}
    asked = {f"{name}_{part}": value for name in ("population", "licence") for part, value in access.items()}
    async with opened(tmp_path, message_sink=True, **asked, **stores) as whole:
        yield Day(whole, await simulated.connect(whole.house))


async def register(day: Day) -> None:
    """A newcomer by SMS, after a wrong code, who then proves who they are."""
    known = citizen(day.authorities, "欧阳春", 77, mobile=NEWCOMER)
    day.numbers.append(known.number)
    async with visitor(day.house) as someone:
        asked = await sent(someone, "/login/sms", "phone", phone=NEWCOMER)
        await someone.submit(form(asked, "code"), code="000000")
        details = page(await someone.submit(form(asked, "code"), code=await last_code(day.house, NEWCOMER)))
        await someone.submit(
            form(details, "new_password"), name="", new_password=PASSWORD, terms=TERMS_VERSION
        )
        facts = {"name": known.name, "certificate_type": "111", "certificate_number": known.number}
        wrong = {**facts, "certificate_number": COUNTER_NUMBER}
        await sent(someone, "/me/real-name/check", "certificate_number", **wrong)
        done = await sent(someone, "/me/real-name/check", "certificate_number", **facts)
        assert "欧阳" in done.text
        await sent(someone, "/me/profile/correction", "csrf", wanted="住址应为湛河区示例路 1 号")


async def guess(day: Day) -> None:
    """Somebody types numbers as usernames, and asks for what belongs to others."""
    async with visitor(day.house) as stranger:
        for name in (*PHONES, COUNTER_NUMBER, *day.numbers):
            await sent(stranger, "/login", "password", username=name, password="wrong password")
        asked = await sent(stranger, "/recover/password", "phone", phone=UNKNOWN)
        code = await last_code(day.house, UNKNOWN)
        details = page(await stranger.submit(form(asked, "code"), code=code))
        facts = {"name": "欧阳春", "certificate_number": COUNTER_NUMBER, "new_password": PASSWORD}
        await stranger.submit(form(details, "certificate_number"), **facts)
        await stranger.client.get("/login/sms", params={"phone": UNKNOWN})
        await stranger.client.post("/token", data={"username": LISI, "password": COUNTER_NUMBER})


async def represent(day: Day) -> None:
    """lisi binds a company and invites somebody by phone."""
    fields: dict[str, Any] = {
        "certificate_type": "414",
        "certificate_number": PASSPORT,
        "phone_verified": True,
    }
    await person(day.house, username="lisi", name="李四", phone=LISI, **fields)
    async with signed_in(day.house, "lisi") as lisi:
        assert (await bind(lisi)).status == 200
        own, *_ = await day.house.worker.organizations.of_account(await account_id(day.house, "lisi"))
        await invite(
            lisi, f"/me/organizations/invite?id={own.organization.id}", name="欧阳春", phone=NEWCOMER
        )


async def serve(day: Day) -> None:
    """Two members of staff register and verify somebody at the counter."""
    for username in ("zhaoliu", "sunqi"):
        staff = await account_id(day.house, await person(day.house, username=username))
        await day.house.worker.roles.grant(staff, RoleName.COUNTER, "410411", "test")
    facts = {
        "name": "陈港生",
        "certificate_type": "553",
        "certificate_number": COUNTER_NUMBER,
        "phone": HELPED,
    }
    async with signed_in(day.house, "zhaoliu", STRONG) as one, signed_in(day.house, "sunqi", STRONG) as two:
        asked = await sent(one, "/counter/register", "name", seen="1", **facts)
        await one.submit(form(asked, "code"), code=await last_code(day.house, HELPED))
        await sent(two, "/counter/queue", "decision", decision="confirm")
        await sent(two, "/counter/accounts", "identifier", identifier=COUNTER_NUMBER)


async def come_by_platforms(day: Day) -> None:
    """By the province, for a company too, and once with a name that does not fit."""
    for platform, who, kind in (("henan", "zhangsan", "person"), ("guangdong", "clerk@company", "legal")):
        async with visitor(day.house) as someone:
            await day.whole.came(someone, platform, who, kind)
            client, secret = await day.house.register(principal_kinds=["person", "legal_person"])
            assert SESSION_COOKIE in someone.client.cookies
            asked = "openid profile phone real_name offline_access"
            given = await tokens(day.house, client, secret, someone, scope=asked)
            assert (await userinfo(day.house, given["access_token"])).status_code == 200
    day.whole.told("henan", mode="500")
    async with visitor(day.house) as someone:
        await day.whole.came(someone, "henan", "zhangsan", "person")


async def test_neither_stores_nor_logs_hold_a_number_or_a_phone(
    day: Day, stores: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for live in (register, guess, represent, serve, come_by_platforms):
        await live(day)
    secrets = [*PHONES, COUNTER_NUMBER, PASSPORT, *day.numbers, "410411199001010015"]
    kept = list(dumped(stores))
    assert {place.partition(".")[0] for place, _ in kept} >= {
        "accounts",
        "audit_events",
        "mandates",
        "outbox",
    }
    assert [one for place, content in kept for one in found(secrets, place, content)] == []
    logs = "".join(capsys.readouterr()).encode()
    assert b"a platform did not let somebody in" in logs  # it is the logs that are read
    names = ["张三", "李四", "欧阳春", "陈港生"]
    assert found([*secrets, *names], "the logs", logs) == []
    assert [
        one for place, content in kept if place.startswith("redis") for one in found(names, place, content)
    ] == []


def test_the_search_finds_what_is_there() -> None:
    phone = PHONES[0]
    for hidden in (
        f"tel:{phone}", base64.b64encode(f"x{phone}xyz".encode()).decode(), phone.encode().hex(),
        hashlib.sha256(phone.encode()).hexdigest(),
    ):  # fmt: skip
        assert found([phone], "here", hidden.encode())
    assert not found([phone], "here", b"138****0091")
