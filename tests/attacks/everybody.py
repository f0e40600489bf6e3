"""Everybody who might reach for somebody's account, and everything that somebody's account has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from idp.accounts.store import AccountStore
from idp.counter.model import CounterClaim, RequestKind
from idp.organizations.roles import RoleName
from idp.sessions.model import Caller
from tests.attacks.scene import STRONG, Scene, Victim, field
from tests.federation.trial import FIRM, came
from tests.support.browserless import Browserless
from tests.support.mandates import company, mandate
from tests.support.visits import SESSION_COOKIE, account_id, page, person, visitor

DEVICE = "a device of the owner's"
PROTECTED = (
    "SELECT username, name, password_hash, phone_index, phone_verified_at, email, address, certificate_index,"
    " real_name_level, state, closes_at, merged_into, login_choices, security_version"
    " FROM accounts WHERE id = '{0}'",
    "SELECT id, kind FROM authenticators WHERE account_id = '{0}' ORDER BY id",
    "SELECT id FROM upstream_identities WHERE account_id = '{0}' AND ended_at IS NULL ORDER BY id",
    "SELECT id, trusted_until, forgotten_at FROM devices WHERE account_id = '{0}' ORDER BY id",
    "SELECT id FROM real_name_records WHERE account_id = '{0}' AND ended_at IS NULL ORDER BY id",
    "SELECT id, amr, mandate_id FROM sessions WHERE account_id = '{0}' AND ended_at IS NULL ORDER BY id",
    "SELECT id FROM grants WHERE account_id = '{0}' AND revoked_at IS NULL ORDER BY id",
    "SELECT id, state, valid_until FROM mandates"
    " WHERE (principal_account_id = '{0}' OR agent_account_id = '{0}') AND state <> 'ended' ORDER BY id",
    "SELECT id, state, representative_account_id FROM legal_persons WHERE representative_account_id = '{0}'",
)
"""By what an account is entered, what it is worth, who acts with it, and how its owner is reached."""
_numbers = count(1)


@dataclass
class Holding:
    """An account with everything, and the ids of what it has."""

    victim: Victim
    company: str
    ids: dict[str, str]
    helper: str
    """Who acts for the person."""
    administrator: str
    """Who administers the person's company."""

    async def state(self) -> list[list[dict[str, Any]]]:
        """What must stay as it is."""
        return [await self.victim.scene.rows(query.format(self.victim.id)) for query in PROTECTED]


def address() -> str:
    """One of its own for each who comes: nobody is to be slowed down here."""
    number = next(_numbers)
    return f"10.1.{number // 250}.{number % 250}"


async def holding(scene: Scene) -> Holding:
    """Somebody new with password, phone, mail, factor, platform, device, session, system, company and helper."""
    house, number = scene.house, next(_numbers)
    victim = await scene.victim(email=f"owner{number}@mail.test")
    async with visitor(house, address()) as someone:
        await came(someone, scene.platform, victim.upstream)
    await house.enrol_totp(victim.username)
    session = await begun(scene, victim.username, STRONG, Caller("198.51.100.9", "", DEVICE), trust=True)
    assert session
    others = {}
    for name in ("helper", "administrator"):
        others[name] = f"{name}{number}"
        certificate = {"certificate_type": "414", "certificate_number": f"E5{number:04}00{name[0] == 'h':d}"}
        await person(house, username=others[name], name="李四", **certificate)
    firm = await company(house, victim.id)
    own = {"relation": "legal_representative", "role": "administrator"}
    await mandate(house, victim.id, company=firm, **own)
    who = await account_id(house, others["administrator"])
    await mandate(house, who, company=firm, role="administrator")
    helping = await mandate(
        house, await account_id(house, others["helper"]), person=victim.id, relation="family_helper"
    )
    parent = await mandate(
        house, await account_id(house, others["helper"]), person=victim.id, relation="guardian"
    )
    ids = {
        "mandate": str(helping.mandate_id),
        "guardian": str(parent.mandate_id),
        "device": DEVICE,
        "company": firm,
        "account": victim.id,
    }
    for name, table in {
        "factor": "authenticators",
        "link": "upstream_identities",
        "session": "sessions",
    }.items():
        [row, *_] = await scene.rows(f"SELECT id FROM {table} WHERE account_id = '{victim.id}'")  # noqa: S608
        ids[name] = row["id"]
    return Holding(victim, firm, ids, others["helper"], others["administrator"])


async def begun(
    scene: Scene, username: str, amr: tuple[str, ...], caller: Caller | None = None, *, trust: bool = False
) -> str | None:
    """A session of somebody; its cookie."""
    database, store = scene.house.worker.base.database, AccountStore(scene.house.worker.base.vault)
    row = await database.read(lambda: store.find(username))
    assert row is not None
    return await scene.house.worker.sessions.begin(row, amr, caller or Caller(address()), None, trust=trust)


@asynccontextmanager
async def as_(scene: Scene, username: str, amr: tuple[str, ...]) -> AsyncIterator[Browserless]:
    """A browser with a session."""
    async with visitor(scene.house, address()) as someone:
        token = await begun(scene, username, amr)
        someone.client.cookies.set(SESSION_COOKIE, token or "", domain="id.test", path="/")
        yield someone


@asynccontextmanager
async def acting(scene: Scene, username: str, mandate_id: str) -> AsyncIterator[Browserless]:
    """The same, for somebody else from now on."""
    async with as_(scene, username, STRONG) as someone:
        form = field(page(await someone.open("/acting")), "mandate")
        await someone.submit(form, mandate=mandate_id)
        found = await scene.house.worker.sessions.find(someone.client.cookies.get(SESSION_COOKIE))
        assert found is not None
        assert found.mandate_id == mandate_id
        yield someone


async def staff(scene: Scene, *roles: RoleName) -> str:
    """A new member of staff; the username."""
    number = next(_numbers)
    certificate = {"certificate_type": "414", "certificate_number": f"E4{number:07}"}
    username = await person(scene.house, username=f"staff{number}", name="赵六", level=4, **certificate)
    for role in roles:
        await scene.house.worker.roles.grant(await account_id(scene.house, username), role, "410411", "test")
    return username


@asynccontextmanager
async def at_work(scene: Scene, one: Holding, *roles: RoleName) -> AsyncIterator[Browserless]:
    """Somebody at the counter who has looked the person up; a colleague has begun a recovery."""
    first, username = await staff(scene, RoleName.COUNTER), await staff(scene, *roles)
    counter, claim = scene.house.worker.counter, CounterClaim("张三", "414", one.victim.number)
    await counter.ask(RequestKind.RECOVER, one.victim.id, await account_id(scene.house, first), claim)
    [request] = [each for each in await counter.open_requests() if each.account_id == one.victim.id]
    one.ids["request"] = request.id
    await scene.house.worker.counter.find(one.victim.number, await account_id(scene.house, username))
    async with as_(scene, username, STRONG) as someone:
        yield someone


@asynccontextmanager
async def of_company(scene: Scene, one: Holding) -> AsyncIterator[Browserless]:
    """A company's account at a platform that names the person as its representative."""
    named = {"rep": "张三", "rep_number": one.victim.number}
    async with visitor(scene.house, address()) as someone:
        said = {"id": f"c-{one.victim.number}", "level": "3", **FIRM, **named}
        assert "您正在为单位办事" in page(await came(someone, scene.platform, said, "legal")).text
        yield someone
