"""Whether what somebody sent is text that every database can keep and look up: asked once, where a request is read."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from idp.infrastructure.typed import is_readable

_OWN_RULE = "_reads_by_own_rule"

Handler = TypeVar("Handler", bound=Callable[..., Any])


class UnreadableField(Exception):
    """Something in a request is no text: a NUL, half of a surrogate pair, bytes that are not UTF-8."""


def reads_by_own_rule(handler: Handler) -> Handler:
    """Mark a handler whose query other systems write: it has an answer of its own to what it cannot read."""
    setattr(handler, _OWN_RULE, True)
    return handler


def has_own_rule(handler: Callable[..., Any]) -> bool:
    """Whether a handler is so marked."""
    return getattr(handler, _OWN_RULE, False)


def check_query(raw: bytes) -> None:
    """Raise UnreadableField where a query string is no readable text."""
    if b"%" not in raw and b"\0" not in raw and raw.isascii():
        return
    try:
        text = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise UnreadableField("query") from error
    if not is_readable(text):
        raise UnreadableField("query")


def check_head(scope: Scope) -> None:
    """Raise UnreadableField where path or headers hold a NUL (RFC 9110 §5.5 lets a recipient refuse it)."""
    if not is_readable(scope["path"]) or any(b"\0" in value for _, value in scope["headers"]):
        raise UnreadableField("head")
