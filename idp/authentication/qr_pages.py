"""/login/qr: the computer's side of a login by picture; the approving side is a page of the user centre."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from idp.authentication.continuation import Continuation
from idp.authentication.login_flow import LoginFlow
from idp.authentication.login_methods import QR
from idp.authentication.qr import LIFETIME_SECONDS, QrLogins, Shown, State
from idp.authentication.service import Authentication
from idp.authentication.throttle import Throttle
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.attempts import Attempts
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.pages import SCRIPT_HEADERS
from idp.infrastructure.web.pictures import qr_code
from idp.infrastructure.web.site import Site

APPROVE = "/qr"
STATE = "/login/qr/state"
AGAIN = "again"


class QrPages:
    """The handlers of /login/qr: waits by asking again, with or without a script."""

    def __init__(
        self,
        site: Site,
        login_flow: LoginFlow,
        authentication: Authentication,
        logins: QrLogins,
        throttle: Throttle,
        attempts: Attempts,
    ) -> None:
        self._site = site
        self._login_flow = login_flow
        self._authentication = authentication
        self._logins = logins
        self._throttle = throttle
        self._attempts = attempts

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {QR.path: {"GET": self.show}, STATE: {"GET": self.state}}

    async def show(self, request: Request) -> Response:
        """The picture, how far it has come, and at last the way in."""
        continuation = self._login_flow.continuation(request, request.query_params.get("continue", ""))
        qr_id, browser = self._site.cookies.get(request, names.QR), self._site.browser(request)
        state = State.EXPIRED if qr_id is None else await self._logins.state(qr_id, browser)
        if qr_id is not None and state is State.APPROVED:
            return await self._attempts.once(
                request, qr_id, lambda: self._enter(request, continuation, qr_id)
            )
        if (answer := await self._entered(request, qr_id, state)) is not None:
            return answer
        if wait := await self._throttle.admit_page(self._login_flow.caller(request).address):
            return self._slow_down(request, wait)
        if qr_id is None or AGAIN in request.query_params:
            return await self._begin(request, continuation)
        shown = await self._logins.find(qr_id)
        return await self._page(request, continuation, state if shown else State.EXPIRED, shown)

    async def state(self, request: Request) -> Response:
        """How far it has come, for the script."""
        qr_id = self._site.cookies.get(request, names.QR)
        browser = self._site.browser(request)
        state = State.EXPIRED if qr_id is None else await self._logins.state(qr_id, browser)
        return JSONResponse({"state": state}, headers={"cache-control": "no-store"})

    async def _begin(self, request: Request, continuation: Continuation) -> Response:
        caller = self._login_flow.caller(request)
        if wait := await self._throttle.admit_address(caller.address):
            return self._slow_down(request, wait)
        shown = await self._logins.begin(self._site.browser(request), caller)
        response = await self._page(request, continuation, State.CREATED, shown)
        self._site.cookies.set(response, names.QR, shown.id, LIFETIME_SECONDS * 2)
        return response

    def _slow_down(self, request: Request, wait: int) -> Response:
        message = self._site.say(request, "尝试次数过多，请稍后再试。")
        response = self._site.error(request, 429, message, "SLOW-DOWN")
        response.headers["retry-after"] = str(wait)
        return response

    async def _entered(self, request: Request, qr_id: str | None, state: State) -> Response | None:
        """It may be over because this browser is in by it, and has not heard of it yet."""
        if qr_id is None or state is not State.EXPIRED or AGAIN in request.query_params:
            return None
        return await self._attempts.earlier(request, qr_id)

    async def _enter(self, request: Request, continuation: Continuation, qr_id: str) -> Response:
        approved = await self._logins.take(qr_id, self._site.browser(request))
        if approved is None:
            return await self._page(request, continuation, State.EXPIRED, None)
        outcome = await self._authentication.proceed(
            approved.account,
            approved.amr,
            self._login_flow.caller(request),
            await self._login_flow.session(request),
            self._login_flow.device(request),
            vouched=approved.vouched,
        )
        response = await self._login_flow.outcome(request, continuation, outcome)
        self._site.cookies.clear(response, names.QR)
        return response

    async def _page(
        self, request: Request, continuation: Continuation, state: State, shown: Shown | None
    ) -> Response:
        sealed = self._login_flow.sealed(continuation)
        picture = None
        if shown is not None and state is State.CREATED:
            address = f"{self._site.origin}{APPROVE}?{urlencode({'id': shown.id})}"
            picture = await qr_code(address, keep=True)
        response = self._site.page(
            request,
            "qr.html",
            state=state.value,
            picture=picture,
            number=shown.number if shown else None,
            state_url=STATE,
            here_url=self._login_flow.to(QR.path, continuation),
            again_url=f"{QR.path}?{urlencode({'continue': sealed, AGAIN: 1})}",
            system=self._login_flow.system(continuation),
            offers=self._login_flow.offers(request, sealed, QR.name),
        )
        response.headers.update(SCRIPT_HEADERS)
        if state in (State.REFUSED, State.EXPIRED):
            self._site.cookies.clear(response, names.QR)
        return response
