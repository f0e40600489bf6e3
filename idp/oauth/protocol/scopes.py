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


def requested(text: str | None, registered: frozenset[str], default: str) -> tuple[str, ...]:
    """The scopes of a request in its order, without repetition.

    Raises InvalidScope when one is malformed or not registered for the client.
    """
    names = tuple(dict.fromkeys((text or default).split(" ")))
    for name in names:
        if _TOKEN.fullmatch(name) is None:
            raise InvalidScope("scope is malformed")
        if name not in registered:
            raise InvalidScope(
                "scope is more than this client is registered for", detail=f"not registered: {name}"
            )
    return names


def narrowed(text: str | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes of a refresh request: none more than were granted (RFC 6749 §6)."""
    if text is None:
        return granted
    names = tuple(dict.fromkeys(text.split(" ")))
    if not set(names) <= set(granted):
        raise InvalidScope("scope is more than was granted")
    return names
