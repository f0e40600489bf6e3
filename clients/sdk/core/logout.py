"""Logging out: RP-Initiated Logout 1.0 (the way out) and Back-Channel Logout 1.0 (the provider's notice)."""

from dataclasses import dataclass

from clients.sdk.core.authorization import with_query
from clients.sdk.core.errors import InvalidToken
from clients.sdk.core.jwt import Keys, check_claims, text_claim, verify
from clients.sdk.core.metadata import Metadata, Registration

EVENT = "http://schemas.openid.net/event/backchannel-logout"
OLDEST_SECONDS = 300
"""A notice older than this is refused, which bounds how long its jti must be remembered."""


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """A provider's word that logins have ended: those of a session, or all of a person's."""

    subject: str | None
    sid: str | None
    jti: str
    issued_at: int
    remember_until: float


def logout_url(
    metadata: Metadata, registration: Registration, *, id_token: str | None, state: str
) -> str | None:
    """Where to send the browser to end the provider's session too; None if the provider has no such place."""
    if metadata.end_session_endpoint is None:
        return None
    parameters = {
        "client_id": registration.client_id,
        "post_logout_redirect_uri": registration.post_logout_redirect_uri,
        "state": state,
    }
    if id_token is not None:
        parameters["id_token_hint"] = id_token
    return with_query(metadata.end_session_endpoint, parameters)


def validate_logout_token(token: str, registration: Registration, keys: Keys, *, now: float) -> LogoutNotice:
    """The notice in a logout token (Back-Channel Logout §2.6), replay aside; raises InvalidToken."""
    claims = verify(token, keys, registration.algorithms, ("logout+jwt",))
    check_claims(claims, registration, registration.client_id, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise InvalidToken("events does not say logout")
    if "nonce" in claims:
        raise InvalidToken("nonce is forbidden in a logout token")
    subject, sid = text_claim(claims, "sub"), text_claim(claims, "sid")
    if subject is None and sid is None:
        raise InvalidToken("neither sub nor sid")
    issued_at = int(claims["iat"])
    oldest = now - OLDEST_SECONDS - registration.clock_skew
    if issued_at < oldest:
        raise InvalidToken("the notice is too old")
    return LogoutNotice(
        subject=subject,
        sid=sid,
        jti=text_claim(claims, "jti", required=True) or "",
        issued_at=issued_at,
        remember_until=issued_at + OLDEST_SECONDS + 2 * registration.clock_skew,
    )
