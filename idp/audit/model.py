"""Every event the product records, and the line that records it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
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
    REFUSALS_SUMMED = "refusals.summed"
    LOGOUT_DELIVERED = "logout.delivered"
    LOGOUT_UNDELIVERED = "logout.undelivered"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_UNLOCKED = "account.unlocked"
    ACCOUNT_REGISTERED = "account.registered"
    ACCOUNT_FROZEN = "account.frozen"
    ACCOUNT_THAWED = "account.thawed"
    ACCOUNT_DECEASED = "account.deceased"
    ACCOUNT_MERGED = "account.merged"
    ACCOUNT_JOINED = "account.joined"
    ACCOUNT_MERGE_UNDONE = "account.merge_undone"
    ACCOUNT_PARTED = "account.parted"
    ACCOUNT_SECURED = "account.secured"
    ACCOUNT_BOUND = "account.bound"
    ACCOUNT_EXPORTED = "account.exported"
    CANCELLATION_REQUESTED = "cancellation.requested"
    CANCELLATION_UNDONE = "cancellation.undone"
    ACCOUNT_CANCELLED = "account.cancelled"
    CORRECTION_REQUESTED = "correction.requested"
    NAME_CHANGED = "name.changed"
    PHONE_CHANGED = "phone.changed"
    PHONE_RELEASED = "phone.released"
    EMAIL_CHANGED = "email.changed"
    REAL_NAME_RAISED = "real_name.raised"
    REAL_NAME_LOWERED = "real_name.lowered"
    REAL_NAME_REFUSED = "real_name.refused"
    REAL_NAME_CONTESTED = "real_name.contested"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    METHODS_CHOSEN = "methods.chosen"
    RECOVERY_COMPLETED = "recovery.completed"
    RECOVERY_REFUSED = "recovery.refused"
    DEVICE_TRUSTED = "device.trusted"
    DEVICE_FORGOTTEN = "device.forgotten"
    QR_LOGIN_APPROVED = "qr_login.approved"
    QR_LOGIN_REFUSED = "qr_login.refused"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    MESSAGE_SENT = "message.sent"
    MESSAGE_UNDELIVERED = "message.undelivered"
    LEGAL_PERSON_BOUND = "legal_person.bound"
    LEGAL_PERSON_REFUSED = "legal_person.refused"
    LEGAL_PERSON_DISSOLVED = "legal_person.dissolved"
    REPRESENTATIVE_CHANGED = "representative.changed"
    MANDATE_INVITED = "mandate.invited"
    MANDATE_ACCEPTED = "mandate.accepted"
    MANDATE_DECLINED = "mandate.declined"
    MANDATE_SUSPENDED = "mandate.suspended"
    MANDATE_RESUMED = "mandate.resumed"
    MANDATE_RENEWED = "mandate.renewed"
    MANDATE_REVOKED = "mandate.revoked"
    MANDATE_EXPIRED = "mandate.expired"
    REPRESENTATION_BEGUN = "representation.begun"
    REPRESENTATION_ENDED = "representation.ended"
    UPSTREAM_LINKED = "upstream.linked"
    UPSTREAM_UNLINKED = "upstream.unlinked"
    UPSTREAM_REFUSED = "upstream.refused"
    UPSTREAM_CONFLICT = "upstream.conflict"
    UPSTREAM_SETTLED = "upstream.settled"
    UPSTREAM_HANDED_ON = "upstream.handed_on"
    ROLE_GRANTED = "role.granted"
    ROLE_WITHDRAWN = "role.withdrawn"
    COUNTER_REQUESTED = "counter.requested"
    COUNTER_CONFIRMED = "counter.confirmed"
    COUNTER_REFUSED = "counter.refused"
    COUNTER_LOOKED_UP = "counter.looked_up"
    COUNTER_NUMBER_SHOWN = "counter.number_shown"
    TOTP_ENROLLED = "totp.enrolled"
    CLIENT_CREATED = "client.created"
    CLIENT_SECRET_ROTATED = "client.secret_rotated"  # noqa: S105
    CLIENT_DISABLED = "client.disabled"
    KEY_CREATED = "key.created"
    KEY_RETIRED = "key.retired"
    KEY_REVOKED = "key.revoked"
    RESTORE_FINISHED = "restore.finished"
    MASTER_SECRET_CHANGED = "master_secret.changed"  # noqa: S105


EVENTS = frozenset(event.value for event in EventType)
"""What this release records, and can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One audit line. `detail` holds short facts, never a secret, a certificate number or a phone.

    `address` is the client's network address, `actor` who acted where that is not the account itself,
    `principal` the id of the person or legal person for whom it was done.
    """

    event: EventType
    account_id: str | None = None
    client_id: str | None = None
    session_id: str | None = None
    address: str | None = None
    actor: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    principal: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A line as it was stored, its fields in the order of the columns, by whichever release.

    `at` in Unix seconds; `event` is a word, because a later release may have recorded others; `detail` the JSON text
    as it was written, so that an archive holds what was written.
    """

    id: str
    at: float
    event: str
    account_id: str | None
    client_id: str | None
    session_id: str | None
    address: str | None
    actor: str | None
    principal: str | None
    detail: str
