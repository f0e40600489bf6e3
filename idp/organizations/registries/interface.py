"""What a registry of legal persons offers, whether it answers at once or after somebody has scanned a picture."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from idp.accounts.real_names.authority import Authority


class Holding(StrEnum):
    """As what somebody holds an organisation's licence."""

    REPRESENTATIVE = "LEGAL_REP"
    ADMINISTRATOR = "ADMIN"
    TEMPORARY = "TEMP"


class PictureState(StrEnum):
    """How far a picture has come."""

    CREATED = "CREATED"
    SCANNED = "SCANNED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class RegistryClaim:
    """What somebody says, and who they are by their own real-name login."""

    code: str
    name: str
    holder_name: str = field(repr=False)
    certificate_type: str
    certificate_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a registry vouches for. `certain`: the holder was compared by certificate number, not by name alone."""

    code: str
    name: str
    holding: Holding
    evidence: str
    certain: bool
    holder_name: str | None = field(default=None, repr=False)
    items: tuple[str, ...] = ()
    valid_until: float | None = None


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """The registry says no; `dissolved` where it says that there is no such organisation any more."""

    dissolved: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Something to be scanned: its content, and the ticket by which to ask for the outcome."""

    content: str
    ticket: str
    seconds: int


Outcome = Confirmed | NotConfirmed | PictureState


@runtime_checkable
class LegalPersonRegistry(Protocol):
    """A way to have a legal person confirmed."""

    name: str
    """A word for the record and the pages."""

    async def begin(self, authority: Authority, claim: RegistryClaim) -> Picture | Outcome:
        """Ask. Raises AuthorityUnavailable."""
        ...

    async def outcome(self, authority: Authority, ticket: str) -> Outcome:
        """What became of a picture. Raises AuthorityUnavailable."""
        ...
