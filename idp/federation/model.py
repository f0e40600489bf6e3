"""What comes back from an upstream platform, in our own words whatever the platform calls it."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from idp.organizations.model import Human


class UserType(StrEnum):
    """Who logged in there: a natural person for themselves, or somebody for a legal person."""

    PERSON = "person"
    LEGAL = "legal"


class Channel(StrEnum):
    """Where the person's browser is: platforms have an entrance for each."""

    PC = "pc"
    H5 = "h5"
    APP = "app"
    MINI_PROGRAM = "mini_program"


class LoginFailureReason(StrEnum):
    """Why nobody came in; a page for each says what to do."""

    TICKET_EXPIRED = "ticket_expired"
    TICKET_USED = "ticket_used"
    WRONG_APP = "wrong_app"
    WRONG_SIGNATURE = "wrong_signature"
    CLOCK = "clock"
    CONFIGURATION = "configuration"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    NO_TICKET = "no_ticket"
    UNAVAILABLE = "unavailable"
    MALFORMED = "malformed"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Failure:
    """A login that did not come about. `step` is where, `subject` whose account is gone where the platform says so.

    `detail` helps whoever tries a profile out; where it is the platform's own words it may name a person.
    """

    reason: LoginFailureReason
    step: str = ""
    detail: str = ""
    subject: str = field(default="", repr=False)
    answered: bool = field(default=False, compare=False)
    """Whether something came back that is of no use, to a question that holds what somebody brought."""

    @property
    def safe_detail(self) -> str:
        """As much of the detail as may be kept: our own words, and of the platform's only that they were the same."""
        if self.reason is not LoginFailureReason.REFUSED or not self.detail:
            return self.detail
        return hashlib.sha256(self.detail.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class UpstreamPerson:
    """A natural person as the platform describes them; empty where it says nothing. `certificate_type` is ours."""

    name: str = ""
    certificate_type: str = ""
    certificate_number: str = field(default="", repr=False)
    mobile: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    sex: str = ""
    birth_date: str = ""
    nation: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class UpstreamAgent:
    """The natural person who acts for the legal person: its representative, or somebody it sent."""

    person: UpstreamPerson
    relation: str = "agent"
    scope: tuple[str, ...] = ()
    valid_until: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamOrganization:
    """A legal person as the platform describes it; `kind` is GB/T 39046 A.4."""

    name: str = ""
    unified_social_credit_code: str = ""
    organization_code: str = ""
    kind: str = ""
    registered_address: str = ""
    representative: UpstreamPerson = UpstreamPerson()


@dataclass(frozen=True, slots=True)
class UpstreamIdentity:
    """Somebody the platform vouches for. `subject` is its stable id for them, `level` is ours, 0–4.

    `level_source` is what the platform itself said, `answer_digest` SHA-256 of its last answer, `token` what it
    gave us to speak on with (for a ticket to another application), never stored, `human` how sure the profile is that
    whoever is named is there.
    """

    profile: str
    subject: str
    user_type: UserType
    level: int
    level_source: str = ""
    person: UpstreamPerson = UpstreamPerson()
    organization: UpstreamOrganization | None = None
    agent: UpstreamAgent | None = None
    answer_digest: str = ""
    token: str = field(default="", repr=False)
    human: Human = Human.PROVEN


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call to a platform, as it may be kept: where to, how it went; never a value of what was said."""

    profile: str
    step: str
    method: str
    host: str
    path: str
    status: int
    milliseconds: int
    outcome: str
    answer_digest: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeRecord:
    """A call as it was kept, in the words of `Exchange`: `answer_digest` hashed anew, `at` in Unix seconds, signed."""

    id: str
    profile: str
    step: str
    method: str
    host: str
    path: str
    status: int
    milliseconds: int
    outcome: str
    answer_digest: bytes
    at: float
    signature: bytes


@dataclass(frozen=True, slots=True)
class UpstreamLink:
    """Which account or legal person here a platform's subject is; `kind` tells which of the platform's subjects.

    `subject_index` is the keyed hash under which the subject is found, `level` what the platform vouched for last,
    `level_source` its own word for that; instants are Unix seconds.
    """

    id: str
    profile: str
    kind: str
    subject_index: bytes = field(repr=False)
    level: int
    level_source: str
    linked_at: float
    last_seen_at: float
    account_id: str | None = None
    legal_person_id: str | None = None


@dataclass(frozen=True, slots=True)
class LinkHistory:
    """A link that an account has or had, as its owner may know it: without what the platform calls the person."""

    profile: str
    kind: str
    level: int
    linked_at: float
    last_seen_at: float
    ended_at: float | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class ConflictContent:
    """What the platform said of whom nobody here can be told to be; `problem` is the rule of ours that it breaks."""

    kind: str
    subject: str = field(repr=False)
    level: int
    name: str = field(repr=False)
    certificate_type: str
    certificate_number: str = field(repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamConflict:
    """What does not fit and waits for a person; `reason` is a word of `outcomes.Unfit`, or of a later release."""

    id: str
    profile: str
    reason: str
    subject_index: bytes = field(repr=False)
    account_id: str | None
    created_at: float
    content: ConflictContent

    @property
    def reference(self) -> str:
        """What the person was told."""
        return reference(self.id)


def reference(conflict_id: str) -> str:
    """How a conflict is named to the person and at the help desk."""
    return conflict_id[-8:].upper()


@dataclass(frozen=True, slots=True)
class ConflictSummary:
    """That something waits about an account, as its owner may know it."""

    id: str
    profile: str
    reason: str
    created_at: float
