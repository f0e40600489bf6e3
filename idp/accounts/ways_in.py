"""Every way into an account, in one place, and what each act that moves accounts leaves of it.

Closed by default: what `LEFT` does not name is gone after the act. A table, a column of accounts, a factor or a login
that is named neither as a way in nor among `NO_WAYS` fails a test, and so does an act that leaves more or less.
"""

from collections.abc import Mapping
from enum import StrEnum


class WayIn(StrEnum):
    """By what somebody enters an account, or acts with it; the value is the table, and what of it."""

    PASSWORD = "accounts.password_hash"  # noqa: S105
    PHONE = "accounts.phone"
    TOTP = "authenticators.totp"
    RECOVERY_CODE = "authenticators.recovery_code"
    PASSKEY = "authenticators.passkey"
    LINK = "upstream_identities"
    TRUSTED_DEVICE = "devices"
    SESSION = "sessions"
    OFFLINE_GRANT = "grants"
    MANDATE = "mandates.active"
    """Somebody acts for the person."""
    INVITATION = "mandates.invited"
    """Somebody may come to act for the person, by accepting it."""


LOGINS: Mapping[str, WayIn] = {
    "password": WayIn.PASSWORD,
    "sms": WayIn.PHONE,
    "passkey": WayIn.PASSKEY,
    "qr": WayIn.SESSION,
    "upstream": WayIn.LINK,
}
"""What each way to log in rests on; of the platforms the first word of the name."""


class Act(StrEnum):
    """What changes who enters an account."""

    MERGE = "merge"
    """One of the two is verified: what the other one brings, whichever of them stays."""
    SECURE = "secure"
    """Clean up after a theft: ways of the last 30 days."""
    SECURE_OLDER = "secure, older ways"
    """The same: ways that are older."""
    RECOVER = "recover"
    """At a counter, with a new phone."""
    BIND = "bind"
    """The level rises by presence, and nothing of the account was shown with it. What was shown stays, and so does
    a link to a platform that is as sure as the proof."""
    TAKEN = "taken"
    """The certificate was proved more strongly on another account."""
    FREEZE = "freeze"
    DECEASED = "deceased"
    CANCEL = "cancel"


_OLDER = "not the thief's, who came lately"
_OWN = "the account stays its holder's: only who that is said to be has changed"
_FROZEN = "waits behind the frozen account, to be found again when two open it"
_MISTAKE = "waits behind the closed account, for the day when two take a mistake back"

LEFT: Mapping[Act, Mapping[WayIn, str]] = {
    Act.MERGE: {},
    Act.SECURE: {},
    Act.SECURE_OLDER: dict.fromkeys(
        (
            WayIn.PHONE,
            WayIn.TOTP,
            WayIn.RECOVERY_CODE,
            WayIn.PASSKEY,
            WayIn.LINK,
            WayIn.MANDATE,
            WayIn.INVITATION,
        ),
        _OLDER,
    ),
    Act.RECOVER: dict.fromkeys(
        (WayIn.MANDATE, WayIn.INVITATION), "whoever has lost a phone has not lost those who act for them"
    ),
    Act.BIND: {},
    Act.TAKEN: dict.fromkeys((way for way in WayIn if way not in {WayIn.MANDATE, WayIn.INVITATION}), _OWN),
    Act.FREEZE: dict.fromkeys((way for way in WayIn if way is not WayIn.SESSION), _FROZEN),
    Act.DECEASED: dict.fromkeys(
        (WayIn.PASSWORD, WayIn.PHONE, WayIn.TOTP, WayIn.RECOVERY_CODE, WayIn.PASSKEY), _MISTAKE
    ),
    Act.CANCEL: {},
}
"""What is left of what was there, and why; everything else is gone."""

SHUT = frozenset({Act.FREEZE, Act.DECEASED, Act.CANCEL})
"""Acts after which the account is not active: nobody enters, and nobody acts for it, by whatever is left."""

_DATA = "data of the person; names an account at most, and opens none"

NO_WAYS: Mapping[str, str] = {
    **{
        f"accounts.{column}": _DATA
        for column in (
            "id",
            "username",
            "name",
            "certificate_type",
            "certificate_number",
            "certificate_index",
            "email",
            "address",
            "birth_date",
            "elder_mode",
            "language",
            "created_at",
            "updated_at",
        )
    },
    "accounts.phone_index": "by what `accounts.phone` is found",
    "accounts.phone_verified_at": "since when `accounts.phone` counts",
    "accounts.real_name_level": "what the account is worth to whoever is in",
    "accounts.state": "whether anybody enters",
    "accounts.state_reason": "why not",
    "accounts.closes_at": "when it ends",
    "accounts.merged_into": "where its names lead; the ways in are those of the account that stays",
    "accounts.kind": "whether a person has it, or it stands for the login of an organisation at a platform",
    "accounts.login_choices": "which ways the person has closed",
    "accounts.security_version": "what voids every proof that was made before",
    "account_divisions": "whose counter it is",
    "account_merges": "what was before a merge, to undo it: an act of two",
    "audit_events": "what happened",
    "audit_seals": "digests of the record",
    "clients": "registered systems",
    "consents": "what a system may be told once somebody is in",
    "corrections": "what somebody says is wrong about their record",
    "counter_concerned": "whom a request is about, for the rule of two",
    "counter_requests": "an act of two that waits; ends with the account, and is judged again when it is confirmed",
    "counter_visits": "whom a member of staff has looked up; what they may do is the counter's rule",
    "former_contacts": "where notices go for thirty days; nobody is found or enters by it",
    "high_water_marks": "how far the database had come",
    "key_values": "what waits for minutes, such as a login half done; void when `security_version` is raised",
    "legal_persons": "whom somebody represents; who acts for the firm is a mandate",
    "outbox": "messages on their way",
    "participants": "which systems a session has entered; lives on the session",
    "password_costs": "how imported passwords were hashed",
    "periodic_jobs": "when work that is due again and again was done",
    "real_name_records": "what was proved of somebody",
    "revisions": "when workers load anew",
    "revoked_tokens": "what is believed no more",
    "signing_keys": "ours, not a person's",
    "single_uses": "what was used, so that it is not used again",
    "staff_roles": "what somebody may do at work; nothing without a way into the account",
    "upstream_conflicts": "a login that fitted no account; settled by two",
    "upstream_exchanges": "what platforms answered",
}
"""Tables, and columns of accounts, that let nobody in."""
