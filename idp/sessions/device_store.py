"""The table of the devices from which somebody has logged in, and what is asked of it."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    case,
    delete,
    exists,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.sweeping import MOST
from idp.sessions.model import KnownDevice

devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("trusted_until", Instant),
    Column("forgotten_at", Instant),
    Index("ix_devices_account_id", "account_id"),
    Index("ix_devices_last_seen_at", "last_seen_at"),
)

_account = bindparam("the_account", type_=Text)
_device = bindparam("the_device", type_=Text)
_now = bindparam("now", type_=Instant())
_new = insert(devices).excluded
_others = devices.alias("others")
_has_others = exists(
    select(_others.c.id).where(
        _others.c.account_id == _account, _others.c.id != _device, _others.c.forgotten_at.is_(None)
    )
).label("has_others")

# A device that was forgotten and comes back is a new one.
SEEN = Statement(
    insert(devices)
    .on_conflict_do_update(
        index_elements=["id", "account_id"],
        set_={
            "user_agent": _new.user_agent,
            "address": _new.address,
            "first_seen_at": case(
                (devices.c.forgotten_at.is_(None), devices.c.first_seen_at), else_=_new.first_seen_at
            ),
            "last_seen_at": _new.last_seen_at,
            "forgotten_at": null(),
        },
    )
    .returning(devices.c.first_seen_at, _has_others),
    lock_key="id",
)
OF_ACCOUNT = Statement(
    select(devices)
    .where(devices.c.account_id == _account, devices.c.forgotten_at.is_(None))
    .order_by(devices.c.last_seen_at.desc())
)
TRUSTED = Statement(
    select(devices.c.id).where(
        devices.c.id == _device,
        devices.c.account_id == _account,
        devices.c.forgotten_at.is_(None),
        devices.c.trusted_until > _now,
    )
)
TRUST = Statement(
    update(devices)
    .where(devices.c.id == _device, devices.c.account_id == _account, devices.c.forgotten_at.is_(None))
    .values(trusted_until=bindparam("until", type_=Instant()))
    .returning(devices.c.id)
)
DISTRUST = Statement(
    update(devices)
    .where(devices.c.account_id == _account, devices.c.trusted_until.is_not(None))
    .values(trusted_until=null())
    .returning(devices.c.id)
)
FORGET = Statement(
    update(devices)
    .where(devices.c.id == _device, devices.c.account_id == _account, devices.c.forgotten_at.is_(None))
    .values(forgotten_at=_now, trusted_until=null())
    .returning(devices.c.id)
)
FORGET_OTHERS = Statement(
    update(devices)
    .where(devices.c.account_id == _account, devices.c.id != _device, devices.c.forgotten_at.is_(None))
    .values(forgotten_at=_now, trusted_until=null())
    .returning(devices.c.id)
)
# Whatever has been trusted since is seen since: trust ends long before.
_is_old = devices.c.last_seen_at < bindparam("before", type_=Instant())
_some_old = (
    select(devices.c.id)
    .where(_is_old)
    .order_by(devices.c.last_seen_at)
    .limit(literal_column(str(MOST), Integer))
    .with_for_update(skip_locked=True)
)
PURGE = Statement(
    delete(devices).where(devices.c.id.in_(_some_old.scalar_subquery()), _is_old).returning(devices.c.id)
)


def _device_of(row: Row) -> KnownDevice:
    return KnownDevice(
        id=row["id"],
        user_agent=row["user_agent"],
        address=row["address"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        trusted_until=row["trusted_until"],
    )


class DeviceStore:
    """One statement per method."""

    def seen(
        self, device_id: str, account_id: str, user_agent: str, address: str, now: float
    ) -> Transaction[bool]:
        """Note a login from a device; True when it is new to the account and not the only one."""
        rows = yield SEEN(
            id=device_id,
            account_id=account_id,
            the_device=device_id,
            the_account=account_id,
            user_agent=user_agent[:200],
            address=address,
            first_seen_at=now,
            last_seen_at=now,
            trusted_until=None,
            forgotten_at=None,
        )
        return rows[0]["first_seen_at"] == now and bool(rows[0]["has_others"])

    def of_account(self, account_id: str) -> Transaction[list[KnownDevice]]:
        """The devices of an account that it has not forgotten, latest first."""
        return [_device_of(row) for row in (yield OF_ACCOUNT(the_account=account_id))]

    def is_trusted(self, account_id: str, device_id: str, now: float) -> Transaction[bool]:
        """Whether the account trusts the device now."""
        return first((yield TRUSTED(the_account=account_id, the_device=device_id, now=now))) is not None

    def trust(self, account_id: str, device_id: str, until: float) -> Transaction[bool]:
        """Trust a known device for a while."""
        return bool((yield TRUST(the_account=account_id, the_device=device_id, until=until)))

    def purge(self, before: float) -> Transaction[int]:
        """Delete some of those that nobody has logged in from since an instant; how many."""
        return len((yield PURGE(before=before)))

    def distrust(self, account_id: str) -> Transaction[int]:
        """Trust none any more; how many there were."""
        return len((yield DISTRUST(the_account=account_id)))

    def forget(self, account_id: str, device_id: str, now: float) -> Transaction[bool]:
        """Forget a device; True for the one caller that did."""
        return bool((yield FORGET(the_account=account_id, the_device=device_id, now=now)))

    def forget_others(self, account_id: str, device_id: str, now: float) -> Transaction[int]:
        """Forget all devices but one; how many there were."""
        return len((yield FORGET_OTHERS(the_account=account_id, the_device=device_id, now=now)))
