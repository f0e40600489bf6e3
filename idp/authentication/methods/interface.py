"""What a second factor must offer."""

from typing import Protocol, runtime_checkable

from idp.accounts.authenticator_store import AuthenticatorStore
from idp.accounts.model import Authenticator
from idp.infrastructure.database import Transaction


@runtime_checkable
class SecondFactor(Protocol):
    """A kind of authenticator that a person has beside the password."""

    kind: str
    """The value of authenticators.kind."""
    alone: bool
    """Whether it makes a second factor by itself, or only stands in for another."""
    amr: str
    """The authentication method reference (RFC 8176 §2)."""

    def verify(
        self, store: AuthenticatorStore, authenticator: Authenticator, answer: str, now: float
    ) -> Transaction[bool]:
        """Whether the answer is right, spending it so that it is right only once."""
        ...
