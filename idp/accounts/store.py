"""The tables of accounts and their second factors; certificate, phone, mail and address are encrypted."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from idp.accounts.model import NewAccount, State, normalized_identifier
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.vault import Vault

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("certificate_type", Text),
    Column("certificate_number", Sealed),
    Column("certificate_index", LargeBinary, index=True),
    Column("phone", Sealed),
    Column("phone_index", LargeBinary, index=True),
    Column("email", Sealed),
    Column("address", Sealed),
    Column("birth_date", Sealed),
    Column("phone_verified_at", Instant),
    Column("elder_mode", Integer, nullable=False, server_default="0"),
    Column("real_name_level", Integer, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text),
    Column("closes_at", Instant),
    Column("merged_into", Text, ForeignKey("accounts.id")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

authenticators = Table(
    "authenticators",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("secret", Sealed, nullable=False),
    Column("lookup", LargeBinary, unique=True),
    Column("label", Text),
    Column("last_used_step", BigInteger, nullable=False),
    Column("last_used_at", Instant),
    Column("created_at", Instant, nullable=False),
)

ADD = Statement(insert(accounts))
FIND = Statement(
    select(accounts).where(
        or_(
            accounts.c.username == bindparam("the_username"),
            accounts.c.phone_index == bindparam("the_phone"),
            accounts.c.certificate_index == bindparam("the_certificate"),
        )
    )
)
BY_ID = Statement(select(accounts).where(accounts.c.id == bindparam("the_id")))
SET_PASSWORD = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"), accounts.c.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("new_hash"), updated_at=bindparam("now"))
    .returning(accounts.c.id)
)
SET_LEVEL = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"))
    .values(real_name_level=bindparam("level"), updated_at=bindparam("now"))
    .returning(accounts.c.id)
)
ADD_AUTHENTICATOR = Statement(insert(authenticators))
AUTHENTICATORS = Statement(
    select(authenticators).where(authenticators.c.account_id == bindparam("the_account"))
)
USE_STEP = Statement(
    update(authenticators)
    .where(authenticators.c.id == bindparam("the_id"), authenticators.c.last_used_step < bindparam("step"))
    .values(last_used_step=bindparam("step"))
    .returning(authenticators.c.id)
)

PHONE = "accounts.phone"
CERTIFICATE = "accounts.certificate_number"
EMAIL = "accounts.email"
ADDRESS = "accounts.address"
_SECRET = "authenticators.secret"  # noqa: S105


class AccountStore:
    """Reads and writes accounts; what is sealed in a row stays sealed until `reveal`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, account_id: str, account: NewAccount, now: float) -> Transaction[None]:
        """Open an account; a username that exists raises Conflict."""
        yield ADD(
            id=account_id,
            username=account.username,
            name=account.name,
            certificate_type=account.certificate_type,
            certificate_number=self._sealed(CERTIFICATE, account.certificate_number),
            certificate_index=self._index(CERTIFICATE, account.certificate_number),
            phone=self._sealed(PHONE, account.phone),
            phone_index=self._index(PHONE, account.phone),
            email=self._sealed(EMAIL, account.email),
            address=self._sealed(ADDRESS, account.address),
            birth_date=None,
            phone_verified_at=None,
            elder_mode=0,
            real_name_level=account.level,
            password_hash=account.password_hash,
            state=State.ACTIVE.value,
            state_reason=None,
            closes_at=None,
            merged_into=None,
            created_at=now,
            updated_at=now,
        )

    def find(self, identifier: str) -> Transaction[Row | None]:
        """The one account that a username, phone or certificate number names; None when none or several do."""
        plain = normalized_identifier(identifier)
        if "\0" in plain:  # PostgreSQL's text knows no NUL
            return None
        rows = yield FIND(
            the_username=plain.lower(),
            the_phone=self._vault.blind_index(PHONE, plain),
            the_certificate=self._vault.blind_index(CERTIFICATE, plain.upper()),
        )
        return rows[0] if len(rows) == 1 else None

    def by_id(self, account_id: str) -> Transaction[Row | None]:
        """The account of an id."""
        return first((yield BY_ID(the_id=account_id)))

    def replace_password(
        self, account_id: str, old_hash: str, new_hash: str, now: float
    ) -> Transaction[bool]:
        """Replace the hash unless somebody else did meanwhile."""
        rows = yield SET_PASSWORD(the_id=account_id, old_hash=old_hash, new_hash=new_hash, now=now)
        return bool(rows)

    def set_level(self, account_id: str, level: int, now: float) -> Transaction[bool]:
        """Set the real-name level."""
        return bool((yield SET_LEVEL(the_id=account_id, level=level, now=now)))

    def add_authenticator(
        self, row_id: str, account_id: str, kind: str, secret: str, now: float
    ) -> Transaction[None]:
        """Add a second factor."""
        yield ADD_AUTHENTICATOR(
            id=row_id,
            account_id=account_id,
            kind=kind,
            secret=self._vault.encrypt(_SECRET, secret),
            lookup=None,
            label=None,
            last_used_step=-1,
            last_used_at=None,
            created_at=now,
        )

    def authenticators(self, account_id: str) -> Transaction[list[Row]]:
        """The second factors of an account."""
        return list((yield AUTHENTICATORS(the_account=account_id)))

    def use_step(self, authenticator_id: str, step: int) -> Transaction[bool]:
        """Spend a time step of a one-time password: True for the first who comes with it (RFC 6238 §5.2)."""
        return bool((yield USE_STEP(the_id=authenticator_id, step=step)))

    def authenticator_secret(self, row: Row) -> str:
        """The shared secret of a second factor."""
        return self._vault.decrypt(_SECRET, row["secret"])

    def reveal(self, row: Row, place: str) -> str | None:
        """The plain value of an encrypted column (`table.column`) of a row."""
        sealed = row[place.split(".")[1]]
        return None if sealed is None else self._vault.decrypt(place, sealed)

    def _sealed(self, place: str, value: str | None) -> bytes | None:
        return None if value is None else self._vault.encrypt(place, value)

    def _index(self, place: str, value: str | None) -> bytes | None:
        return None if value is None else self._vault.blind_index(place, value)
