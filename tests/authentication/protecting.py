"""Every change of what protects an account, as whoever may make it does: to see what becomes of logins under way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

from idp.accounts.authenticator_store import TOTP
from idp.accounts.lifecycle.reset import Reset
from idp.accounts.merges.service import Plan
from idp.accounts.model import Account
from idp.accounts.real_names.proof import Proof
from idp.accounts.service import Accounts
from idp.accounts.store import AccountStore
from idp.authentication.model import Choice
from idp.sessions.model import Caller, Session
from tests.support.inprocess import Provider
from tests.support.visits import account_id, password_hash, person

ELSEWHERE = "203.0.113.77"
"""Where the owner is who makes the changes."""
_phones = count(13900000001)
_certificates = count(80000001)


@dataclass(frozen=True)
class Subject:
    """An account with a certificate, a proved phone and a password."""

    house: Provider
    username: str
    id: str
    phone: str
    certificate_number: str

    async def row(self) -> Account:
        """The account as it is now."""
        row = await self.house.worker.counter.account(self.id)
        assert row is not None
        return row

    async def owner(self) -> Session:
        """A full session of the owner, somewhere else."""
        amr, caller = ("pwd", "otp", "mfa"), Caller(ELSEWHERE)
        token = await self.house.worker.sessions.begin(await self.row(), amr, caller, None)
        session = await self.house.worker.sessions.find(token)
        assert session is not None
        return session


async def subject(house: Provider, *, phone_verified: bool = True) -> Subject:
    """Somebody new."""
    phone, number = str(next(_phones)), f"E{next(_certificates)}"
    certificate = {"certificate_type": "414", "certificate_number": number}
    username = await person(house, phone=phone, phone_verified=phone_verified, level=3, **certificate)
    return Subject(house, username, await account_id(house, username), phone, number)


async def nothing(one: Subject) -> None:
    """No change at all."""


async def password_by_operator(one: Subject) -> None:
    worker = one.house.worker
    await Accounts(worker.base, worker.hasher).set_password(one.username, "another password 9", "test")


async def password_by_owner(one: Subject) -> None:
    row = await one.row()

    def work():  # type: ignore[no-untyped-def]
        store = AccountStore(one.house.worker.base.vault)
        return (yield from store.replace_password(row, password_hash() + "=", one.house.clock.now))

    assert await one.house.worker.base.database.write(work)


async def password_recovered(one: Subject) -> None:
    row = await one.row()

    def work():  # type: ignore[no-untyped-def]
        store = AccountStore(one.house.worker.base.vault)
        return (yield from store.recover_password(row, password_hash() + "=", one.house.clock.now))

    assert await one.house.worker.base.database.write(work)


async def phone_changed(one: Subject) -> None:
    row = await one.row()
    proven = row.security_version
    assert await one.house.worker.phones.change(row, str(next(_phones)), ELSEWHERE, proven=proven)


async def phone_released(one: Subject) -> None:
    assert await one.house.worker.phones.release(await one.row(), one.phone, ELSEWHERE)


async def phone_released_by_staff(one: Subject) -> None:
    assert await one.house.worker.lifecycle.release_phone(one.id, "号码已换人", "test")


async def factor_added(one: Subject) -> None:
    await one.house.enrol_totp(one.username)


async def factor_removed(one: Subject) -> None:
    owner, worker = await one.owner(), one.house.worker
    await one.house.enrol_totp(one.username)
    owner = await one.owner()
    factors = [factor for factor in await worker.factors.of_account(one.id) if factor.kind == TOTP]
    assert await worker.factors.remove(owner, factors[0].id, Caller(ELSEWHERE))


async def choices_made(one: Subject) -> None:
    await one.house.worker.factors.choose(await one.owner(), frozenset({Choice.NO_QR}), Caller(ELSEWHERE))


async def others_logged_out(one: Subject) -> None:
    caller = Caller(ELSEWHERE)
    await one.house.worker.sessions.end_all(one.id, caller=caller, reason="ended elsewhere")


async def devices_forgotten(one: Subject) -> None:
    await one.house.worker.devices.forget_others(one.id, None, Caller(ELSEWHERE))


async def frozen(one: Subject) -> None:
    assert await one.house.worker.lifecycle.freeze(one.id, "核查", "test")


async def frozen_and_thawed(one: Subject) -> None:
    await frozen(one)
    assert await one.house.worker.lifecycle.thaw(one.id, "核查完", "test")


async def secured(one: Subject) -> None:
    assert await one.house.worker.lifecycle.secure(one.id, "test") is not None


async def reset_at_the_counter(one: Subject) -> None:
    worker = one.house.worker
    reset = Reset(worker.base, worker.lifecycle._lifecycle_hooks)
    assert await worker.base.database.write(lambda: reset.done(one.id, None)) is not None


async def merged(one: Subject) -> None:
    other = await account_id(one.house, await person(one.house, level=0))
    await one.house.worker.merges.merge(Plan(one.id, other, {}), "同一个人", "test")


async def merged_into(one: Subject) -> None:
    other = await account_id(one.house, await person(one.house, level=0))
    await one.house.worker.merges.merge(Plan(other, one.id, {}), "同一个人", "test")


async def level_raised(one: Subject) -> None:
    proof = Proof(4, "counter", "counter", "4711")
    worker = one.house.worker
    assert await worker.base.database.write(lambda: worker.real_names.record(one.id, proof)) == 4


async def level_lowered(one: Subject) -> None:
    worker = one.house.worker
    assert await worker.base.database.write(lambda: worker.real_names.downgrade(one.id, 1, "test"))


Change = Callable[[Subject], Awaitable[None]]
CHANGES: tuple[Change, ...] = (
    password_by_operator,
    password_by_owner,
    password_recovered,
    phone_changed,
    phone_released,
    phone_released_by_staff,
    factor_added,
    factor_removed,
    choices_made,
    others_logged_out,
    devices_forgotten,
    frozen,
    frozen_and_thawed,
    secured,
    reset_at_the_counter,
    merged,
    merged_into,
    level_raised,
    level_lowered,
)
