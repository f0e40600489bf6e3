"""What comes of somebody whom a platform vouches for: an account, or why not, and what a person has to settle."""

from dataclasses import dataclass
from enum import StrEnum

from idp.accounts.control import ProvenControl
from idp.accounts.model import Account


class ArrivalRefusalReason(StrEnum):
    """Why somebody whom a platform vouches for does not come in; a page for each says what to do."""

    CLOSED = "closed"
    HELD = "held"
    CONFLICT = "conflict"
    CHILD = "child"
    LEVEL = "level"
    NO_CODE = "no_code"
    ORGANIZATION = "organization"
    AGENT = "agent"
    AGENT_EXPIRED = "agent_expired"
    LAPSED = "lapsed"
    BROWSER = "browser"


class Unfit(StrEnum):
    """What does not fit, for whoever settles it."""

    NAME = "name"
    """The certificate is an account's whose name is another."""
    CERTIFICATE = "certificate"
    """The certificate is verified on another account than the one that the subject is linked to."""
    OTHER_IDENTITY = "other_identity"
    """The subject now comes with somebody else's certificate."""
    UNREADABLE = "unreadable"
    """What the platform sends of name or certificate breaks our rule, so that nobody is found or verified by it."""
    REPRESENTATIVE = "representative"
    """The platform and we know different representatives of an organisation."""


@dataclass(frozen=True, slots=True)
class ArrivalRefused:
    """Nobody comes in; `reference` is what the help desk finds the conflict by."""

    why: ArrivalRefusalReason
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """The account that is entered, and whether it is new."""

    account: Account
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The certificate is verified, less strongly, on an account that whoever came has not shown to be theirs."""

    account_id: str


@dataclass(frozen=True, slots=True)
class HolderDecision:
    """What the person says of such an account: theirs, with what they have shown of it; or (None) not theirs."""

    account_id: str | None
    shown: ProvenControl | None = None


NOT_THEIRS = HolderDecision(None)


@dataclass(frozen=True, slots=True)
class LinkingRules:
    """From which level of the platform on a certificate finds its account, and how platforms are called."""

    level: int
    titles: dict[str, str]
