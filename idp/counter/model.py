"""Words and rules of the counter: what is asked for, what becomes of it, what staff may see of a person."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

LEVEL = 4
"""The real-name level that two members of staff who saw person and document can attest."""
METHOD, SOURCE = "counter", "counter"
REQUEST_SECONDS = 86_400.0
"""A request is confirmed on the day on which the person is there."""
RECOVERY_WAIT_SECONDS = 86_400.0
"""How long a recovery rests that no supervisor confirmed: the owner is told, and can object meanwhile."""
DRAFT_SECONDS = 1800.0
VISIT_SECONDS = 1800.0
"""How long somebody who was looked up can be served without being looked up again."""
DUE_SECONDS = 60.0
"""How often it is looked whether something has become due."""


class RequestKind(StrEnum):
    """What one member of staff begins and another decides."""

    VERIFY = "verify"
    RECOVER = "recover"
    GUARDIAN = "guardian"
    MERGE = "merge"
    UNMERGE = "unmerge"
    LINK = "link"
    RELEASE = "release"
    THAW = "thaw"
    REVIVE = "revive"
    DECEASED = "deceased"
    FREEZE = "freeze"
    SECURE = "secure"


SUPERVISED = frozenset(
    {
        RequestKind.MERGE,
        RequestKind.UNMERGE,
        RequestKind.LINK,
        RequestKind.REVIVE,
        RequestKind.DECEASED,
        RequestKind.FREEZE,
        RequestKind.SECURE,
    }
)
"""Of the two at least one is a supervisor. `freeze` and `secure` are requests where a member of staff is concerned."""


class LookUpReason(StrEnum):
    """Why somebody is looked up; a word for the record."""

    PRESENT = "present"
    REPORTED = "reported"
    CORRECTION = "correction"
    ORDERED = "ordered"


class Disclosure(StrEnum):
    """Why whoever confirms a request looks at whole numbers; a word for the record."""

    COMPARE = "compare"
    MISMATCH = "mismatch"
    QUERY = "query"


class Papers(StrEnum):
    """By what a guardian is known (民法典 §27, §31); a word for the record."""

    HOUSEHOLD_REGISTER = "household-register"
    BIRTH_CERTIFICATE = "birth-certificate"
    APPOINTMENT = "appointment"


class RequestState(StrEnum):
    """Where a request stands. `waiting`: a recovery was confirmed and takes effect later."""

    PENDING = "pending"
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Hindrance(StrEnum):
    """Why something is not done at the counter; a word for the page (`idp.counter.texts`)."""

    CERTIFICATE_KNOWN = "certificate-known"
    PHONE_TAKEN = "phone-taken"
    CLOSED = "closed"
    OWN_ACCOUNT = "own-account"
    OTHER_CERTIFICATE = "other-certificate"
    NEVER_VERIFIED = "never-verified"
    NOT_YOURS = "not-yours-to-confirm"
    ALREADY_OPEN = "already-open"
    NAME_DIFFERS = "name-differs"
    WHY = "why"
    TYPED_NAME = "typed-name"
    DECIDED = "decided"
    ALREADY_VERIFIED = "already-verified"
    NOT_FOUND = "not-found"
    NOT_SEEN = "not-seen"
    CODE = "code"
    NOT_TYPED = "not-typed"
    WAIT = "wait"
    DRAFT = "draft"
    REASON = "reason"
    UNCHANGED = "unchanged"
    SAME = "same"
    CERTIFICATE = "certificate"
    CHANGED = "changed"
    LATE = "late"
    NAME = "name"
    CERTIFICATE_NUMBER = "certificate-number"
    PHONE = "phone"
    NOT_A_MINOR = "not-a-minor"
    GUARDIAN = "guardian"
    GUARDED = "guarded"
    PAPERS = "papers"
    MANDATE = "mandate"


class CounterRefusal(Exception):
    """It cannot be done; the text is a word of `Hindrance`."""


@dataclass(frozen=True, slots=True)
class CounterClaim:
    """What the person's document and phone say; sealed while it waits, wiped when it is decided."""

    name: str | None = None
    certificate_type: str | None = None
    certificate_number: str | None = None
    phone: str | None = None
    elder_mode: bool = False
    guardian_id: str | None = None
    guardian: str | None = None
    """Name and masked number, for whoever confirms."""
    papers: str | None = None
    opened: bool = False
    """Whether the account was opened in this very act, for the person who is present."""
    reason: str | None = None
    subject: str | None = None
    """The other account, the merge or the conflict."""
    other: str | None = None
    """The other side, for whoever confirms."""
    keep: dict[str, str] | None = None
    seen: dict[str, float] | None = None
    """When each account had last been changed as it was looked at."""

    def to_json(self) -> dict[str, Any]:
        """As it is sealed."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "CounterClaim":
        """What `to_json` made; other fields are left out."""
        return cls(**{name: fields.get(name) for name in cls.__slots__})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class CounterRequest:
    """What one member of staff asked for; instants are Unix seconds, `division` where whoever began it works."""

    id: str
    kind: RequestKind
    account_id: str
    state: RequestState
    begun_by: str
    begun_at: float
    claim: CounterClaim = field(repr=False)
    decided_by: str | None
    decided_at: float | None
    division: str | None

    @property
    def both(self) -> str:
        """The two members of staff, for the record, once it was decided."""
        return f"{self.begun_by}+{self.decided_by}"


@dataclass(frozen=True, slots=True)
class OpenRequest(CounterRequest):
    """A request that waits, beside what the record says of the account, and the name of whoever began it."""

    name: str
    username: str
    real_name_level: int
    certificate_type: str | None
    certificate_number: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    begun_by_name: str


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that was refused, given up or has lapsed; `kind` is a word of `RequestKind`, or of a later release."""

    id: str
    account_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A request as the owner of the account may know it; `kind` and `state` are words, of a later release too."""

    kind: str
    state: str
    begun_at: float
    decided_at: float | None
    division: str | None


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody whom a request is about or whom it profits: an account, or a certificate number as it is looked for."""

    account_id: str | None = None
    certificate_index: bytes | None = None


@dataclass(frozen=True, slots=True)
class CounterPerson:
    """What staff see of an account."""

    id: str
    name: str
    username: str
    state: str
    level: int
    certificate_type: str | None
    certificate: str
    phone: str
    closes_at: float | None
    reason: str | None
