"""The table of what did not fit: who came from a platform and could not be told apart by rule waits for a person."""

import json
from dataclasses import asdict

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.concern import same_person
from idp.federation.model import ConflictContent, ConflictSummary, UpstreamConflict
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.vault import Vault

upstream_conflicts = Table(
    "upstream_conflicts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("subject_index", LargeBinary, nullable=False),
    Column("account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("content", Sealed, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Index("ix_upstream_conflicts_subject", "profile", "subject_index", "reason"),
)
_c = upstream_conflicts.c
OPEN, SETTLED, DISMISSED = "open", "settled", "dismissed"
_is_open = _c.state == literal_column("'open'", Text)
# Somebody who tries again and again waits once.
Index(
    "uq_upstream_conflicts_open",
    _c.profile,
    _c.subject_index,
    _c.reason,
    unique=True,
    postgresql_where=_is_open,
    sqlite_where=_is_open,
)

CONTENT = "upstream_conflicts.content"
_id = bindparam("the_id", type_=Text)
_same = (
    _c.profile == bindparam("the_profile", type_=Text),
    _c.subject_index == bindparam("the_subject", type_=LargeBinary),
    _c.reason == bindparam("the_reason", type_=Text),
)
ADD = Statement(
    insert(upstream_conflicts)
    .on_conflict_do_nothing(index_elements=["profile", "subject_index", "reason"], index_where=_is_open)
    .returning(_c.id),
    lock_key="subject_index",
)
FIND = Statement(select(upstream_conflicts).where(*_same, _is_open))
WAS_SETTLED = Statement(
    select(_c.id)
    .where(*_same, _c.state == literal_column("'settled'", Text))
    .limit(literal_column("1", Integer))
)
WAITING = Statement(
    select(upstream_conflicts)
    .where(_is_open)
    .order_by(_c.created_at, _c.id)
    .limit(bindparam("most", type_=Integer))
)
# Once it is decided, nobody needs the name and the number any more.
_decided = {
    "state": bindparam("new_state", type_=Text),
    "decided_by": bindparam("actor", type_=Text),
    "decided_at": bindparam("now", type_=Instant()),
    "content": bindparam("nothing", type_=LargeBinary),
}
# Nobody decides what is about an account of their own; at the command line there is no account.
_of_others = or_(_c.account_id.is_(None), not_(same_person(_c.account_id, bindparam("actor", type_=Text))))
DECIDE = Statement(
    update(upstream_conflicts).where(_c.id == _id, _is_open, _of_others).values(_decided).returning(_c.id),
    lock_key="the_id",
)
DISMISS_OF_ACCOUNT = Statement(
    update(upstream_conflicts)
    .where(_c.account_id == bindparam("the_account", type_=Text), _is_open)
    .values(_decided)
    .returning(_c.id),
    lock_key="the_account",
)
OF_ACCOUNT = Statement(
    select(_c.id, _c.profile, _c.reason, _c.created_at)
    .where(_c.account_id == bindparam("the_account", type_=Text), _is_open)
    .order_by(_c.created_at)
)


class ConflictStore:
    """One statement per method; what a conflict is about is sealed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, conflict: UpstreamConflict) -> Transaction[str]:
        """Have a conflict wait, if it does not wait already; its id."""
        call = ADD(
            id=conflict.id,
            profile=conflict.profile,
            reason=conflict.reason,
            subject_index=conflict.subject_index,
            account_id=conflict.account_id,
            content=self._vault.encrypt(CONTENT, json.dumps(asdict(conflict.content), ensure_ascii=False)),
            state=OPEN,
            created_at=conflict.created_at,
            decided_by=None,
            decided_at=None,
        )
        added = first((yield call))
        if added is not None:
            return str(added["id"])
        found = first((yield FIND(**_key(conflict))))
        return str(found["id"]) if found else conflict.id

    def was_settled(self, conflict: UpstreamConflict) -> Transaction[bool]:
        """Whether a person has decided about the same before."""
        return bool((yield WAS_SETTLED(**_key(conflict))))

    def waiting(self, most: int) -> Transaction[list[UpstreamConflict]]:
        """What waits, oldest first."""
        return [self._conflict_of(row) for row in (yield WAITING(most=most))]

    def of_account(self, account_id: str) -> Transaction[list[ConflictSummary]]:
        """What waits about an account."""
        rows = yield OF_ACCOUNT(the_account=account_id)
        return [ConflictSummary(row["id"], row["profile"], row["reason"], row["created_at"]) for row in rows]

    def decide(self, conflict_id: str, state: str, actor: str, now: float) -> Transaction[bool]:
        """Close a conflict and forget what it was about; True for the one caller that closed it."""
        decided = {"new_state": state, "actor": actor, "now": now, "nothing": b""}
        return bool((yield DECIDE(the_id=conflict_id, **decided)))

    def dismiss_of_account(self, account_id: str, reason: str, now: float) -> Transaction[None]:
        """The same for all that wait about an account that is no more."""
        decided = {"new_state": DISMISSED, "actor": reason, "now": now, "nothing": b""}
        yield DISMISS_OF_ACCOUNT(the_account=account_id, **decided)

    def _conflict_of(self, row: Row) -> UpstreamConflict:
        content = json.loads(self._vault.decrypt(CONTENT, row["content"]))
        return UpstreamConflict(
            id=row["id"],
            profile=row["profile"],
            reason=row["reason"],
            subject_index=row["subject_index"],
            account_id=row["account_id"],
            created_at=row["created_at"],
            content=ConflictContent(
                kind=content["kind"],
                subject=content["subject"],
                level=content["level"],
                name=content["name"],
                certificate_type=content["certificate_type"],
                certificate_number=content["certificate_number"],
                problem=content.get("problem", ""),  # an earlier release noted none
            ),
        )


def _key(conflict: UpstreamConflict) -> dict[str, object]:
    return {
        "the_profile": conflict.profile,
        "the_subject": conflict.subject_index,
        "the_reason": conflict.reason,
    }
