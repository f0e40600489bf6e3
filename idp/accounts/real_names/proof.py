"""What a verification brings: how sure it is, by which method, and where its evidence can be found."""

from dataclasses import dataclass, field
from enum import StrEnum

OPERATOR = "operator"
"""The method of a level that was set at the command line, or came with an imported account."""
HIGHEST_LEVEL = 4


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof of who somebody is.

    `evidence_reference` is the number of a proceeding or a keyed hash: never a certificate number, a picture or what
    a single-use credential held. Name and certificate are brought where the proof is of these.
    """

    level: int
    method: str
    source: str
    evidence_reference: str
    name: str | None = field(default=None, repr=False)
    certificate_type: str | None = None
    certificate_number: str | None = field(default=None, repr=False)
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A proof as it is kept: from when it counts, until when, and how it ended."""

    id: str
    level: int
    method: str
    source: str
    verified_at: float
    expires_at: float | None
    ended_at: float | None
    end_reason: str | None

    def live(self, now: float) -> bool:
        """Whether it counts."""
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class RealNameState:
    """How real an account is: its level, and the keyed hash of its certificate number."""

    level: int
    certificate_index: bytes | None


class NotRecorded(StrEnum):
    """Why a proof cannot be this account's."""

    ALREADY_VERIFIED = "already-verified"
    """The certificate is verified on another account, as strongly or more so: one person has one."""
    OTHER_IDENTITY = "other-identity"
    """The account is verified with another certificate: nobody's account becomes somebody else's."""
    NO_SUCH_ACCOUNT = "no-such-account"
