"""The authorization request, held against its client: an ordered table of checks."""

from collections.abc import Callable
from dataclasses import dataclass, field

from idp.oauth.protocol import authorization as syntax
from idp.oauth.protocol import redirect_uris
from idp.oauth.protocol.authorization import AuthorizationRequest
from idp.oauth.protocol.errors import (
    InvalidRequest,
    OAuthError,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
)
from idp.oauth.protocol.parameters import Parameters, parse
from idp.oauth.protocol.responses import ResponseMode
from idp.oauth.protocol.scopes import requested
from idp.relying_parties.model import Client, GrantType
from idp.relying_parties.scopes import OPENID
from idp.relying_parties.service import Registry


class DisplayedError(Exception):
    """An error before client and redirect URI are known good: it never travels by redirect (RFC 6749 §4.1.2.1)."""

    def __init__(self, error: OAuthError) -> None:
        super().__init__(error.description)
        self.error = error


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the answer goes, and how."""

    client: Client
    redirect_uri: str
    mode: ResponseMode
    state: str | None


class RedirectedError(Exception):
    """An error that goes back to the client by the response mode."""

    def __init__(self, error: OAuthError, destination: Destination) -> None:
        super().__init__(error.description)
        self.error = error
        self.destination = destination


@dataclass(slots=True)
class RequestDraft:
    """A request while it is being checked; the checks fill it in."""

    parameters: Parameters
    registry: Registry
    client: Client = field(init=False)
    redirect_uri: str = ""
    mode: ResponseMode = ResponseMode.QUERY
    state: str | None = None
    scopes: tuple[str, ...] = ()
    code_challenge: str | None = None
    nonce: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None

    @property
    def destination(self) -> Destination:
        """Where an answer to what is known so far would go."""
        return Destination(self.client, self.redirect_uri, self.mode, self.state)


Check = Callable[[RequestDraft], None]
_WHERE_TO = frozenset({"client_id", "redirect_uri"})


def _client(draft: RequestDraft) -> None:
    if draft.parameters.doubled & _WHERE_TO or draft.parameters.malformed & _WHERE_TO:
        raise InvalidRequest("client_id or redirect_uri is doubled or malformed")
    client = draft.registry.find(draft.parameters.require("client_id"))
    if client is None:
        raise UnauthorizedClient("client_id is not registered or disabled")
    draft.client = client


def _redirect_uri(draft: RequestDraft) -> None:
    uri = draft.parameters.require("redirect_uri")
    if not redirect_uris.matches(uri, draft.client.redirect_uris, native=draft.client.public):
        raise InvalidRequest("redirect_uri is not registered for this client")
    draft.redirect_uri = uri


def _response_mode(draft: RequestDraft) -> None:
    draft.state = syntax.bounded(draft.parameters, "state", syntax.STATE_LENGTH)
    draft.mode = syntax.response_mode(draft.parameters)


def _single_values(draft: RequestDraft) -> None:
    draft.parameters.check()


def _unsupported(draft: RequestDraft) -> None:
    for name, error in (
        ("request", RequestNotSupported),
        ("request_uri", RequestUriNotSupported),
        ("registration", RegistrationNotSupported),
    ):
        if name in draft.parameters:
            raise error(f"{name} is not supported")


def _response_type(draft: RequestDraft) -> None:
    syntax.check_response_type(draft.parameters)
    if not draft.client.may(GrantType.AUTHORIZATION_CODE):
        raise UnauthorizedClient("this client is not registered for authorization_code")


def _scope(draft: RequestDraft) -> None:
    draft.scopes = requested(
        draft.parameters.get("scope"),
        draft.client.scopes,
        OPENID,
        strict=draft.client.excess_scope == "refused",
    )


def _pkce(draft: RequestDraft) -> None:
    draft.code_challenge = syntax.code_challenge(draft.parameters)
    draft.nonce = syntax.bounded(draft.parameters, "nonce", syntax.NONCE_LENGTH)
    if draft.code_challenge is None and draft.client.pkce_required:
        raise InvalidRequest("code_challenge is missing (PKCE with S256 is required)")
    nonce_missing = draft.nonce is None and draft.client.nonce != "optional"
    if draft.code_challenge is None and (nonce_missing or OPENID not in draft.scopes):
        raise InvalidRequest("without PKCE, openid and nonce are required (RFC 9700 2.1.1)")


def _prompt(draft: RequestDraft) -> None:
    draft.prompt = syntax.prompt(draft.parameters)
    draft.max_age = syntax.max_age(draft.parameters)


DISPLAYED: tuple[Check, ...] = (_client, _redirect_uri)
"""Before these have passed nothing is redirected anywhere."""
REDIRECTED: tuple[Check, ...] = (
    _response_mode,
    _single_values,
    _unsupported,
    _response_type,
    _scope,
    _pkce,
    _prompt,
)
"""After the row above, errors go back to the client."""


def read(query: bytes) -> Parameters:
    """The parameters of a query string; raises DisplayedError."""
    try:
        return parse(query)
    except OAuthError as error:
        raise DisplayedError(error) from error


def check(parameters: Parameters, registry: Registry) -> tuple[Destination, AuthorizationRequest]:
    """The request, if every check in the two tables passes; raises DisplayedError or RedirectedError."""
    draft = RequestDraft(parameters, registry)
    try:
        for step in DISPLAYED:
            step(draft)
    except OAuthError as error:
        raise DisplayedError(error) from error
    try:
        for step in REDIRECTED:
            step(draft)
    except OAuthError as error:
        raise RedirectedError(error, draft.destination) from error
    request = AuthorizationRequest(
        client_id=draft.client.client_id,
        redirect_uri=draft.redirect_uri,
        scopes=draft.scopes,
        nonce=draft.nonce,
        code_challenge=draft.code_challenge,
        prompt=draft.prompt,
        max_age=draft.max_age,
        acr_level=syntax.level(parameters),
        login_hint=parameters.get("login_hint", ""),
        id_token_hint=parameters.get("id_token_hint"),
    )
    return draft.destination, request
