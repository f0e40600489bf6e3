"""A registered client, in the metadata names of RFC 7591 and OpenID Connect Registration."""

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from idp.relying_parties.scopes import ACCOUNT_SECURITY

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
URI_LENGTH = 2000
ASSERTION_SECONDS = 300
"""How many seconds ahead a client assertion may end, unless its client is registered for longer."""


class AuthMethod(StrEnum):
    """token_endpoint_auth_method values we accept (OpenID Connect Core §9)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    PRIVATE_KEY_JWT = "private_key_jwt"
    NONE = "none"


class GrantType(StrEnum):
    """Grants a client may be registered for."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105
    CLIENT_CREDENTIALS = "client_credentials"


class PrincipalKind(StrEnum):
    """For whom somebody may enter a system."""

    PERSON = "person"
    """For themselves, or for another natural person."""
    LEGAL_PERSON = "legal_person"


def _plain_uri(uri: str) -> str:
    if not uri.isascii():  # looked at first: a host name that is half normalised cannot even be parsed
        raise ValueError(
            f"not ASCII: write the host name in Punycode (xn--…), all else %-encoded: {uri[:80]!r}"
        )
    parts = urlsplit(uri)
    bad = not parts.scheme or "#" in uri or len(uri) > URI_LENGTH or any(c <= " " for c in uri)
    if bad or parts.username is not None:
        raise ValueError(f"not an absolute URI without fragment, user name or blanks: {uri[:80]!r}")
    return uri


def _origin(uri: str) -> str | None:
    """The origin of a web address as a browser writes it (RFC 6454 §6.2); None of an app's own scheme."""
    parts = urlsplit(uri)
    try:
        number = parts.port
    except ValueError:  # no browser goes there
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if number in (None, _DEFAULT_PORTS[parts.scheme]) else f":{number}"
    return f"{parts.scheme}://{host}{port}"


def _web_uri(uri: str) -> str:
    """https anywhere; http only on this machine (RFC 9700 §2.6, RFC 8252 §8.3)."""
    parts = urlsplit(_plain_uri(uri))
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    ):
        return uri
    raise ValueError(f"must be https, or http on loopback: {uri[:80]!r}")


def _redirect_uri(uri: str) -> str:
    """A web address or an app's own scheme in reverse domain form (RFC 8252 §7.1)."""
    scheme = urlsplit(_plain_uri(uri)).scheme
    return uri if "." in scheme else _web_uri(uri)


def _public_keys(jwks: dict[str, Any]) -> dict[str, Any]:
    """A JWK Set of public keys that we can read: what is wrong with it is said now, not at the first token."""
    try:
        keys = KeySet.import_key_set(jwks).keys  # type: ignore[arg-type]  # it is what is being checked
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError("not a JWK Set (RFC 7517 §5) of keys we know") from error
    if any(key.key_type == "oct" or key.is_private for key in keys):
        raise ValueError("must hold public keys only")
    return jwks


def _is_plain(uri: str | None) -> bool:
    """Whether we call it without TLS: on this machine, since it could not be registered otherwise."""
    return uri is not None and urlsplit(uri).scheme == "http"


WebUri = Annotated[str, AfterValidator(_web_uri)]
RedirectUri = Annotated[str, AfterValidator(_redirect_uri)]


class Client(BaseModel):
    """A client's registered metadata. The strict value is the default; a looser one is named here per client."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str
    client_name: str = Field(min_length=1, max_length=100)
    client_uri: WebUri | None = None
    redirect_uris: tuple[RedirectUri, ...] = ()
    post_logout_redirect_uris: tuple[RedirectUri, ...] = ()
    backchannel_logout_uri: WebUri | None = None
    grant_types: tuple[GrantType, ...] = (GrantType.AUTHORIZATION_CODE,)
    token_endpoint_auth_method: AuthMethod = AuthMethod.BASIC
    scope: str = "openid"
    jwks: Annotated[dict[str, Any], AfterValidator(_public_keys)] | None = None
    jwks_uri: WebUri | None = None
    assertion_audience: Literal["token_endpoint"] | None = None
    """What its assertions may be for beside the issuer, where its library knows nothing else."""
    assertion_lifetime: int | None = Field(default=None, ge=60, le=3600)
    """How many seconds ahead its assertions may end, where that is not ASSERTION_SECONDS."""
    id_token_signed_response_alg: Literal["ES256", "RS256", "EdDSA"] = "RS256"  # noqa: S105
    principal_kinds: tuple[PrincipalKind, ...] = Field(default=(PrincipalKind.PERSON,), min_length=1)
    minimum_level: int = Field(default=0, ge=0, le=4)
    consent_required: bool = True
    pkce_required: bool = True
    nonce: Literal["optional"] | None = None
    """Whether it may ask for a code without nonce, though without PKCE (OpenID Connect Core §3.1.2.1 allows it)."""
    excess_scope: Literal["refused"] | None = None
    """What becomes of a request for more scopes than are registered: by default the excess is left out."""
    resource_server: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> "Client":
        if GrantType.AUTHORIZATION_CODE in self.grant_types and not self.redirect_uris:
            raise ValueError("the authorization_code grant needs a redirect_uri")
        if self.public and not self.pkce_required:
            raise ValueError("a public client never goes without PKCE (RFC 9700 §2.1.1)")
        if self.public and (GrantType.CLIENT_CREDENTIALS in self.grant_types or self.resource_server):
            raise ValueError("a public client cannot hold credentials (RFC 6749 §4.4)")
        if not self.pkce_required and "openid" not in self.scope.split():
            raise ValueError("only an OpenID Connect client with nonce may do without PKCE (RFC 9700 §2.1.1)")
        if self.nonce and self.pkce_required:
            raise ValueError("where PKCE is required, no nonce is: there is nothing to loosen")
        return self

    @model_validator(mode="after")
    def _assertions(self) -> "Client":
        if self.token_endpoint_auth_method is AuthMethod.PRIVATE_KEY_JWT:
            if (self.jwks is None) == (self.jwks_uri is None):
                raise ValueError("private_key_jwt needs exactly one of jwks and jwks_uri")
        elif self.assertion_audience:
            raise ValueError("only private_key_jwt has assertions with an audience")
        elif self.assertion_lifetime:
            raise ValueError("only private_key_jwt has assertions with a lifetime")
        return self

    @property
    def public(self) -> bool:
        """Has no credentials of its own (RFC 6749 §2.1)."""
        return self.token_endpoint_auth_method is AuthMethod.NONE

    @cached_property
    def scopes(self) -> frozenset[str]:
        """The registered scope as a set."""
        return frozenset(self.scope.split())

    @cached_property
    def origins(self) -> frozenset[str]:
        """Of which origins its pages are, where it is public: those of its redirect URIs, to the letter.

        No other port, on loopback neither: a page, other than an app, does not choose it anew whenever it runs.
        """
        found = {_origin(uri) for uri in self.redirect_uris} if self.public else set()
        return frozenset(origin for origin in found if origin is not None)

    def may(self, grant: GrantType) -> bool:
        """Is registered for a grant."""
        return grant in self.grant_types

    def serves(self, kind: str) -> bool:
        """Is for people who act for a principal of this kind."""
        return kind in self.principal_kinds

    def loosened(self) -> list[str]:
        """The settings of this client that are weaker than the default, for `idp doctor`."""
        loose = {
            "consent_required=false": not self.consent_required,
            "pkce_required=false": not self.pkce_required,
            "resource_server=true": self.resource_server,
            f"scope={ACCOUNT_SECURITY}": ACCOUNT_SECURITY in self.scopes,
            "assertion_audience=token_endpoint": self.assertion_audience == "token_endpoint",
            f"assertion_lifetime={self.assertion_lifetime}": (self.assertion_lifetime or 0)
            > ASSERTION_SECONDS,
            "nonce=optional": self.nonce == "optional",
            "jwks_uri=http": _is_plain(self.jwks_uri),
            "backchannel_logout_uri=http": _is_plain(self.backchannel_logout_uri),
        }
        return [name for name, weaker in loose.items() if weaker]
