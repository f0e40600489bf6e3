"""The table of what people say is wrong about their record; the text is encrypted and goes with the account."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    insert,
    literal,
    literal_column,
    not_,
    null,
    select,
    update,
)
from sqlalchemy.types import LargeBinary

from idp.accounts.concern import same_person
from idp.accounts.model import CorrectionRequest
from idp.accounts.store import accounts
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.database.statement import Call
from idp.infrastructure.vault import Vault

OPEN, DONE, REFUSED = "open", "done", "refused"
"""Values of corrections.state."""

corrections = Table(
    "corrections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("wanted", Sealed, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("answer", Sealed),
    Column("decided_by", Text, ForeignKey("accounts.id")),
    Column("decided_at", Instant),
)
_open = corrections.c.state == literal_column(f"'{OPEN}'", Text)  # a parameter would fit no partial index
Index("ix_corrections_open", corrections.c.asked_at, postgresql_where=_open, sqlite_where=_open)

WANTED, ANSWER = "corrections.wanted", "corrections.answer"
_account = bindparam("the_account", type_=Text)

ADD = Statement(insert(corrections))
OF_ACCOUNT = Statement(
    select(corrections).where(corrections.c.account_id == _account).order_by(corrections.c.asked_at.desc())
)
WAITING = Statement(
    select(corrections, accounts.c.name, accounts.c.username)
    .select_from(corrections.join(accounts, accounts.c.id == corrections.c.account_id))
    .where(_open)
    .order_by(corrections.c.asked_at)
    .limit(bindparam("most", type_=Integer))
)
# Nobody decides about what they asked for themselves, by another account neither.
DECIDE = Statement(
    update(corrections)
    .where(
        corrections.c.id == bindparam("the_id", type_=Text),
        _open,
        not_(same_person(corrections.c.account_id, bindparam("the_staff", type_=Text))),
    )
    .values(
        state=bindparam("the_state", type_=Text),
        answer=bindparam("the_answer", type_=LargeBinary),
        decided_by=bindparam("the_staff", type_=Text),
        decided_at=bindparam("now", type_=Instant()),
    )
    .returning(corrections.c.account_id),
    lock_key="the_id",
)
FORGET = Statement(
    update(corrections)
    .where(corrections.c.account_id == _account)
    .values(wanted=bindparam("nothing", type_=LargeBinary), answer=null(), state=literal(REFUSED, Text)),
    lock_key="the_account",
)


class CorrectionStore:
    """One statement per method."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, row_id: str, account_id: str, wanted: str, now: float) -> Call:
        """The call that notes a wish."""
        return ADD(
            id=row_id,
            account_id=account_id,
            wanted=self._vault.encrypt(WANTED, wanted),
            state=OPEN,
            asked_at=now,
            answer=None,
            decided_by=None,
            decided_at=None,
        )

    def of_account(self, account_id: str) -> Transaction[list[CorrectionRequest]]:
        """What a person has asked for, latest first."""
        return [self._correction_of(row) for row in (yield OF_ACCOUNT(the_account=account_id))]

    def waiting(self, most: int) -> Transaction[list[CorrectionRequest]]:
        """What nobody has decided yet, oldest first, with the person's name."""
        return [
            self._correction_of(row, name=row["name"], username=row["username"])
            for row in (yield WAITING(most=most))
        ]

    def decide(
        self, row_id: str, staff_id: str, state: str, answer: str, now: float
    ) -> Transaction[str | None]:
        """Close a wish; whose it was, for the one member of staff who closed it."""
        sealed = self._vault.encrypt(ANSWER, answer)
        row = first(
            (yield DECIDE(the_id=row_id, the_staff=staff_id, the_state=state, the_answer=sealed, now=now))
        )
        return None if row is None else str(row["account_id"])

    def forget(self, account_id: str) -> Call:
        """The call that wipes what a person wrote."""
        return FORGET(the_account=account_id, nothing=b"")

    def _correction_of(self, row: Row, *, name: str = "", username: str = "") -> CorrectionRequest:
        """With both texts in clear; nothing where they were wiped, or nobody has answered."""
        return CorrectionRequest(
            id=row["id"],
            account_id=row["account_id"],
            wanted=self._vault.decrypt(WANTED, row["wanted"]) if row["wanted"] else "",
            state=row["state"],
            asked_at=row["asked_at"],
            answer=self._vault.decrypt(ANSWER, row["answer"]) if row["answer"] else "",
            decided_at=row["decided_at"],
            name=name,
            username=username,
        )
