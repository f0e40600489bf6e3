"""A session as it is judged: who, how strongly, how long."""

from dataclasses import dataclass

ONE_FACTOR_LEVEL = 2
"""The highest level a login with one factor can claim, whatever the account's real-name level."""

PASSWORD = "pwd"  # noqa: S105
ONE_TIME_PASSWORD = "otp"  # noqa: S105
"""Authentication method references (RFC 8176 §2)."""
MULTIPLE = "mfa"


@dataclass(frozen=True, slots=True)
class Lifetimes:
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

    @property
    def level(self) -> int:
        """The level this session may claim now."""
        return session_level(self.real_name_level, self.amr)


def session_level(real_name_level: int, amr: tuple[str, ...]) -> int:
    """The real-name level, as far as the strength of the login carries it."""
    return real_name_level if MULTIPLE in amr else min(real_name_level, ONE_FACTOR_LEVEL)


def masked_name(name: str) -> str:
    """A name as it may be shown to whoever looks at the screen: 张三 → *三; by characters, not bytes."""
    return "*" * (len(name) - 1) + name[-1] if len(name) > 1 else "*"
