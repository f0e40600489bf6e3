"""Authorization responses by response mode (OAuth 2.0 Multiple Response Types §2.1, Form Post §2)."""

from enum import StrEnum
from urllib.parse import urlencode

from idp.oauth.protocol.errors import OAuthError


class ResponseMode(StrEnum):
    """How parameters go back to the client."""

    QUERY = "query"
    FORM_POST = "form_post"


def with_query(uri: str, parameters: dict[str, str]) -> str:
    """The URI with parameters added to its query."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(parameters)}"


def success(code: str, state: str | None, issuer: str) -> dict[str, str]:
    """The parameters of a successful response; `iss` against mix-up (RFC 9207)."""
    return _with_state({"code": code}, state) | {"iss": issuer}


def failure(error: OAuthError, state: str | None, issuer: str) -> dict[str, str]:
    """The parameters of an error response."""
    return _with_state({"error": error.code, "error_description": error.description}, state) | {"iss": issuer}


def _with_state(parameters: dict[str, str], state: str | None) -> dict[str, str]:
    return parameters if state is None else parameters | {"state": state}
