"""Every event the product records, and the line that records it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Event(StrEnum):
    """`subject.action`; the only list of event names."""

    LOGIN_SUCCEEDED = "login.succeeded"
    LOGIN_FAILED = "login.failed"
    LOGIN_THROTTLED = "login.throttled"
    SECOND_FACTOR_FAILED = "second_factor.failed"
    SESSION_STEPPED_UP = "session.stepped_up"
    SESSION_ENDED = "session.ended"
    PASSWORD_UPGRADED = "password.upgraded"  # noqa: S105
    PASSWORD_SET = "password.set"  # noqa: S105
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    AUTHORIZATION_GRANTED = "authorization.granted"
    AUTHORIZATION_REFUSED = "authorization.refused"
    TOKEN_ISSUED = "token.issued"  # noqa: S105
    TOKEN_REFRESHED = "token.refreshed"  # noqa: S105
    TOKEN_REFUSED = "token.refused"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    TOKEN_REUSED = "token.reused"  # noqa: S105
    CODE_REPLAYED = "code.replayed"
    CLIENT_REFUSED = "client.refused"
    LOGOUT_DELIVERED = "logout.delivered"
    LOGOUT_UNDELIVERED = "logout.undelivered"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_UNLOCKED = "account.unlocked"
    TOTP_ENROLLED = "totp.enrolled"
    CLIENT_CREATED = "client.created"
    CLIENT_SECRET_ROTATED = "client.secret_rotated"  # noqa: S105
    CLIENT_DISABLED = "client.disabled"
    KEY_CREATED = "key.created"
    KEY_RETIRED = "key.retired"


@dataclass(frozen=True, slots=True)
class Line:
    """One audit line. `detail` holds short facts, never a secret, a certificate number or a phone.

    `address` is the client's network address, `actor` who acted where that is not the account itself.
    """

    event: Event
    account_id: str | None = None
    client_id: str | None = None
    session_id: str | None = None
    address: str | None = None
    actor: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
