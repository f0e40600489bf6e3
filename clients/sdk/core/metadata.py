"""What the provider says about itself (OpenID Connect Discovery 1.0) and what it knows of this system."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from clients.sdk.core.errors import Unavailable

ALGORITHMS = ("ES256", "RS256", "EdDSA")
CLOCK_SKEW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Registration:
    """This system as it is registered with the provider."""

    issuer: str
    client_id: str
    redirect_uri: str
    post_logout_redirect_uri: str
    scope: str
    algorithms: tuple[str, ...] = ALGORITHMS
    clock_skew: int = CLOCK_SKEW_SECONDS


@dataclass(frozen=True, slots=True)
class Metadata:
    """The provider's endpoints and the abilities that matter here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    sends_iss: bool


def discovery_url(issuer: str) -> str:
    """Where the metadata is found (Discovery §4)."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def read_metadata(document: Mapping[str, Any], issuer: str) -> Metadata:
    """The metadata, checked; raises Unavailable."""
    if document.get("issuer") != issuer:
        raise Unavailable("the discovery document is another issuer's")  # Discovery §4.3
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_required(document, "authorization_endpoint", issuer),
        token_endpoint=_required(document, "token_endpoint", issuer),
        jwks_uri=_required(document, "jwks_uri", issuer),
        userinfo_endpoint=_optional(document, "userinfo_endpoint", issuer),
        end_session_endpoint=_optional(document, "end_session_endpoint", issuer),
        sends_iss=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _required(document: Mapping[str, Any], name: str, issuer: str) -> str:
    url = _optional(document, name, issuer)
    if url is None:
        raise Unavailable(f"the discovery document has no {name}")
    return url


def _optional(document: Mapping[str, Any], name: str, issuer: str) -> str | None:
    url = document.get(name)
    if url is None:
        return None
    allowed = ("https",) if issuer.startswith("https:") else ("https", "http")
    if not isinstance(url, str) or urlsplit(url).scheme not in allowed:
        raise Unavailable(f"the discovery document's {name} is not a safe URL")
    return url
