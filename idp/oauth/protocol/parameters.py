"""Decodes parameters strictly: one value each, valid UTF-8, bounded, no control characters."""

import re
from urllib.parse import parse_qsl

from idp.oauth.protocol.errors import InvalidRequest

MOST_BYTES = 16 * 1024
MOST_FIELDS = 60
VALUE_LENGTH = 4096
KNOWN = frozenset(
    {
        *("acr_values", "id_token_hint", "login_hint", "max_age", "nonce", "prompt", "ui_locales"),
        *("client_assertion", "client_assertion_type", "client_id", "client_secret"),
        *("code", "code_challenge", "code_challenge_method", "code_verifier"),
        *("grant_type", "redirect_uri", "refresh_token", "response_mode", "response_type", "scope", "state"),
        *("registration", "request", "request_uri", "post_logout_redirect_uri", "logout_hint"),
        *("access_token", "token", "token_type_hint"),
    }
)
"""The parameters that mean something to us; of others it does not matter how often they come."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Parameters(dict[str, str]):
    """Parameter values by name; an empty value counts as absent (RFC 6749 §3.1).

    `doubled` names the parameters that came more than once, `malformed` those with control characters
    or of absurd length; neither has a value.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        self.doubled: set[str] = set()
        self.malformed: set[str] = set()
        for name, value in pairs:
            if name in self:
                self.doubled.add(name)
            elif len(value) > VALUE_LENGTH or _CONTROL.search(value):
                self.malformed.add(name)
            elif value:
                self[name] = value
        for name in self.doubled | self.malformed:
            self.pop(name, None)

    def check(self, *, unless: frozenset[str] = frozenset()) -> None:
        """Raise InvalidRequest for malformed parameters and KNOWN ones that are doubled, except those in `unless`."""
        for name in sorted(((self.doubled & KNOWN) | self.malformed) - unless):
            what = "more than once" if name in self.doubled else "too long or with control characters"
            raise InvalidRequest(f"{_shown(name)} was sent {what}")

    def require(self, name: str) -> str:
        """The value of a parameter that must be there; raises InvalidRequest."""
        value = self.get(name)
        if value is None:
            raise InvalidRequest(f"{name} is missing")
        return value


def parse(raw: bytes) -> Parameters:
    """Parameters of a query string or form body; raises InvalidRequest."""
    if len(raw) > MOST_BYTES:
        raise InvalidRequest("the request is too long")
    try:
        text = raw.decode("ascii")
        return Parameters(_pairs(text))
    except ValueError as error:
        raise InvalidRequest(
            "the parameters are not valid form-encoded UTF-8", detail=type(error).__name__
        ) from error


def _pairs(text: str) -> list[tuple[str, str]]:
    """What parse_qsl makes of it, without decoding where nothing is encoded: so machines mostly write."""
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    if text.count("&") >= MOST_FIELDS:
        raise ValueError("too many fields")
    fields = (field.partition("=") for field in text.split("&") if field)
    return [(name, value) for name, _, value in fields]


def _shown(name: str) -> str:
    return name if name.isascii() and name.isidentifier() and len(name) <= 40 else "a parameter"
