"""`idp.accounts.ways_in`, cell by cell, on both databases: what each act leaves of every way into an account.

A table, a column of accounts, a factor or a login that the list does not know fails a test.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Text, bindparam, insert, literal, select, update
from sqlalchemy.types import LargeBinary

import idp.authentication.methods
from idp.accounts import authenticator_store
from idp.accounts.lifecycle.service import DAY
from idp.accounts.merges.service import INTO, OTHER, Plan
from idp.accounts.model import Account
from idp.accounts.real_names.proof import Proof
from idp.accounts.store import PHONE, account_of, accounts
from idp.accounts.ways_in import LEFT, LOGINS, NO_WAYS, SHUT, Act, WayIn
from idp.authentication.login import methods as login_methods
from idp.authentication.methods.interface import SecondFactor
from idp.counter.model import CounterClaim, RequestKind, RequestState
from idp.infrastructure import plugins
from idp.infrastructure.database import Row, Statement
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.schema import Instant
from idp.organizations.roles import RoleName
from idp.schema import metadata
from idp.sessions.liveness import mandate_in_force
from idp.sessions.model import Caller
from tests.support.inprocess import Provider, provider
from tests.support.mandates import mandate
from tests.support.visits import account_id, password_hash, person

pytestmark = pytest.mark.anyio

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
LATER, ADDRESS = 40 * DAY, "198.51.100.7"
_numbers = count(10000001)
TABLES = ("accounts", "authenticators", "upstream_identities", "devices", "sessions", "grants", "mandates")
READ = {name: Statement(select(metadata.tables[name])) for name in TABLES}
ADD = {name: Statement(insert(metadata.tables[name])) for name in TABLES}
NEW_PHONE = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id", type_=Text))
    .values(
        phone=bindparam("sealed", type_=LargeBinary),
        phone_index=bindparam("index", type_=LargeBinary),
        phone_verified_at=bindparam("now", type_=Instant()),
    )
)
IN_FORCE = Statement(
    select(literal("yes").label("answer")).where(mandate_in_force(bindparam("the_mandate", type_=Text)))
)


OPEN: dict[str, Callable[[Row, float], bool]] = {
    "authenticators": lambda row, now: True,
    "upstream_identities": lambda row, now: row["ended_at"] is None,
    "devices": lambda row, now: row["forgotten_at"] is None and (row["trusted_until"] or 0) > now,
    "sessions": lambda row, now: row["ended_at"] is None,
    "grants": lambda row, now: row["revoked_at"] is None and bool(row["offline"]),
}
"""Whether a row of a table is still good."""


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


@dataclass
class Subject:
    """An account, its certificate number, and what it was entered by; `holder`: where that would lead afterwards."""

    house: Provider
    id: str
    number: str
    holder: str
    password: str = ""
    phone: bytes = b""

    async def rows(self, table: str) -> list[Row]:
        """All rows of a table."""
        return list(await self.house.worker.base.database.read(fetch(READ[table]())))

    async def account(self) -> Account:
        """The account to which the ways lead."""
        return account_of(next(row for row in await self.rows("accounts") if row["id"] == self.holder))

    async def add_ways(self) -> None:
        """Every way in that the account did not open with."""
        await self._add_keys()
        await self._add_open()
        friend = await account_id(self.house, await person(self.house))
        await mandate(self.house, friend, person=self.id, granted_by=self.id)
        phone = {"invitee_phone": b"sealed", "invitee_phone_index": b"index"}
        await mandate(self.house, None, person=self.id, granted_by=self.id, state="invited", **phone)
        row = await self.account()
        assert row.phone_index is not None
        self.password, self.phone = row.password_hash, row.phone_index

    async def _add(self, table: str, **row: object) -> None:
        columns = {column.name: None for column in metadata.tables[table].columns}
        await self.house.worker.base.database.add(ADD[table](**(columns | row)))

    async def _add_keys(self) -> None:
        """Factors, a link, a trusted device."""
        now, id_ = self.house.clock.now, self.id
        for kind in (
            authenticator_store.TOTP,
            authenticator_store.RECOVERY_CODE,
            authenticator_store.PASSKEY,
        ):
            row = {"id": f"{id_}-{kind}", "kind": kind, "secret": b"sealed", "last_used_step": -1}
            await self._add("authenticators", account_id=id_, created_at=now, **row)
        row = {"id": "link", "profile": "province", "kind": "person", "subject_index": b"someone"}
        row |= {"subject": b"sealed", "level": 1, "level_source": "test"}
        await self._add("upstream_identities", account_id=id_, linked_at=now, last_seen_at=now, **row)
        row = {
            "id": "device",
            "user_agent": "a browser",
            "address": ADDRESS,
            "trusted_until": now + 400 * DAY,
        }
        await self._add("devices", account_id=id_, first_seen_at=now, last_seen_at=now, **row)

    async def _add_open(self) -> None:
        """A session, and what a system may do without one."""
        now, sessions = self.house.clock.now, self.house.worker.sessions
        assert await sessions.begin(await self.account(), ("pwd",), Caller(ADDRESS), None)
        client, _ = await self.house.register()
        [session] = await self.rows("sessions")
        row: dict[str, object] = {"id": "grant", "client_id": client.client_id, "session_id": session["id"]}
        row |= {"scope": "openid offline_access", "offline": 1, "amr": "pwd", "level": 1, "generation": 0}
        row |= {"authenticated_at": now, "created_at": now, "rotated_at": now, "expires_at": now + 400 * DAY}
        await self._add("grants", account_id=self.id, **row)

    async def left(self) -> set[WayIn]:
        """The ways that lead in still."""
        row, found = await self.account(), set()
        if row.password_hash and row.password_hash == self.password:
            found.add(WayIn.PASSWORD)
        if row.phone_index == self.phone:
            found.add(WayIn.PHONE)
        now = self.house.clock.now
        for table, open_ in OPEN.items():
            for one in await self.rows(table):
                if one["account_id"] == self.holder and open_(one, now):
                    found.add(WayIn(f"{table}.{one['kind']}" if table == "authenticators" else table))
        for one in await self.rows("mandates"):
            if one["principal_account_id"] == self.holder and one["state"] in {"active", "invited"}:
                found.add(WayIn(f"mandates.{one['state']}"))
        return found


async def subject(house: Provider, *, certified: bool = True, older: bool = False) -> Subject:
    """Somebody with every way in: of lately, or of more than a month ago."""
    number = f"E{next(_numbers)}"
    certificate = {"certificate_type": "414", "certificate_number": number} if certified else {}
    level, phone, vault = 2 if certified else 0, f"139{next(_numbers)}", house.worker.base.vault
    id_ = await account_id(
        house, await person(house, phone=phone, phone_verified=True, level=level, **certificate)
    )
    one = Subject(house, id_, number, id_)
    if older:
        await one.add_ways()
        house.clock.forward(LATER)
        return one
    house.clock.forward(LATER)
    new = f"138{next(_numbers)}"
    index, sealed = vault.blind_index(PHONE, new), vault.encrypt(PHONE, new)
    await house.worker.base.database.add(
        NEW_PHONE(the_id=id_, sealed=sealed, index=index, now=house.clock.now)
    )
    await one.add_ways()
    return one


async def verified(house: Provider) -> str:
    """Another account, that somebody has verified and that has a password of its own; its id."""
    certificate = {"certificate_type": "414", "certificate_number": f"E{next(_numbers)}"}
    return await account_id(
        house, await person(house, level=3, password_hash=password_hash() + "=", **certificate)
    )


def proof(one: Subject, level: int) -> Proof:
    return Proof(level, "counter", "test", "1", "张三", "414", one.number)


async def merge(one: Subject) -> None:
    one.holder = await verified(one.house)
    keep = dict.fromkeys(("phone", "password", "email", "factors"), OTHER)
    await one.house.worker.merges.merge(Plan(one.id, one.holder, keep), "同一人", "test")


async def merge_with_the_verified(one: Subject) -> None:
    other = await verified(one.house)
    keep = dict.fromkeys(("phone", "password", "email", "factors"), INTO)
    await one.house.worker.merges.merge(Plan(other, one.id, keep), "同一人", "test")


async def secure(one: Subject) -> None:
    assert await one.house.worker.lifecycle.secure(one.id, "test") is not None


async def recover(one: Subject) -> None:
    staff, roles = [], one.house.worker.roles
    for _ in range(2):
        staff.append(await account_id(one.house, await person(one.house)))
        await roles.grant(staff[-1], RoleName.COUNTER, "410411", "test")
    await roles.grant(staff[1], RoleName.SUPERVISOR, "410411", "test")
    claim = CounterClaim("张三", "414", one.number, f"137{next(_numbers)}")
    await one.house.worker.counter.ask(RequestKind.RECOVER, one.id, staff[0], claim)
    [request] = await one.house.worker.counter.open_requests()
    assert await one.house.worker.counter.confirm(request.id, staff[1]) is RequestState.CONFIRMED


async def bind(one: Subject) -> None:
    await one.house.worker.base.database.write(
        lambda: one.house.worker.real_names.record(one.id, proof(one, 4))
    )


async def taken(one: Subject) -> None:
    other = await account_id(one.house, await person(one.house, level=0))
    await one.house.worker.base.database.write(
        lambda: one.house.worker.real_names.record(other, proof(one, 4))
    )


async def freeze(one: Subject) -> None:
    assert await one.house.worker.lifecycle.freeze(one.id, "盗用", "test")


async def deceased(one: Subject) -> None:
    assert await one.house.worker.lifecycle.deceased(one.id, "证明", "test")


async def cancel(one: Subject) -> None:
    assert await one.house.worker.lifecycle.request_cancellation(one.id) == []
    one.house.clock.forward(16 * DAY)
    assert await one.house.worker.lifecycle.cancel_due() == 1


DONE: list[tuple[Act, Callable[[Subject], Awaitable[None]]]] = [
    (Act.MERGE, merge),
    (Act.MERGE, merge_with_the_verified),
    (Act.SECURE, secure),
    (Act.SECURE_OLDER, secure),
    (Act.RECOVER, recover),
    (Act.BIND, bind),
    (Act.TAKEN, taken),
    (Act.FREEZE, freeze),
    (Act.DECEASED, deceased),
    (Act.CANCEL, cancel),
]


@pytest.mark.parametrize(("act", "do"), DONE, ids=lambda value: getattr(value, "__name__", str(value)))
async def test_an_act_leaves_what_the_list_says_and_no_more(
    house: Provider, act: Act, do: Callable[[Subject], Awaitable[None]]
) -> None:
    one = await subject(house, certified=act is not Act.MERGE, older=act is Act.SECURE_OLDER)
    assert await one.left() == set(WayIn)  # so that what is not seen afterwards has gone
    await do(one)
    assert await one.left() == set(LEFT[act])
    if act in SHUT:
        assert (await one.account()).state != "active"
        caller = Caller(ADDRESS)
        assert (
            await house.worker.sessions.begin(await one.account(), ("pwd", "otp", "mfa"), caller, None)
            is None
        )
        for row in await one.rows("mandates"):
            in_force = IN_FORCE(the_mandate=row["id"], now=house.clock.now)
            assert list(await house.worker.base.database.read(fetch(in_force))) == []


def test_every_act_is_walked() -> None:
    assert {act for act, _ in DONE} == set(LEFT) == set(Act)


def test_every_table_and_every_column_of_accounts_is_a_way_in_or_said_to_be_none() -> None:
    there = {name for name in metadata.tables if name != "accounts"}
    there |= {f"accounts.{column.name}" for column in accounts.columns}
    known = {way.value if way.value in there else way.value.partition(".")[0] for way in WayIn}
    assert known.isdisjoint(NO_WAYS)
    assert known | set(NO_WAYS) == there


def test_every_factor_is_a_way_in() -> None:
    methods = plugins.load(idp.authentication.methods, "METHOD", SecondFactor)  # type: ignore[type-abstract]
    kinds = {method.kind for method in methods}
    assert {f"authenticators.{kind}" for kind in kinds} == {
        way.value for way in WayIn if way.value.startswith("authenticators.")
    }


async def test_every_login_rests_on_a_way_in(house: Provider) -> None:
    named = {way.name for way in vars(login_methods).values() if isinstance(way, login_methods.LoginMethod)}
    offered = {way.name.partition("-")[0] for way in house.worker.ways.all}
    assert named | offered | {"upstream"} == set(LOGINS)


def test_the_document_names_the_list() -> None:
    assert re.search(r"`idp/accounts/ways_in\.py`", DOCUMENT.read_text(encoding="utf-8"))
