"""The tables of accounts and their second factors; certificate, phone, mail and address are encrypted."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from idp.accounts.model import Account, AccountKind, AccountState, NewAccount
from idp.accounts.real_names.certificates import birth_date_of
from idp.infrastructure import typed
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.database.statement import Call
from idp.infrastructure.vault import Vault

T = TypeVar("T")

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
    Column("login_choices", Text),
    Column("kind", Text, nullable=False, server_default="person"),
    Column("security_version", Integer, nullable=False, server_default="0"),
    Column("language", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

_closes = accounts.c.closes_at.is_not(None)
Index("ix_accounts_closes_at", accounts.c.closes_at, postgresql_where=_closes, sqlite_where=_closes)
_gone = accounts.c.merged_into.is_not(None)
Index("ix_accounts_merged_into", accounts.c.merged_into, postgresql_where=_gone, sqlite_where=_gone)

RAISED = {"security_version": accounts.c.security_version + literal_column("1")}
"""Part of every statement that changes by what an account is entered, or what it is worth.

Whatever was proved of the account before that is void: the statement that would use the proof holds the version that
the proof was judged with.
"""
VERSION = bindparam("proven", type_=Integer)
"""The version with which a proof was judged."""

# However many try at once: a phone is proved to be one account's, never two's.
Index(
    "uq_accounts_verified_phone",
    accounts.c.phone_index,
    unique=True,
    postgresql_where=accounts.c.phone_verified_at.is_not(None),
    sqlite_where=accounts.c.phone_verified_at.is_not(None),
)
# One person has one account: a verified certificate is of one, whoever comes at the same moment. A merged account
# keeps its copy for the undoing.
_certified = and_(
    accounts.c.real_name_level > literal_column("0"), accounts.c.state != literal_column("'merged'")
)
Index(
    "uq_accounts_verified_certificate",
    accounts.c.certificate_index,
    accounts.c.certificate_type,
    unique=True,
    postgresql_where=_certified,
    sqlite_where=_certified,
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
_named = accounts.alias("named")
# What names an account that was merged leads to the one that it is part of. An organisation's login is found by
# nobody: not by a login page, not by staff, not by whoever invites or merges.
IS_NAMED = accounts.c.id.in_(
    select(func.coalesce(_named.c.merged_into, _named.c.id)).where(
        _named.c.kind == literal_column(f"'{AccountKind.PERSON.value}'", Text),
        or_(
            _named.c.username == bindparam("the_username"),
            _named.c.phone_index == bindparam("the_phone"),
            _named.c.certificate_index == bindparam("the_certificate"),
        ),
    )
)
FIND = Statement(select(accounts).where(IS_NAMED))
BY_ID = Statement(select(accounts).where(accounts.c.id == bindparam("the_id")))
SET_PASSWORD = Statement(
    update(accounts)
    .where(
        accounts.c.id == bindparam("the_id"),
        accounts.c.password_hash == bindparam("old_hash"),
        accounts.c.security_version == VERSION,
    )
    .values(password_hash=bindparam("new_hash"), updated_at=bindparam("now"), **RAISED)
    .returning(accounts.c.id)
)
# The same password, hashed anew: nothing that was proved is void by it.
REHASH = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"), accounts.c.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("new_hash"), updated_at=bindparam("now"))
    .returning(accounts.c.id)
)
# One guard for everything that the caller has judged: state, phone, level. Each change of them raises the version.
RECOVER_PASSWORD = Statement(
    update(accounts)
    .where(
        accounts.c.id == bindparam("the_id"),
        accounts.c.password_hash == bindparam("old_hash"),
        accounts.c.state == literal_column("'active'"),
        accounts.c.security_version == VERSION,
    )
    .values(password_hash=bindparam("new_hash"), updated_at=bindparam("now"), **RAISED)
    .returning(accounts.c.id)
)
ADD_AUTHENTICATOR = Statement(insert(authenticators))
SET_LOGIN_CHOICES = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"))
    .values(login_choices=bindparam("choices", type_=Text), updated_at=bindparam("now"), **RAISED)
    .returning(accounts.c.id)
)
RAISE = Statement(
    update(accounts).where(accounts.c.id == bindparam("the_id", type_=Text)).values(RAISED), lock_key="the_id"
)

PHONE = "accounts.phone"
CERTIFICATE = "accounts.certificate_number"
BIRTH_DATE = "accounts.birth_date"
EMAIL = "accounts.email"
ADDRESS = "accounts.address"
_SECRET = "authenticators.secret"  # noqa: S105


def account_of(row: Row) -> Account:
    """The account of a row with all columns of `accounts`."""
    return Account(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        certificate_type=row["certificate_type"],
        certificate_number=row["certificate_number"],
        certificate_index=row["certificate_index"],
        phone=row["phone"],
        phone_index=row["phone_index"],
        email=row["email"],
        address=row["address"],
        birth_date=row["birth_date"],
        phone_verified_at=row["phone_verified_at"],
        elder_mode=bool(row["elder_mode"]),
        real_name_level=row["real_name_level"],
        password_hash=row["password_hash"],
        state=AccountState(row["state"]),
        state_reason=row["state_reason"],
        closes_at=row["closes_at"],
        merged_into=row["merged_into"],
        login_choices=row["login_choices"],
        kind=AccountKind(row["kind"]),
        security_version=row["security_version"],
        language=row["language"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


class AccountStore:
    """Reads and writes accounts; what is sealed in them stays sealed until `reveal`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(
        self, account_id: str, account: NewAccount, now: float, kind: AccountKind = AccountKind.PERSON
    ) -> Transaction[None]:
        """Open an account; a username that exists, or another's verified phone, raises Conflict."""
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
            birth_date=self._sealed(BIRTH_DATE, _birth_date(account)),
            phone_verified_at=now if account.phone is not None and account.phone_verified else None,
            elder_mode=int(account.elder_mode),
            real_name_level=account.level,
            password_hash=account.password_hash,
            state=AccountState.ACTIVE.value,
            state_reason=None,
            closes_at=None,
            merged_into=None,
            login_choices=None,
            kind=kind.value,
            security_version=0,
            language=None,
            created_at=now,
            updated_at=now,
        )

    def find(self, identifier: str) -> Transaction[Account | None]:
        """The one account that a username, phone or certificate number names; None when none or several do."""
        return (yield from self.named(FIND, identifier, account_of))

    def named(
        self, statement: Statement, identifier: str, record: Callable[[Row], T]
    ) -> Transaction[T | None]:
        """The same by a statement with `IS_NAMED` and all columns of `accounts`, as the record made of the row."""
        phone = self._vault.blind_index(PHONE, typed.phone(identifier))
        rows = yield statement(
            the_username=typed.username(identifier),
            the_phone=phone,
            the_certificate=self._vault.blind_index(CERTIFICATE, typed.certificate_number(identifier)),
        )
        if len(rows) > 1:  # who has proved a phone comes before those in whose records it merely stands
            rows = [
                row for row in rows if row["phone_index"] == phone and row["phone_verified_at"] is not None
            ]
        return record(rows[0]) if len(rows) == 1 else None

    def by_id(self, account_id: str) -> Transaction[Account | None]:
        """The account of an id."""
        return first_as(account_of, (yield BY_ID(the_id=account_id)))

    def replace_password(
        self, account: Account, new_hash: str, now: float, *, proven: int | None = None
    ) -> Transaction[bool]:
        """Replace the hash unless what protects the account has changed since it was read, or since `proven`."""
        rows = yield SET_PASSWORD(
            the_id=account.id,
            old_hash=account.password_hash,
            proven=account.security_version if proven is None else proven,
            new_hash=new_hash,
            now=now,
        )
        return bool(rows)

    def rehash(self, account: Account, new_hash: str, now: float) -> Transaction[bool]:
        """Store a better hash of the same password unless somebody else did meanwhile."""
        rows = yield REHASH(the_id=account.id, old_hash=account.password_hash, new_hash=new_hash, now=now)
        return bool(rows)

    def recover_password(self, account: Account, new_hash: str, now: float) -> Transaction[bool]:
        """The same as `replace_password` for an open account."""
        return bool(
            (
                yield RECOVER_PASSWORD(
                    the_id=account.id,
                    old_hash=account.password_hash,
                    proven=account.security_version,
                    new_hash=new_hash,
                    now=now,
                )
            )
        )

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

    def set_login_choices(self, account_id: str, choices: str, now: float) -> Transaction[bool]:
        """Note how the person wants to log in: words of `idp.authentication.model.Choice`, separated by blanks."""
        return bool((yield SET_LOGIN_CHOICES(the_id=account_id, choices=choices, now=now)))

    def raised(self, account_id: str) -> Call:
        """The call that makes void what was proved of an account: what is kept elsewhere of it has changed."""
        return RAISE(the_id=account_id)

    def reveal(self, place: str, sealed: bytes | None) -> str | None:
        """The plain value of an encrypted column; `place` is its name, such as PHONE."""
        return None if sealed is None else self._vault.decrypt(place, sealed)

    def told_of(self, account: Account) -> tuple[str | None, ...]:
        """What others know of a person, so that it is no secret to make a password of."""
        return (
            account.username,
            account.name,
            self.reveal(PHONE, account.phone),
            self.reveal(CERTIFICATE, account.certificate_number),
            self.reveal(EMAIL, account.email),
        )

    def _sealed(self, place: str, value: str | None) -> bytes | None:
        return None if value is None else self._vault.encrypt(place, value)

    def _index(self, place: str, value: str | None) -> bytes | None:
        return None if value is None else self._vault.blind_index(place, value)


def _birth_date(account: NewAccount) -> str | None:
    """The date that the certificate number tells, if it tells one."""
    if account.certificate_type is None or account.certificate_number is None:
        return None
    found = birth_date_of(account.certificate_type, account.certificate_number)
    return None if found is None else found.isoformat()
