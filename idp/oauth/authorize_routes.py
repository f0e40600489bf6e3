"""/authorize: from a request to a code, by way of whatever pages the person still has to see."""

from starlette.responses import Response

from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.web.forms import UnreadableForm, read_form
from idp.infrastructure.web.pages import FORM_POST_HEADERS
from idp.infrastructure.web.readable import reads_by_own_rule
from idp.oauth import authorization_checks
from idp.oauth.authorization_checks import Destination, DisplayedError, RedirectedError
from idp.oauth.authorization_service import AuthorizationService
from idp.oauth.protocol import redirect_uris, responses
from idp.oauth.protocol.authorization import AuthorizationRequest
from idp.oauth.protocol.errors import (
    AccessDenied,
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from idp.oauth.protocol.parameters import parse
from idp.oauth.protocol.responses import ResponseMode
from idp.relying_parties.scopes import CHANGING, REAL_NAME
from idp.relying_parties.service import Registry
from idp.sign_on.model import Prompt, Refusal, SignOnRequest, SignOnState
from idp.sign_on.protocols import RequestUnderWay
from idp.sign_on.routes import SignOnPages

AUTHORIZE = "/authorize"
NO_STORE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_SILENT = "prompt none, but the person is needed"
ERRORS: dict[Refusal, OAuthError] = {
    Refusal.LOGIN_NEEDED: LoginRequired(_SILENT),
    Refusal.INTERACTION_NEEDED: InteractionRequired(_SILENT),
    Refusal.CHOICE_NEEDED: AccountSelectionRequired(_SILENT),
    Refusal.CONSENT_NEEDED: ConsentRequired(_SILENT),
    Refusal.OTHER_PERSON: LoginRequired("somebody else than id_token_hint names has logged in"),
    Refusal.LEVEL_NOT_REACHED: UnmetAuthenticationRequirements(
        "the real-name level that this system demands is not reached"
    ),
    Refusal.DENIED: AccessDenied("the person refused"),
}
"""What the client is told (OpenID Connect Core §3.1.2.6)."""


class AuthorizePages:
    """Handlers of the front channel, and what sign-on resumes there."""

    name = "oauth"

    def __init__(
        self, issuer: str, service: AuthorizationService, registry: Registry, sign_on: SignOnPages
    ) -> None:
        self._issuer = issuer
        self._service = service
        self._registry = registry
        self._sign_on = sign_on

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {AUTHORIZE: {"GET": self.authorize, "POST": self.authorize_by_form}}

    @reads_by_own_rule
    async def authorize(self, visitor: Visitor) -> Response:
        """OpenID Connect Core §3.1.2.1 by GET."""
        query = visitor.request.scope["query_string"].decode("latin-1")
        return await self.resume(visitor, RequestUnderWay(self.name, query, visitor.site.sources.now()))

    async def authorize_by_form(self, visitor: Visitor) -> Response:
        """By POST; a cross-site post comes without our Lax cookies, so it goes on as GET with them."""
        try:
            raw = await read_form(visitor.request)
            parse(raw)
        except UnreadableForm as error:
            return self._unusable(visitor, error.status, str(error))
        except OAuthError as error:
            return self._unusable(visitor, error.status, error.description)
        return visitor.redirect(f"{AUTHORIZE}?{raw.decode('ascii')}")

    def asked(self, query: str) -> SignOnRequest | None:
        """What an authorization request asks of sign-on; None when it is not (any longer) right."""
        try:
            destination, checked = authorization_checks.check(
                authorization_checks.read(query.encode("latin-1")), self._registry
            )
        except (DisplayedError, RedirectedError):
            return None
        return _asked(destination, checked, None)

    async def resume(self, visitor: Visitor, under_way: RequestUnderWay) -> Response:
        """Check the request, and answer it once nothing more is wanted of the person."""
        query = under_way.query.encode("latin-1")
        try:
            parameters = authorization_checks.read(query)
            await self._registry.learn(parameters.get("client_id", ""))
            destination, checked = authorization_checks.check(parameters, self._registry)
            asked = _asked(destination, checked, self._hinted(checked, destination))
        except DisplayedError as displayed:
            address = visitor.address
            self._service.note_refusal(displayed.error, None, address, self._claimed(query))
            return self._unusable(visitor, 400, displayed.error.description)
        except RedirectedError as redirected:
            return self._refuse(visitor, redirected.destination, redirected.error)
        outcome = await self._sign_on.outcome(visitor, asked, under_way)
        if isinstance(outcome, Response):
            return outcome
        if isinstance(outcome, SignOnState):
            code = await self._service.issue(checked, outcome, visitor.address)
            return self._send(visitor, destination, responses.success(code, destination.state, self._issuer))
        error = ERRORS[outcome]
        if (
            outcome is Refusal.DENIED
        ):  # a decision of the person: it is on record as one, and no fault of the client's
            return self._send(visitor, destination, responses.failure(error, destination.state, self._issuer))
        return self._refuse(visitor, destination, error)

    def _hinted(self, checked: AuthorizationRequest, destination: Destination) -> str | None:
        try:
            return self._service.hinted(checked)
        except OAuthError as error:
            raise RedirectedError(error, destination) from error

    def _claimed(self, query: bytes) -> str | None:
        """The registered client that a request names, though it cannot be from it as it is."""
        try:
            client_id = parse(query).get("client_id", "")
        except OAuthError:
            return None
        return client_id if self._registry.knows(client_id) else None

    def _refuse(self, visitor: Visitor, destination: Destination, error: OAuthError) -> Response:
        address = visitor.address
        self._service.note_refusal(error, destination.client.client_id, address)
        return self._send(visitor, destination, responses.failure(error, destination.state, self._issuer))

    def _send(self, visitor: Visitor, destination: Destination, parameters: dict[str, str]) -> Response:
        """To the client, by its response mode."""
        if destination.mode is ResponseMode.FORM_POST:
            response = visitor.page(
                "form_post.html",
                action=destination.redirect_uri,
                fields=list(parameters.items()),
                system=destination.client.client_name,
            )
            response.headers.update(FORM_POST_HEADERS)
            return response
        location = responses.with_query(destination.redirect_uri, parameters)
        return Response(status_code=303, headers={**NO_STORE, "location": location})

    def _unusable(self, visitor: Visitor, status: int, reason: str) -> Response:
        """A request that we must not answer by redirect; the reason is for whoever runs the system that sent it."""
        message = visitor.say("您要使用的系统发来的登录请求不正确，无法继续。请联系该系统的管理员。")
        return visitor.error(status, message, reason)


def _asked(destination: Destination, checked: AuthorizationRequest, account_id: str | None) -> SignOnRequest:
    client, scopes = destination.client, frozenset(checked.scopes)
    return SignOnRequest(
        client=client,
        scopes=checked.scopes,
        level=checked.acr_level,
        max_age=checked.max_age,
        prompts=frozenset(map(Prompt, checked.prompt)),
        account_id=account_id,
        login_hint=checked.login_hint,
        anybody_could_ask=redirect_uris.unclaimed(checked.redirect_uri, native=client.public),
        powerful=bool(CHANGING & scopes) or (client.public and REAL_NAME in scopes),
    )
