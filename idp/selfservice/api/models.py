"""What the interface says and hears. Instants are RFC 3339 in UTC; masked numbers are masked by characters."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator

from idp.infrastructure.typed import is_readable


class Said(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True)


class Heard(BaseModel):
    """What we are sent: nothing but what is described."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        """No NUL and no half of a surrogate pair: not every database can keep or look one up."""
        parts = value if isinstance(value, list | tuple) else (value,)
        if any(isinstance(part, str) and not is_readable(part) for part in parts):
            raise ValueError("unreadable")
        return value


class Person(Said):
    """The own record; `attention` names what to look at."""

    id: str
    name: str
    username: str
    real_name_level: Annotated[int, Field(ge=0, le=4)]
    certificate_type: str | None
    certificate_masked: str | None
    phone_masked: str | None
    phone_verified: bool
    email: str | None
    address: str | None
    language: str
    elder_mode: bool
    created_at: datetime
    closes_at: datetime | None
    attention: list[str]


class Contact(Heard):
    """Mail and postal address; empty removes."""

    email: Annotated[str, Field(max_length=254)] = ""
    address: Annotated[str, Field(max_length=200)] = ""


class Display(Heard):
    """How pages and messages are shown."""

    language: Literal["zh-CN", "en"]
    elder_mode: StrictBool


class PhoneAsked(Heard):
    """A new phone, to be proved."""

    phone: Annotated[str, Field(max_length=20)]


class PhoneProved(PhoneAsked):
    """A new phone with the code that was sent to it."""

    code: Annotated[str, Field(max_length=20)]


class Joined(Said):
    """A system that was entered with a login."""

    client_id: str
    name: str
    joined_at: datetime


class Login(Said):
    """A live login; `current`: the one that this token came of."""

    id: str
    current: bool
    browser: str
    address: str
    authenticated_at: datetime
    last_seen_at: datetime
    principal: str | None
    systems: list[Joined]


class Device(Said):
    """A device that the person used."""

    id: str
    browser: str
    address: str
    first_seen_at: datetime
    last_seen_at: datetime
    trusted_until: datetime | None


class UsedSystem(Said):
    """A system; `active`: it may still receive what `scopes` say."""

    client_id: str
    name: str
    uri: str | None
    scopes: list[str]
    consented_at: datetime | None
    first_used_at: datetime | None
    last_used_at: datetime | None
    active: bool


class Link(Said):
    """A platform by which the person comes in; `title` in the language of the request."""

    id: str
    platform: str
    title: str
    linked_at: datetime
    last_seen_at: datetime


class QrLogin(Said):
    """A login that a computer began; `choices` are numbers, of which one stands on its screen."""

    id: str
    choices: list[int]
    browser: str
    address: str
    begun_at: datetime


class QrDecision(Heard):
    """The number that stands on the computer's screen; null refuses."""

    number: Annotated[int, Field(strict=True, ge=0, le=999)] | None


class QrDecided(Said):
    """Whether the computer is let in; a wrong number refuses for good."""

    approved: bool


class Happening(Said):
    """A security event, in the language of the request."""

    id: str
    at: datetime
    event: str
    title: str
    system: str | None
    address: str | None
    notes: list[str]
    alarming: bool


class Happenings(Said):
    """A page of events, latest first; `before` leads to the next one."""

    events: list[Happening]
    before: str | None


class Correction(Said):
    """A wish to have wrong data put right."""

    id: str
    wanted: str
    state: str
    asked_at: datetime
    answer: str
    decided_at: datetime | None


class Wish(Heard):
    """What is wrong, and what it should be."""

    wanted: Annotated[str, Field(min_length=1, max_length=500)]


class Cancellation(Said):
    """Whether the account is being given up, and what stands against it."""

    closes_at: datetime | None
    cooling_days: int
    obstacles: list[str]


class Confirmation(Heard):
    """The own username, typed once more."""

    username: Annotated[str, Field(max_length=50)]


class Ended(Said):
    """How many."""

    ended: int


def at(instant: float) -> datetime:
    """An instant as it is said, to the second."""
    return datetime.fromtimestamp(int(instant), UTC)


def at_or_none(instant: float | None) -> datetime | None:
    """The same for what may not have happened."""
    return None if instant is None else at(instant)
