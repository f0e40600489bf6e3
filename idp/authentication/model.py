"""What a step of logging in came to, how a person may want to log in, and why that is not changed."""

from dataclasses import dataclass, field
from enum import StrEnum

from idp.accounts.model import Account, Preference


class Choice(StrEnum):
    """What a person may ask for beyond what policy asks; the words of accounts.login_choices."""

    ALWAYS = "always"
    """The second factor on every device, trusted or not."""
    NO_QR = "no_qr"
    """No login by scanning a picture."""


class FactorRefusal(StrEnum):
    """Why what protects an account is not changed; a word for pages."""

    TOO_WEAK = "too-weak"
    """The session has yet to show more."""
    TOO_FEW = "too-few"
    """Policy wants as many second factors as there are."""
    LAST_WAY = "last-way"
    """Nobody could log in any more."""
    TOO_MANY = "too-many"
    BUSY = "busy"
    """What protects the account was changed since the session was found, or the account was closed."""
    NONE_YET = "none-yet"
    """Recovery codes stand in for a second factor, and there is none."""


class NotAllowed(Exception):
    """The same, where the owner asked for it."""

    def __init__(self, reason: FactorRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Required(StrEnum):
    """Who has to have a second factor; the values of the setting."""

    NOBODY = "nobody"
    STAFF = "staff"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Claimant:
    """Somebody who claims an account (NIST SP 800-63), and what their login must know of it.

    `kinds` are those of the account's authenticators; `is_staff` tells whether it holds any role.
    """

    account: Account
    kinds: frozenset[str]
    is_staff: bool


@dataclass(frozen=True, slots=True)
class LoginRejected:
    """Not logged in; `retry_after` seconds when throttled, else 0."""

    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """The first factor was right; `token` names the login that waits for a second one."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Logged in: the values of the session cookie and of the device cookie, and what the person prefers to see.

    `lacking`: policy wants a second factor of this account, and it has none.
    """

    session_token: str = field(repr=False)
    device: str = field(repr=False)
    preference: Preference
    lacking: bool = False


@dataclass(frozen=True, slots=True)
class LoginOutdated:
    """Not logged in: what was proved counts no more, since what protects the account has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class FactorAnswer:
    """What was typed as a second factor, and whether it is to be asked for on this device again."""

    text: str = field(repr=False)
    trust_device: bool = False


def chosen(text: str | None) -> frozenset[Choice]:
    """The choices in the column."""
    words = (text or "").split()
    return frozenset(choice for choice in Choice if choice.value in words)
