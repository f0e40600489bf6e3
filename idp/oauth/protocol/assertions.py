"""The claims of a client assertion (RFC 7523 §3), judged one by one, so that a refusal can say which was wrong."""

from collections.abc import Collection, Mapping
from typing import Any

from idp.relying_parties.model import ASSERTION_SECONDS

CLOCK_SECONDS = 60
"""By so much the client's clock may be ahead when it says when its assertion ends."""
LEEWAY_SECONDS = 5
"""By so much it may be ahead when it says from when on its assertion is good (RFC 7519 §4.1.5)."""
JTI_LENGTH = 200


def longest_life(seconds: int = ASSERTION_SECONDS) -> int:
    """How many seconds ahead of our clock `exp` may be."""
    return seconds + CLOCK_SECONDS


def fault(
    claims: Mapping[str, Any], client_id: str, audiences: Collection[str], now: float, longest: int
) -> str | None:
    """What is wrong with the claims, for the record; None where nothing is.

    `longest` is the longest life in seconds. Of several audiences (a list) none is ours: what is meant for several,
    whoever received it can take to another (RFC 7523bis).
    """
    expires_at, not_before = _number(claims.get("exp")), _number(claims.get("nbf", now))
    audience, jti = claims.get("aud"), claims.get("jti")
    faults = {
        "iss and sub must both be the client_id": not claims.get("iss") == claims.get("sub") == client_id,
        "aud is not ours alone": not isinstance(audience, str) or audience not in audiences,
        "exp is missing or no number": expires_at is None,
        "expired": expires_at is not None and expires_at <= now,
        f"exp is more than {longest} seconds ahead": expires_at is not None and expires_at > now + longest,
        "nbf is no number": not_before is None,
        "nbf is in the future": not_before is not None and not_before > now + LEEWAY_SECONDS,
        "jti is missing or malformed": not _is_id(jti),
    }
    return next((reason for reason, wrong in faults.items() if wrong), None)


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_id(value: object) -> bool:
    # PostgreSQL's text knows no NUL.
    return isinstance(value, str) and 0 < len(value) <= JTI_LENGTH and "\0" not in value
