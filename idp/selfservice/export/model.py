"""What other rooms keep about a person, as the person may have it; instants are Unix seconds."""

from dataclasses import dataclass

from idp.organizations.model import Principal


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A login, whether it lasts or is over; `amr` are the methods (RFC 8176), separated by blanks."""

    address: str | None
    user_agent: str | None
    amr: str
    created_at: float
    authenticated_at: float
    last_seen_at: float
    ended_at: float | None
    principal: Principal | None


@dataclass(frozen=True, slots=True)
class KeptDevice:
    """A browser from which the person logged in."""

    user_agent: str
    address: str
    first_seen_at: float
    last_seen_at: float
    trusted_until: float | None
    forgotten_at: float | None


@dataclass(frozen=True, slots=True)
class KeptGrant:
    """What was granted to a system; `scope` as OAuth writes it."""

    client_id: str
    scope: str
    created_at: float
    expires_at: float
    revoked_at: float | None
    principal: Principal | None


@dataclass(frozen=True, slots=True)
class KeptMandate:
    """A mandate that the person gave or has, with the names of both sides; the states are words, of any release."""

    principal_account_id: str | None
    principal_name: str | None
    unified_social_credit_code: str | None
    agent_name: str | None
    relation: str
    role: str
    state: str
    valid_from: float
    valid_until: float | None
    created_at: float
    ended_at: float | None
    end_reason: str | None
    systems: tuple[str, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptLegalPerson:
    """A legal person that the person represents."""

    name: str
    unified_social_credit_code: str
    kind: str
    state: str
    represented_since: float | None


@dataclass(frozen=True, slots=True)
class MergedAccount:
    """An account that became part of the person's."""

    username: str
    created_at: float


@dataclass(frozen=True, slots=True)
class KeptConsent:
    """What the person agreed that a system receives."""

    client_id: str
    scopes: tuple[str, ...]
    granted_at: float


@dataclass(frozen=True, slots=True)
class SystemUse:
    """That a system was entered, or was granted something; `is_open`: it still counts."""

    client_id: str
    scopes: tuple[str, ...]
    first_at: float
    last_at: float
    is_open: bool


@dataclass(frozen=True, slots=True)
class LeftSession:
    """A session that a system was taken out of, and for whom the person acts in it."""

    id: str
    principal: Principal | None
