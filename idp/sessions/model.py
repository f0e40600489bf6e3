"""A session as it is judged: who, how strongly, how long."""

from dataclasses import asdict, dataclass, field, replace

import orjson

from idp.accounts.model import AccountKind
from idp.organizations.model import Human, Principal

ONE_FACTOR_LEVEL = 2
"""The highest level a login with one factor can claim, whatever the account's real-name level."""

PASSWORD = "pwd"  # noqa: S105
ONE_TIME_PASSWORD = "otp"  # noqa: S105
"""Authentication method references (RFC 8176 §2)."""
HARDWARE_KEY = "hwk"
SOFTWARE_KEY = "swk"
USER_PRESENT = "user"
MULTIPLE = "mfa"
SMS = "sms"
KNOWLEDGE = "kba"
"""Name and whole certificate number, beside something else."""
QR_CODE = "qr"
"""Ours: approved on a device that was logged in."""
UPSTREAM = "upstream"
"""Ours: another identity platform said who it is."""

VERIFIED_LEVEL = 1
"""From this real-name level on, whoever shows no more than a phone is not yet who the account says."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end of the line: network address and what the browser says of itself.

    `device_id` names the browser by the cookie that it was given at its first login.
    """

    address: str
    user_agent: str = ""
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who does something about the own account: by which login, and from where."""

    account_id: str
    session_id: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class SessionLifetimes:
    """Session limits in seconds: without a request, and in all."""

    idle: int
    absolute: int


@dataclass(frozen=True, slots=True)
class Session:
    """A live session with the facts of its account. Instants are Unix seconds; `id` is the public `sid`."""

    id: str
    account_id: str
    name: str
    username: str
    real_name_level: int
    authenticated_at: float
    last_seen_at: float
    amr: tuple[str, ...]
    mandate_id: str | None = None
    principal: Principal | None = None
    """For whom the person acts, by that mandate; None when for themselves."""
    chosen_at: float | None = None
    """When the person last said for whom."""
    certified: bool = False
    """Whether the account has a certificate number, of whatever level by now."""
    security_version: int = 0
    """Of the account, when the session was found: what it does to the account counts for the account as it was."""

    kind: AccountKind = AccountKind.PERSON

    @property
    def is_person(self) -> bool:
        """Whether the account is a person's: nobody else has anything of their own here."""
        return self.kind is AccountKind.PERSON

    @property
    def human(self) -> Human:
        """How sure it is which human is there."""
        if self.is_person:
            return Human.PROVEN
        return self.principal.human if self.principal is not None else Human.NONE

    @property
    def level(self) -> int:
        """The level this session may claim now."""
        return session_level(self.real_name_level, self.amr)

    @property
    def identified(self) -> bool:
        """Whether the account says who the person is: then holding its phone is not being that person."""
        return self.certified or self.real_name_level >= VERIFIED_LEVEL

    @property
    def rests_on_number(self) -> bool:
        """Whether a verified person showed nothing but that they hold the phone: whoever stole it shows the same."""
        return self.identified and holds_phone_only(self.amr)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A live session as its owner sees it; `systems` are client ids with the instants at which they joined."""

    id: str
    address: str
    user_agent: str
    device_id: str | None
    created_at: float
    authenticated_at: float
    last_seen_at: float
    amr: tuple[str, ...]
    principal: Principal | None
    systems: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is stored, open or ended. Instants are Unix seconds; the hash is that of the cookie's value."""

    id: str
    token_hash: bytes = field(repr=False)
    account_id: str
    amr: tuple[str, ...]
    address: str | None
    user_agent: str | None
    device_id: str | None
    mandate_id: str | None
    principal: Principal | None
    chosen_at: float | None
    created_at: float
    authenticated_at: float
    last_seen_at: float
    ended_at: float | None = None

    def acting_for(
        self, principal: Principal | None, session_id: str, token_hash: bytes, now: float
    ) -> "StoredSession":
        """Another session of the same login and no longer lifetime, for a principal, or (None) for oneself."""
        return replace(
            self,
            id=session_id,
            token_hash=token_hash,
            mandate_id=principal.mandate_id if principal else None,
            principal=principal,
            last_seen_at=now,
            chosen_at=now,
            ended_at=None,
        )


@dataclass(frozen=True, slots=True)
class Participant:
    """A system that takes part in a session, since an instant (Unix seconds)."""

    client_id: str
    joined_at: float


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Why sessions ended, from which network address, and who did it where it was not their owner."""

    reason: str
    address: str | None = None
    actor: str | None = None

    def to_json(self) -> str:
        """As it is kept with a session until its systems are told."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> "SessionEnd":
        """What `to_json` made."""
        return cls(**orjson.loads(text))


@dataclass(frozen=True, slots=True)
class UntoldSession:
    """A session that ended without a word to its systems yet, and what is to be said."""

    id: str
    farewell: SessionEnd


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser from which somebody logs in, as long as the account has not forgotten it. Instants are Unix seconds."""

    id: str
    user_agent: str
    address: str
    first_seen_at: float
    last_seen_at: float
    trusted_until: float | None


def holds_phone_only(amr: tuple[str, ...]) -> bool:
    """Whether a login shows a phone and no more. A picture counts as little: a login by SMS may have approved it."""
    return set(amr) <= {SMS, QR_CODE}


def session_level(real_name_level: int, amr: tuple[str, ...]) -> int:
    """The real-name level, as far as the strength of the login carries it."""
    return real_name_level if MULTIPLE in amr else min(real_name_level, ONE_FACTOR_LEVEL)
