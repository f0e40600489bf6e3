"""Scopes we know, and how a request is held against a registration."""

import re

from idp.oauth.protocol.errors import InvalidScope
from idp.relying_parties import model

OPENID = "openid"
PROFILE = "profile"
EMAIL = "email"
PHONE = "phone"
ADDRESS = "address"
OFFLINE_ACCESS = "offline_access"
REAL_NAME = "real_name"
ACCOUNT = "account"
ACCOUNT_WRITE = "account.write"
ACCOUNT_SECURITY = model.ACCOUNT_SECURITY

OF_PERSONS = (
    *(OPENID, PROFILE, EMAIL, PHONE, ADDRESS, OFFLINE_ACCESS),
    *(REAL_NAME, ACCOUNT, ACCOUNT_WRITE, ACCOUNT_SECURITY),
)
"""Scopes about a person. Ours are real_name (certificate type and number and the real-name level), and those of
/api/me: account reads the own account, account.write changes it, account.security changes what protects it."""

CHANGING = frozenset({ACCOUNT_WRITE, ACCOUNT_SECURITY})
"""Those that change the own account: given to a login only that shows enough for it."""

_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")  # RFC 6749 §3.3


def requested(
    text: str | None, registered: frozenset[str], default: str, *, strict: bool = False
) -> tuple[str, ...]:
    """The scopes of a request in its order, without repetition, that the client is registered for.

    The others are left out, and the answer's `scope` says so (RFC 6749 §3.3). Raises InvalidScope when one is
    malformed, when none is left, or when `strict` and one is left out.
    """
    names = tuple(dict.fromkeys((text or default).split(" ")))
    if not all(_TOKEN.fullmatch(name) for name in names):
        raise InvalidScope("scope is malformed")
    given = tuple(name for name in names if name in registered)
    excess = next((name for name in names if name not in registered), None)
    if excess is not None and (strict or not given):
        raise InvalidScope(
            "scope is more than this client is registered for", detail=f"not registered: {excess}"
        )
    return given


def narrowed(
    text: str | None, granted: tuple[str, ...], registered: frozenset[str], *, strict: bool = False
) -> tuple[str, ...]:
    """The scopes of a refresh request: none more than were granted (RFC 6749 §6).

    What the client is not registered for is left out as it was when it was first asked for: some libraries repeat with
    each refresh what they are configured with.
    """
    if text is None:
        return granted
    names = requested(text, registered.union(granted), "", strict=strict)
    if not set(names) <= set(granted):
        raise InvalidScope("scope is more than was granted")
    return names
