"""Scopes as requests have them, held against a registration (RFC 6749 §3.3)."""

import re

from idp.oauth.protocol.errors import InvalidScope

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
