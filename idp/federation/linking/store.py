"""The table of links: which subject of a platform is which account or legal person; rows are ended, never removed."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)

from idp.accounts.model import Account
from idp.accounts.store import account_of, accounts
from idp.federation.model import LinkHistory, UpstreamLink
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.vault import Vault

upstream_identities = Table(
    "upstream_identities",
    metadata,
    Column("id", Text, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject_index", LargeBinary, nullable=False),
    Column("subject", Sealed, nullable=False),
    Column("account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("legal_person_id", Text, ForeignKey("legal_persons.id")),
    Column("level", Integer, nullable=False),
    Column("level_source", Text, nullable=False),
    Column("linked_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("end_reason", Text),
)
_c = upstream_identities.c
_live = _c.ended_at.is_(None)
# A subject is one account's at a time, whoever comes at the same moment.
Index(
    "uq_upstream_identities_live",
    _c.profile,
    _c.subject_index,
    unique=True,
    postgresql_where=_live,
    sqlite_where=_live,
)

SUBJECT = "upstream_identities.subject"
_id = bindparam("the_id", type_=Text)
_account = bindparam("the_account", type_=Text)
_into = bindparam("the_other", type_=Text)
_profile = bindparam("the_profile", type_=Text)
_subject = bindparam("the_subject", type_=LargeBinary)
_now = bindparam("now", type_=Instant())
_ended = {"ended_at": _now, "end_reason": bindparam("reason", type_=Text)}
_is_this = (_c.profile == _profile, _c.subject_index == _subject, _live)

ADD = Statement(insert(upstream_identities))
LIVE = Statement(select(upstream_identities).where(*_is_this))
SEEN = Statement(
    update(upstream_identities)
    .where(_c.id == _id, _live)
    .values(
        last_seen_at=_now,
        level=bindparam("new_level", type_=Integer),
        level_source=bindparam("new_source", type_=Text),
    )
    .returning(_c.id),
    lock_key="the_id",
)
END = Statement(
    update(upstream_identities).where(*_is_this).values(**_ended).returning(upstream_identities),
    lock_key="the_subject",
)
END_OTHERS = Statement(
    update(upstream_identities)
    .where(
        _c.account_id == _account,
        _c.profile == _profile,
        _c.kind == bindparam("the_kind", type_=Text),
        _c.subject_index != _subject,
        _live,
    )
    .values(**_ended)
    .returning(upstream_identities),
    lock_key="the_account",
)
END_ONE = Statement(
    update(upstream_identities)
    .where(_c.id == _id, _c.account_id == _account, _live)
    .values(**_ended)
    .returning(upstream_identities),
    lock_key="the_id",
)
END_OF_ACCOUNT = Statement(
    update(upstream_identities)
    .where(_c.account_id == _account, _c.linked_at >= bindparam("since", type_=Instant()), _live)
    .values(**_ended)
    .returning(_c.id),
    lock_key="the_account",
)
END_UNSHOWN = Statement(
    update(upstream_identities)
    .where(
        _c.account_id == _account,
        _c.last_seen_at < bindparam("since", type_=Instant()),
        _c.level < bindparam("the_level", type_=Integer),
        _live,
    )
    .values(**_ended)
    .returning(_c.id),
    lock_key="the_account",
)
# Who is gone is nobody there any more: the name that the platform had for them goes too.
WIPE = Statement(
    update(upstream_identities)
    .where(_c.account_id == _account)
    .values(subject=bindparam("nothing", type_=LargeBinary)),
    lock_key="the_account",
)
MOVE = Statement(
    update(upstream_identities)
    .where(_c.account_id == _account, _live)
    .values(account_id=_into)
    .returning(_c.id),
    lock_key="the_account",
)
MOVE_BACK = Statement(
    update(upstream_identities)
    .where(_c.id == _id, _c.account_id == _into, _live)
    .values(account_id=_account),
    lock_key="the_id",
)
OF_ACCOUNT = Statement(
    select(upstream_identities).where(_c.account_id == _account, _live).order_by(_c.linked_at, _c.id)
)
EVER_OF_ACCOUNT = Statement(
    select(_c.profile, _c.kind, _c.level, _c.linked_at, _c.last_seen_at, _c.ended_at, _c.end_reason)
    .where(_c.account_id == _account)
    .order_by(_c.linked_at, _c.id)
)
# Whose verified certificate this is. One that somebody merely wrote down proves nothing.
HOLDER = Statement(
    select(accounts).where(
        accounts.c.certificate_index == bindparam("the_index", type_=LargeBinary),
        accounts.c.certificate_type == bindparam("the_type", type_=Text),
        accounts.c.real_name_level > bindparam("nothing_proved", type_=Integer),
        accounts.c.state != bindparam("merged", type_=Text),
    )
)
# Whose certificate it was by the word of the same platform, before that link ended; whom an administrator had
# settled to be somebody else is nobody's again.
FORMER = Statement(
    select(accounts)
    .join(upstream_identities, _c.account_id == accounts.c.id)
    .where(
        accounts.c.certificate_index == bindparam("the_index", type_=LargeBinary),
        accounts.c.certificate_type == bindparam("the_type", type_=Text),
        accounts.c.state != bindparam("merged", type_=Text),
        _c.profile == _profile,
        _c.ended_at.is_not(None),
        _c.end_reason != bindparam("settled", type_=Text),
    )
    .order_by(_c.ended_at.desc())
    .limit(literal_column("1", Integer))
)


class LinkStore:
    """One statement per method. `index` is the keyed hash under which a subject is found."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def index(self, kind: str, subject: str) -> bytes:
        """The keyed hash of a subject of a kind."""
        return self._vault.blind_index(SUBJECT, f"{kind}:{subject}")

    def add(self, link: UpstreamLink, subject: str) -> Transaction[None]:
        """Link a subject; raises Conflict where it is linked already."""
        yield ADD(
            id=link.id,
            profile=link.profile,
            kind=link.kind,
            subject_index=link.subject_index,
            subject=self._vault.encrypt(SUBJECT, subject),
            account_id=link.account_id,
            legal_person_id=link.legal_person_id,
            level=link.level,
            level_source=link.level_source,
            linked_at=link.linked_at,
            last_seen_at=link.last_seen_at,
            ended_at=None,
            end_reason=None,
        )

    def live(self, profile: str, index: bytes) -> Transaction[UpstreamLink | None]:
        """The link of a subject."""
        return first_as(_link_of, (yield LIVE(the_profile=profile, the_subject=index)))

    def seen(self, link_id: str, level: int, level_source: str, now: float) -> Transaction[bool]:
        """Note that somebody came by a link; False where it has ended meanwhile."""
        call = SEEN(the_id=link_id, new_level=level, new_source=level_source, now=now)
        return bool((yield call))

    def end(self, profile: str, index: bytes, reason: str, now: float) -> Transaction[UpstreamLink | None]:
        """End the link of a subject; the link for the one caller that ended it."""
        return first_as(_link_of, (yield END(the_profile=profile, the_subject=index, reason=reason, now=now)))

    def end_others(
        self, account_id: str, link: UpstreamLink, reason: str, now: float
    ) -> Transaction[list[UpstreamLink]]:
        """End the account's links of the same platform and kind to other subjects."""
        call = END_OTHERS(
            the_account=account_id,
            the_profile=link.profile,
            the_kind=link.kind,
            the_subject=link.subject_index,
            reason=reason,
            now=now,
        )
        return [_link_of(row) for row in (yield call)]

    def end_one(
        self, account_id: str, link_id: str, reason: str, now: float
    ) -> Transaction[UpstreamLink | None]:
        """End a link of an account."""
        call = END_ONE(the_id=link_id, the_account=account_id, reason=reason, now=now)
        return first_as(_link_of, (yield call))

    def end_of_account(self, account_id: str, since: float, reason: str, now: float) -> Transaction[int]:
        """End the links that an account got since an instant; how many."""
        call = END_OF_ACCOUNT(the_account=account_id, since=since, reason=reason, now=now)
        return len((yield call))

    def end_unshown(
        self, account_id: str, since: float, level: int, reason: str, now: float
    ) -> Transaction[int]:
        """End the links below a level by which nobody has come since an instant; how many."""
        call = END_UNSHOWN(the_account=account_id, since=since, the_level=level, reason=reason, now=now)
        return len((yield call))

    def wipe(self, account_id: str) -> Transaction[None]:
        """Forget under which names platforms knew an account."""
        yield WIPE(the_account=account_id, nothing=b"")

    def move(self, account_id: str, into: str) -> Transaction[list[str]]:
        """Give an account's links to another account; their ids."""
        return [row["id"] for row in (yield MOVE(the_account=account_id, the_other=into))]

    def move_back(self, link_id: str, account_id: str, into: str) -> Transaction[None]:
        """Return a link that was moved."""
        yield MOVE_BACK(the_id=link_id, the_account=account_id, the_other=into)

    def ever_of_account(self, account_id: str) -> Transaction[list[LinkHistory]]:
        """The links that an account has or had, without what the platform calls the person."""
        return [_history_of(row) for row in (yield EVER_OF_ACCOUNT(the_account=account_id))]

    def of_account(self, account_id: str) -> Transaction[list[UpstreamLink]]:
        """The live links of an account, oldest first."""
        return [_link_of(row) for row in (yield OF_ACCOUNT(the_account=account_id))]

    def holder(self, type_: str, index: bytes) -> Transaction[Account | None]:
        """The account on which a certificate is verified."""
        call = HOLDER(the_index=index, the_type=type_, nothing_proved=0, merged="merged")
        return first_as(account_of, (yield call))

    def former(self, profile: str, type_: str, index: bytes) -> Transaction[Account | None]:
        """The account that last came by a platform with a certificate, by a link that has ended."""
        call = FORMER(
            the_profile=profile, the_index=index, the_type=type_, merged="merged", settled="settled"
        )
        return first_as(account_of, (yield call))


def _link_of(row: Row) -> UpstreamLink:
    return UpstreamLink(
        id=row["id"],
        profile=row["profile"],
        kind=row["kind"],
        subject_index=row["subject_index"],
        level=row["level"],
        level_source=row["level_source"],
        linked_at=row["linked_at"],
        last_seen_at=row["last_seen_at"],
        account_id=row["account_id"],
        legal_person_id=row["legal_person_id"],
    )


def _history_of(row: Row) -> LinkHistory:
    return LinkHistory(
        profile=row["profile"],
        kind=row["kind"],
        level=row["level"],
        linked_at=row["linked_at"],
        last_seen_at=row["last_seen_at"],
        ended_at=row["ended_at"],
        end_reason=row["end_reason"],
    )
