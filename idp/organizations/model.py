"""Legal persons, mandates, and the one for whom somebody acts: words and rules."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import IntEnum, StrEnum
from typing import Any

from idp.infrastructure import typed
from idp.organizations.protocol import credit_code

DAY = 86_400.0
INVITATION_DAYS = 14
"""How long an invitation can be accepted."""
HELPER_DAYS = 90
"""How long a family helper may act before being asked for again."""
LONGEST_DAYS = 3 * 366
"""No mandate of an agent is longer: whoever left years ago should not act any more because nobody thought of it."""
RENEWAL_DAYS = 366
"""How long an agent's mandate is renewed at most."""
COUNTER_SECONDS = 1800.0
MOST_SYSTEMS = 50
MOST_ITEMS = 50
LONGEST_ITEM = 64
LONGEST_NAME = 100
"""Names of organisations (GB/T 39046 table 12: an..100)."""
ADULT = 18
ALL = ""
"""How an empty list of systems or items is stored: all of them."""


class LegalPersonKind(StrEnum):
    """GB/T 39046-2020 A.4, without 1 自然人."""

    ENTERPRISE = "2"
    INSTITUTION = "3"
    SOCIAL_ORGANISATION = "4"
    AUTHORITY = "5"
    OTHER = "6"


class LegalPersonState(StrEnum):
    """Whether a legal person can be acted for."""

    ACTIVE = "active"
    DISSOLVED = "dissolved"


class Relation(StrEnum):
    """Why somebody may act for somebody else."""

    LEGAL_REPRESENTATIVE = "legal_representative"
    AGENT = "agent"
    GUARDIAN = "guardian"
    FAMILY_HELPER = "family_helper"
    COUNTER = "counter"


class Human(StrEnum):
    """How sure it is which human sits at a login for an organisation."""

    PROVEN = "proven"
    """They logged in with credentials of their own."""
    ASSERTED = "asserted"
    """The organisation's platform names somebody; a password that an office shares names the same."""
    NONE = "none"
    """Nobody is named."""


LOGINS = {"organization_login": Human.ASSERTED, "organization_login_unnamed": Human.NONE}
"""The relations of an organisation's login to its organisation, as sessions, grants and tokens tell them."""


class MandateState(StrEnum):
    """Only an active mandate, within its dates, lets anybody act."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    DECLINED = "declined"
    EXPIRED = "expired"


OPEN = (MandateState.INVITED, MandateState.ACTIVE, MandateState.SUSPENDED)
"""States from which something may still come."""


class Role(StrEnum):
    """What an agent of a legal person may do besides acting."""

    AGENT = "agent"
    ADMINISTRATOR = "administrator"
    """May invite, suspend and revoke agents, within the own scope."""


class Rank(IntEnum):
    """How high somebody stands who decides about a mandate: nobody undoes what somebody above them did.

    An organisation that is an agent stands below the one for which it acts, with all of its people.
    """

    ANYBODY = 0
    """Not a person's decision: whoever may grant the mandate may resume it."""
    LIMITED_ADMINISTRATOR_OF_AGENT = 1
    ADMINISTRATOR_OF_AGENT = 2
    REPRESENTATIVE_OF_AGENT = 3
    LIMITED_ADMINISTRATOR = 4
    ADMINISTRATOR = 5
    PRINCIPAL = 6
    """The legal representative, or the person for whom somebody acts."""


class MandateRefusalReason(StrEnum):
    """Why something about an organisation or a mandate was refused; a word for pages."""

    LEVEL = "level"
    NO_CERTIFICATE = "no-certificate"
    CODE = "code"
    NAME = "name"
    NOT_CONFIRMED = "not-confirmed"
    NOT_THE_HOLDER = "not-the-holder"
    DISSOLVED = "dissolved"
    UNAVAILABLE = "unavailable"
    TOO_OFTEN = "too-often"
    NOT_YOURS = "not-yours"
    PHONE = "phone"
    OWN = "own"
    DATES = "dates"
    SCOPE = "scope"
    UNKNOWN_ORGANIZATION = "unknown-organization"
    OVER = "over"
    CERTIFICATE = "certificate"
    NOT_A_MINOR = "not-a-minor"
    STATEMENT = "statement"


class MandateRefused(Exception):
    """What was asked for cannot be; nothing was changed but the record. `reason` is a word for pages."""

    def __init__(self, reason: MandateRefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Principal:
    """The one for whom a person acts: a legal person, or another natural person.

    `kind` is legal_person or person, `number` a legal person's unified social credit code; empty `systems` and
    `items` mean all of them; `valid_until` in Unix seconds.
    """

    kind: str
    id: str
    name: str
    number: str | None
    relation: str
    mandate_id: str
    systems: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    valid_until: float | None = None

    @property
    def human(self) -> Human:
        """How sure it is who acts."""
        return LOGINS.get(self.relation, Human.PROVEN)

    def to_json(self) -> str:
        """As sessions and grants keep it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Principal":
        """The principal that `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "systems": tuple(fields["systems"]), "items": tuple(fields["items"])})


LEGAL_PERSON = "legal_person"
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a mandate covers: client ids and codes of affair items (empty: all), and until when (None: no end)."""

    systems: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    valid_until: float | None = None

    def within(self, outer: "Scope") -> "Scope":
        """This scope where it lies in another; what is left open takes the other's bounds. Raises Refused."""
        return Scope(
            _within(self.systems, outer.systems),
            _within(self.items, outer.items),
            _earlier(self.valid_until, outer.valid_until),
        )

    def covers(self, inner: "Scope", *, dates: bool) -> bool:
        """Whether another scope lies in this one as it is: what it leaves open must be open here too."""
        if not dates:
            inner, outer = replace(inner, valid_until=None), replace(self, valid_until=None)
        else:
            outer = self
        try:
            return inner.within(outer) == inner
        except MandateRefused:
            return False

    def meet(self, other: "Scope") -> "Scope":
        """What lies in both. Raises Refused (SCOPE) where nothing does: an empty list would mean all."""
        ends = [one for one in (self.valid_until, other.valid_until) if one is not None]
        return Scope(
            _both(self.systems, other.systems),
            _both(self.items, other.items),
            min(ends, default=None),
        )


def _within(wanted: tuple[str, ...], outer: tuple[str, ...]) -> tuple[str, ...]:
    if not outer:
        return wanted
    if not set(wanted) <= set(outer):
        raise MandateRefused(MandateRefusalReason.SCOPE)
    return wanted or outer


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if not one or not other:
        return one or other
    if not (found := tuple(each for each in one if each in other)):
        raise MandateRefused(MandateRefusalReason.SCOPE)
    return found


def _earlier(wanted: float | None, outer: float | None) -> float | None:
    if wanted is None or outer is None:
        return outer if wanted is None else wanted
    if wanted > outer:
        raise MandateRefused(MandateRefusalReason.DATES)
    return wanted


def checked_scope(scope: Scope, now: float) -> Scope:
    """The scope, with duplicates removed, if it keeps the limits; raises Refused."""
    limited = limited_scope(scope, now)
    if isinstance(limited, MandateRefusalReason):
        raise MandateRefused(limited)
    return limited


def limited_scope(scope: Scope, now: float) -> Scope | MandateRefusalReason:
    """The same, or which limit it does not keep."""
    systems, items = _listed(scope.systems), _listed(scope.items)
    if len(systems) > MOST_SYSTEMS or len(items) > MOST_ITEMS:
        return MandateRefusalReason.SCOPE
    # One that is empty must not be dropped: nothing left means everything.
    if any(len(item) > LONGEST_ITEM for item in items) or not all(map(_is_word, (*systems, *items))):
        return MandateRefusalReason.SCOPE
    until = scope.valid_until
    if until is not None and not now < until <= now + LONGEST_DAYS * DAY:
        return MandateRefusalReason.DATES
    return Scope(systems, items, until)


def _listed(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _is_word(part: str) -> bool:
    """As it can be kept beside others: printable, without a space."""
    return part != "" and part.isprintable() and not any(sign.isspace() for sign in part)


def stored(values: Iterable[str]) -> str:
    """A list of systems or items as it is stored."""
    return " ".join(values)


def read(text: str) -> tuple[str, ...]:
    """A list of systems or items from the store."""
    return tuple(text.split())


def checked_code(text: str) -> str:
    """A unified social credit code as it is stored; raises Refused."""
    code = typed.credit_code(text)
    if not credit_code.is_valid(code):
        raise MandateRefused(MandateRefusalReason.CODE)
    return code


def checked_organisation_name(text: str) -> str:
    """An organisation's name as it is stored: full width brackets, no blanks around; raises Refused."""
    name = typed.line(text).replace("(", "（").replace(")", "）")
    if not 2 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise MandateRefused(MandateRefusalReason.NAME)
    return name
