"""What the provider keeps: a code for a minute, a grant for as long as it is used."""

from dataclasses import dataclass
from typing import Any

from idp.accounts.model import AccountKind
from idp.organizations.model import Principal
from idp.sessions.model import session_level


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """Lifetimes in seconds."""

    code: int = 60
    access_token: int = 300
    id_token: int = 600
    refresh_idle: int = 30 * 86_400
    refresh_absolute: int = 180 * 86_400
    refresh_grace: int = 10
    """In this window after a rotation the same request gets the same successor (tabs, lost answers)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who logged in and how, and for whom they act: `principal` is a JSON document, None when for themselves.

    `authenticated_at` in Unix seconds.
    """

    account_id: str
    session_id: str
    authenticated_at: float
    amr: tuple[str, ...]
    level: int
    mandate_id: str | None = None
    principal: str | None = None

    @property
    def represented(self) -> Principal | None:
        """For whom they act."""
        return None if self.principal is None else Principal.from_json(self.principal)

    @property
    def principal_id(self) -> str | None:
        """The id of the one for whom they act, for the record."""
        represented = self.represented
        return represented.id if represented else None


@dataclass(frozen=True, slots=True)
class Code:
    """What an authorization code stands for."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    subject: Subject

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "Code":
        """A code as the key-value store keeps it, a JSON object of its fields."""
        subject = fields["subject"]
        return cls(
            **{
                **fields,
                "scopes": tuple(fields["scopes"]),
                "subject": Subject(**{**subject, "amr": tuple(subject["amr"])}),
            }
        )


def level_now(issued: int, real_name_level: int | None, amr: tuple[str, ...]) -> int:
    """The level that a grant carries now: what it was issued at, as far as its account still has that."""
    return min(issued, session_level(real_name_level or 0, amr))


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Whose access token it is: what may be told of the account, and the `amr` and level that its grant was issued at.

    Certificate number, phone, mail and address are sealed; `AccountStore.reveal` opens them. Instants are Unix seconds.
    """

    id: str
    username: str
    name: str
    kind: AccountKind
    certificate_type: str | None
    certificate_number: bytes | None
    phone: bytes | None
    phone_verified_at: float | None
    email: bytes | None
    address: bytes | None
    real_name_level: int
    language: str | None
    security_version: int
    updated_at: float
    amr: tuple[str, ...]
    level_at_issue: int

    @property
    def level(self) -> int:
        """The level that the token carries now."""
        return level_now(self.level_at_issue, self.real_name_level, self.amr)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person granted to a client: the family of all tokens that come of one code."""

    id: str
    client_id: str
    scopes: tuple[str, ...]
    subject: Subject
    generation: int
    rotated_at: float
    expires_at: float
    revoked: bool

    @property
    def offline(self) -> bool:
        """Outlives the session (OpenID Connect Core §11)."""
        return "offline_access" in self.scopes


@dataclass(frozen=True, slots=True)
class RevokedGrant:
    """Whose grant it was that this caller has revoked, of which client; None where the account or session is gone."""

    client_id: str
    account_id: str | None
    session_id: str | None
    principal_id: str | None
