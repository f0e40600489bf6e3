"""The authorization request (OpenID Connect Core §3.1.2.1), read into a type that cannot be half right."""

from dataclasses import dataclass, field

from idp.oauth.protocol import acr, pkce
from idp.oauth.protocol.errors import InvalidRequest, UnsupportedResponseType
from idp.oauth.protocol.parameters import Parameters
from idp.oauth.protocol.responses import ResponseMode

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
STATE_LENGTH = 2048
NONCE_LENGTH = 512
LONG_AGO = 2**31 - 1
"""Seconds; a max_age beyond it asks for nothing more."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose syntax is right; what the client may ask is judged in authorize.py."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    prompt: frozenset[str]
    max_age: int | None
    acr_level: int
    login_hint: str
    id_token_hint: str | None = field(repr=False, default=None)

    @property
    def scope(self) -> str:
        """The scopes as one string."""
        return " ".join(self.scopes)


def response_mode(parameters: Parameters) -> ResponseMode:
    """The response mode; an error about it goes back by query."""
    value = parameters.get("response_mode", ResponseMode.QUERY)
    if value not in set(ResponseMode):
        raise InvalidRequest("response_mode must be query or form_post")
    return ResponseMode(value)


def check_response_type(parameters: Parameters) -> None:
    """Only `code` (RFC 9700 §2.1.2 forbids tokens in the front channel)."""
    if parameters.require("response_type") != "code":
        raise UnsupportedResponseType("response_type must be code")


def prompt(parameters: Parameters) -> frozenset[str]:
    """The prompt values; `none` stands alone."""
    values = frozenset(parameters.get("prompt", "").split())
    if not values <= PROMPTS:
        raise InvalidRequest("prompt is not one of none, login, consent, select_account")
    if "none" in values and len(values) > 1:
        raise InvalidRequest("prompt none stands alone")
    return values


def max_age(parameters: Parameters) -> int | None:
    """The greatest age of the login in seconds."""
    value = parameters.get("max_age")
    if value is None:
        return None
    if not value.isascii() or not value.isdigit():
        raise InvalidRequest("max_age must be a number of seconds")
    return LONG_AGO if len(value.lstrip("0")) > len(str(LONG_AGO)) else min(int(value), LONG_AGO)


def code_challenge(parameters: Parameters) -> str | None:
    """The S256 challenge, or None when there is none at all."""
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None and method is None:
        return None
    if method != pkce.METHOD:
        raise InvalidRequest("code_challenge_method must be S256")
    if challenge is None or not pkce.is_challenge(challenge):
        raise InvalidRequest("code_challenge must be a base64url SHA-256")
    return challenge


def bounded(parameters: Parameters, name: str, length: int) -> str | None:
    """An opaque value of the client's, which we carry back; printable ASCII of bounded length."""
    value = parameters.get(name)
    if value is not None and (len(value) > length or not value.isascii()):
        raise InvalidRequest(f"{name} must be at most {length} ASCII characters")
    return value


def level(parameters: Parameters) -> int:
    """The level asked for by acr_values."""
    return acr.asked_level(parameters.get("acr_values"))
