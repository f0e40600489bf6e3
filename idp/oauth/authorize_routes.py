"""/authorize and /consent: from a request to a code, by way of whatever pages the person still has to see."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.continuation import Continuation, Lapsed, unseal
from idp.authentication.entrance import KNOWN, LOGIN, RESUME
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.attempts import good_once, sent_before
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm, read_form
from idp.infrastructure.web.pages import FORM_POST_HEADERS
from idp.infrastructure.web.readable import reads_by_own_rule
from idp.infrastructure.web.site import Forged, Site
from idp.oauth import authorize
from idp.oauth.acting import ACTING, Acting
from idp.oauth.authorization import AuthorizationService
from idp.oauth.authorize import Destination, SentBack, ShownToPerson
from idp.oauth.interaction import Moment, Standing, Want, undecided, wanted, with_choices
from idp.oauth.protocol import responses
from idp.oauth.protocol.authorization import AuthorizationRequest
from idp.oauth.protocol.errors import AccessDenied, OAuthError
from idp.oauth.protocol.parameters import parse
from idp.oauth.protocol.responses import ResponseMode
from idp.oauth.scope_texts import scope_items
from idp.relying_parties.model import Client
from idp.relying_parties.service import Registry
from idp.sessions.model import masked_name

AUTHORIZE = "/authorize"
CONSENT = "/consent"
NO_STORE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


class AuthorizePages:
    """Handlers of the front channel."""

    def __init__(
        self, issuer: str, site: Site, service: AuthorizationService, registry: Registry, acting: Acting
    ) -> None:
        self._issuer = issuer
        self._site = site
        self._acting = acting
        self._service = service
        self._registry = registry

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {
            AUTHORIZE: {"GET": self.authorize, "POST": self.authorize_by_form},
            RESUME: {"GET": self.resume},
            CONSENT: {"GET": self.resume, "POST": self.consent},
        }

    @reads_by_own_rule
    async def authorize(self, request: Request) -> Response:
        """OpenID Connect Core §3.1.2.1 by GET."""
        return await self._answer(request, request.scope["query_string"], self._site.sources.now())

    async def authorize_by_form(self, request: Request) -> Response:
        """By POST; a cross-site post comes without our Lax cookies, so it goes on as GET with them."""
        try:
            raw = await read_form(request)
            parse(raw)
        except UnreadableForm as error:
            return self._unusable(request, error.status, str(error))
        except OAuthError as error:
            return self._unusable(request, error.status, error.description)
        return self._site.redirect(f"{AUTHORIZE}?{raw.decode('ascii')}")

    async def resume(self, request: Request) -> Response:
        """Go on after a login page, with the very request that led there."""
        continuation = self._continuation(request, request.query_params.get("continue", ""))
        if continuation is None or continuation.query is None:
            return self._lapsed(request)
        return await self._answer(request, continuation.query.encode("ascii"), continuation.asked_at)

    async def consent(self, request: Request) -> Response:
        """The person agreed or refused."""
        try:
            fields = await self._site.form(request)
        except (UnreadableForm, Forged):
            return self._lapsed(request)
        continuation = self._continuation(request, fields.get("continue", ""))
        if continuation is None or continuation.query is None:
            return self._lapsed(request)
        try:
            destination, asked = authorize.check(
                authorize.read(continuation.query.encode("ascii")), self._registry
            )
        except (ShownToPerson, SentBack):
            return self._lapsed(request)  # the client was changed or disabled while the page was open
        standing = await self._standing(request, destination.client, asked)
        if standing is not None and continuation.account_id not in ("", standing.session.account_id):
            standing = None  # somebody else has logged in meanwhile: they are asked themselves
        if standing is not None and fields.get("decision") == "deny":
            await self._service.refuse(standing, destination.client, self._site.addresses.of(request))
            refusal = AccessDenied("the person refused")
            return self._send(
                request, destination, responses.failure(refusal, destination.state, self._issuer)
            )
        if standing is not None and fields.get("decision") == "allow":
            if not sent_before(request):
                await self._service.agree(asked, standing, self._site.addresses.of(request))
            # Answered here and now: what was agreed to is this request, and none that waits in another tab.
            query = continuation.query.encode("ascii")
            return await self._answer(request, query, continuation.asked_at, agreed=True)
        return self._site.redirect(f"{RESUME}?{urlencode({'continue': fields['continue']})}")

    async def _answer(
        self, request: Request, query: bytes, asked_at: float, *, agreed: bool = False
    ) -> Response:
        address = self._site.addresses.of(request)
        try:
            parameters = authorize.read(query)
            await self._registry.learn(parameters.get("client_id", ""))
            destination, asked = authorize.check(parameters, self._registry)
        except ShownToPerson as shown:
            self._service.note_refusal(shown.error, None, address, self._claimed(query))
            return self._unusable(request, 400, shown.error.description)
        except SentBack as sent:
            return await self._refuse(request, sent.destination, sent.error)
        standing = await self._standing(request, destination.client, asked)
        moment = Moment(asked_at, self._site.sources.now(), agreed)
        try:
            hinted = self._service.hinted(asked)
            want = wanted(destination.client, asked, standing, hinted, moment)
        except OAuthError as error:
            return await self._refuse(request, destination, error)
        if standing is not None and want is Want.NOTHING:
            # The system may have redeemed the code although the browser has not heard of it: nobody sends it twice.
            good_once(request)
            code = await self._service.issue(asked, standing, address)
            return self._send(request, destination, responses.success(code, destination.state, self._issuer))
        continuation = self._continue(request, query, moment, destination.client, asked, want)
        if standing is not None and want is Want.CONSENT:
            sealed = replace(continuation, account_id=standing.session.account_id).seal(self._site.vault)
            return self._consent_page(request, destination.client, asked, standing, sealed)
        if want is Want.LOGIN and hinted is not None:
            continuation = replace(continuation, account_id=hinted)
        page = {Want.CHOICE: ACTING, Want.KNOWLEDGE: KNOWN}.get(want, LOGIN)
        sealed = continuation.seal(self._site.vault)
        response = self._site.redirect(f"{page}?{urlencode({'continue': sealed})}")
        self._site.keep_browser(request, response)
        self._site.keep_asked(request, response)
        return response

    def _claimed(self, query: bytes) -> str | None:
        """The registered client that a request names, though it cannot be from it as it is."""
        try:
            client_id = parse(query).get("client_id", "")
        except OAuthError:
            return None
        return client_id if self._registry.knows(client_id) else None

    async def _standing(
        self, request: Request, client: Client, asked: AuthorizationRequest
    ) -> Standing | None:
        token = self._site.cookies.get(request, names.SESSION)
        standing = await self._service.standing(token, client)
        if standing is not None and undecided(client, asked, standing.session):
            principals = await self._acting.principals(standing.session)
            standing = with_choices(standing, client, principals)
        return standing

    async def _refuse(self, request: Request, destination: Destination, error: OAuthError) -> Response:
        address = self._site.addresses.of(request)
        self._service.note_refusal(error, destination.client.client_id, address)
        return self._send(request, destination, responses.failure(error, destination.state, self._issuer))

    def _send(self, request: Request, destination: Destination, parameters: dict[str, str]) -> Response:
        """To the client, by its response mode."""
        if destination.mode is ResponseMode.FORM_POST:
            response = self._site.page(
                request,
                "form_post.html",
                action=destination.redirect_uri,
                fields=list(parameters.items()),
                system=destination.client.client_name,
            )
            response.headers.update(FORM_POST_HEADERS)
            return response
        location = responses.with_query(destination.redirect_uri, parameters)
        return Response(status_code=303, headers={**NO_STORE, "location": location})

    def _continue(
        self,
        request: Request,
        query: bytes,
        moment: Moment,
        client: Client,
        asked: AuthorizationRequest,
        want: Want,
    ) -> Continuation:
        return Continuation(
            asked_at=moment.asked_at,
            browser=self._site.browser(request),
            query=query.decode("ascii"),
            client_id=client.client_id,
            level=max(client.minimum_level, asked.acr_level),
            again=want is Want.LOGIN,
            strong=want is Want.STEP_UP,
            login_hint=asked.login_hint[:100],
        )

    def _continuation(self, request: Request, sealed: str) -> Continuation | None:
        try:
            return unseal(self._site.vault, sealed, self._site.browser(request), self._site.sources.now())
        except Lapsed:
            return None

    def _consent_page(
        self,
        request: Request,
        client: Client,
        asked: AuthorizationRequest,
        standing: Standing,
        continuation: str,
    ) -> Response:
        return self._site.page(
            request,
            "consent.html",
            action=CONSENT,
            continue_=continuation,
            system=client.client_name,
            client_uri=client.client_uri,
            items=scope_items(asked.scopes, lambda text: self._site.say(request, text)),
            name_masked=masked_name(standing.session.name),
            principal=standing.session.principal,
        )

    def _lapsed(self, request: Request) -> Response:
        message = self._site.say(request, "页面已过期。请回到您要使用的系统，重新登录。")
        return self._site.error(request, 400, message, "LAPSED")

    def _unusable(self, request: Request, status: int, reason: str) -> Response:
        """A request that we must not answer by redirect; the reason is for whoever runs the system that sent it."""
        message = self._site.say(
            request, "您要使用的系统发来的登录请求不正确，无法继续。请联系该系统的管理员。"
        )
        return self._site.error(request, status, message, reason)
