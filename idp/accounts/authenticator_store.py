"""What a person has beside the password: reads and writes authenticators, whatever their kind."""

from dataclasses import dataclass, field

from sqlalchemy import BigInteger, and_, bindparam, delete, exists, func, insert, literal, or_, select, update
from sqlalchemy.sql.expression import ColumnElement, FromClause
from sqlalchemy.types import Boolean, Integer, Text

from idp.accounts.lifecycle.store import NO_PASSWORD
from idp.accounts.model import AccountState, Authenticator
from idp.accounts.store import RAISED, VERSION, accounts, authenticators
from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.interface import first, first_as
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.vault import Vault

TOTP = "totp"
PASSKEY = "passkey"
RECOVERY_CODE = "recovery_code"
"""Values of authenticators.kind."""
STAND_INS = frozenset({RECOVERY_CODE})
"""What is no second factor by itself but stands in for one."""

LOOKUP = "authenticators.lookup"
_SECRET = "authenticators.secret"  # noqa: S105

_step = bindparam("step", type_=BigInteger)

ADD = Statement(insert(authenticators))
OF_ACCOUNT = Statement(
    select(authenticators)
    .where(authenticators.c.account_id == bindparam("the_account"))
    .order_by(authenticators.c.created_at, authenticators.c.id)
)
# With the version that the account had at that moment: a passkey that goes right after is not used any more.
BY_LOOKUP = Statement(
    select(authenticators, accounts.c.security_version)
    .select_from(authenticators.join(accounts, accounts.c.id == authenticators.c.account_id))
    .where(authenticators.c.lookup == bindparam("the_lookup"))
)
USE_STEP = Statement(
    update(authenticators)
    .where(authenticators.c.id == bindparam("the_id"), authenticators.c.last_used_step < _step)
    .values(last_used_step=_step, last_used_at=bindparam("now"))
    .returning(authenticators.c.id)
)
# A counter that stands at nought never counts: many passkeys have none (WebAuthn §6.1.1).
COUNT_UP = Statement(
    update(authenticators)
    .where(
        authenticators.c.id == bindparam("the_id"),
        or_(
            authenticators.c.last_used_step < _step,
            and_(authenticators.c.last_used_step <= 0, _step == 0),
        ),
    )
    .values(last_used_step=_step, last_used_at=bindparam("now"))
    .returning(authenticators.c.id)
)
# Comes first in every change of what protects an account: the row is locked until the change is committed, so that
# the next one sees it, and whatever was judged by the account as it was before (a recovery, a login) finds it changed.
CHANGING = Statement(
    update(accounts)
    .where(
        accounts.c.id == bindparam("the_account"),
        accounts.c.state == literal(AccountState.ACTIVE.value),
        or_(VERSION.is_(None), accounts.c.security_version == VERSION),
    )
    .values(updated_at=bindparam("now", type_=Instant()), **RAISED)
    .returning(accounts.c.id),
    lock_key="the_account",
)

HAS_WAY_IN = Statement(
    select(accounts.c.id).where(
        accounts.c.id == bindparam("the_account", type_=Text),
        or_(
            accounts.c.password_hash != literal(NO_PASSWORD, Text),
            accounts.c.phone_verified_at.is_not(None),
            exists(
                select(authenticators.c.id).where(
                    authenticators.c.account_id == accounts.c.id,
                    authenticators.c.kind == literal(PASSKEY, Text),
                    authenticators.c.id != bindparam("the_gone", type_=Text),
                )
            ),
        ),
    )
)


def _strong(table: FromClause) -> ColumnElement[bool]:
    return and_(*(table.c.kind != literal(kind) for kind in sorted(STAND_INS)))


_of_it = authenticators.alias("of_it")
_its = _of_it.c.account_id == bindparam("the_account", type_=Text)
_columns = list(authenticators.columns)
ADD_ALLOWED = Statement(
    insert(authenticators)
    .from_select(
        [column.name for column in _columns],
        select(
            *(
                bindparam("the_account" if column.name == "account_id" else column.name, type_=column.type)
                for column in _columns
            )
        ).where(
            or_(
                bindparam("full", type_=Boolean),
                ~exists(select(_of_it.c.id).where(_its, _strong(_of_it))),
            ),
            select(func.count())
            .select_from(_of_it)
            .where(_its, _of_it.c.kind == bindparam("kind", type_=Text))
            .scalar_subquery()
            < bindparam("most", type_=Integer),
        ),
    )
    .returning(authenticators.c.id)
)
REMOVE = Statement(
    delete(authenticators)
    .where(
        authenticators.c.id == bindparam("the_id"), authenticators.c.account_id == bindparam("the_account")
    )
    .returning(authenticators.c.kind, authenticators.c.label)
)
REMOVE_ALLOWED = Statement(
    delete(authenticators)
    .where(
        authenticators.c.id == bindparam("the_id", type_=Text),
        authenticators.c.account_id == bindparam("the_account", type_=Text),
        _strong(authenticators),
        select(func.count())
        .select_from(_of_it)
        .where(_its, _strong(_of_it), _of_it.c.id != bindparam("the_id", type_=Text))
        .scalar_subquery()
        >= bindparam("least", type_=Integer),
    )
    .returning(authenticators.c.kind, authenticators.c.label)
)
REMOVE_KIND = Statement(
    delete(authenticators)
    .where(
        authenticators.c.account_id == bindparam("the_account"),
        authenticators.c.kind == bindparam("the_kind"),
    )
    .returning(authenticators.c.id)
)


@dataclass(frozen=True, slots=True)
class NewAuthenticator:
    """An authenticator to add; `lookup` is what it is found by, `step` the last one that was used."""

    kind: str
    secret: str = field(repr=False)
    label: str | None = None
    lookup: bytes | None = None
    step: int = -1


@dataclass(frozen=True, slots=True)
class Rule:
    """When one may be added: by somebody who showed the second factor if there is one, and so many of a kind."""

    full: bool
    most: int


def _authenticator_of(row: Row) -> Authenticator:
    return Authenticator(
        id=row["id"],
        account_id=row["account_id"],
        kind=row["kind"],
        secret=row["secret"],
        lookup=row["lookup"],
        label=row["label"],
        last_used_step=row["last_used_step"],
        last_used_at=row["last_used_at"],
        created_at=row["created_at"],
    )


def _kind_of(row: Row) -> str:
    return str(row["kind"])


class AuthenticatorStore:
    """One statement per method; whatever may happen once only tells whether it was this caller's."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, row_id: str, account_id: str, new: NewAuthenticator, now: float) -> Transaction[None]:
        """Add an authenticator; a lookup that exists raises Conflict."""
        yield ADD(
            id=row_id,
            account_id=account_id,
            kind=new.kind,
            secret=self._vault.encrypt(_SECRET, new.secret),
            lookup=new.lookup,
            label=new.label,
            last_used_step=new.step,
            last_used_at=None,
            created_at=now,
        )

    def changing(self, account_id: str, now: float, *, proven: int | None = None) -> Transaction[bool]:
        """Begin a change of what an open account has: one at a time, also among those of other workers.

        False where it is closed, or not as it was when the caller was judged (`proven`, a security version).
        """
        return bool((yield CHANGING(the_account=account_id, proven=proven, now=now)))

    def add_allowed(
        self, row_id: str, account_id: str, new: NewAuthenticator, rule: Rule, now: float
    ) -> Transaction[bool]:
        """Add an authenticator where the rule lets it, after `changing`; a lookup that exists raises Conflict."""
        rows = yield ADD_ALLOWED(
            id=row_id,
            the_account=account_id,
            kind=new.kind,
            secret=self._vault.encrypt(_SECRET, new.secret),
            lookup=new.lookup,
            label=new.label,
            last_used_step=new.step,
            last_used_at=None,
            created_at=now,
            full=rule.full,
            most=rule.most,
        )
        return bool(rows)

    def of_account(self, account_id: str) -> Transaction[list[Authenticator]]:
        """Everything that an account has, oldest first."""
        return [_authenticator_of(row) for row in (yield OF_ACCOUNT(the_account=account_id))]

    def has_way_in(self, account_id: str, *, without: str = "") -> Transaction[bool]:
        """Whether one can log in without a platform above us: by a password, an SMS code or a passkey.

        `without` a passkey that is about to go.
        """
        return bool((yield HAS_WAY_IN(the_account=account_id, the_gone=without)))

    def by_lookup(self, lookup: bytes) -> Transaction[tuple[Authenticator, int] | None]:
        """The authenticator that is found by this keyed hash, and the security version of its account."""
        row = first((yield BY_LOOKUP(the_lookup=lookup)))
        return None if row is None else (_authenticator_of(row), row["security_version"])

    def use_step(self, authenticator_id: str, step: int, now: float) -> Transaction[bool]:
        """Spend a time step of a one-time password: True for the first who comes with it (RFC 6238 §5.2)."""
        return bool((yield USE_STEP(the_id=authenticator_id, step=step, now=now)))

    def count_up(self, authenticator_id: str, count: int, now: float) -> Transaction[bool]:
        """Note the signature counter of a passkey; False where it does not exceed the last (WebAuthn §7.2)."""
        return bool((yield COUNT_UP(the_id=authenticator_id, step=count, now=now)))

    def remove(self, account_id: str, authenticator_id: str) -> Transaction[str | None]:
        """Remove an authenticator of an account; its kind for the one caller that removed it."""
        return first_as(_kind_of, (yield REMOVE(the_id=authenticator_id, the_account=account_id)))

    def remove_allowed(self, account_id: str, authenticator_id: str, least: int) -> Transaction[str | None]:
        """Remove a second factor, after `changing`, where so many others are left; its kind."""
        call = REMOVE_ALLOWED(the_id=authenticator_id, the_account=account_id, least=least)
        return first_as(_kind_of, (yield call))

    def remove_kind(self, account_id: str, kind: str) -> Transaction[int]:
        """Remove all of a kind; how many there were."""
        return len((yield REMOVE_KIND(the_account=account_id, the_kind=kind)))

    def lookup(self, text: str) -> bytes:
        """The keyed hash by which an authenticator is found."""
        return self._vault.blind_index(LOOKUP, text)

    def secret(self, authenticator: Authenticator) -> str:
        """What is sealed in it."""
        return self._vault.decrypt(_SECRET, authenticator.secret)
