"""/login/qr: the computer's side of a login by picture; the approving side is a page of the user centre."""

from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LoginFlow
from idp.authentication.login.methods import QR
from idp.authentication.qr.service import LIFETIME_SECONDS, QrLogins, QrShown, QrState
from idp.authentication.service import Authentication
from idp.authentication.throttle import Throttle
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.attempts import Attempts
from idp.infrastructure.web.pages import SCRIPT_HEADERS
from idp.infrastructure.web.pictures import qr_code

APPROVE = "/qr"
STATE = "/login/qr/state"
AGAIN = "again"


class QrPages:
    """The handlers of /login/qr: waits by asking again, with or without a script."""

    def __init__(
        self,
        login_flow: LoginFlow,
        authentication: Authentication,
        logins: QrLogins,
        throttle: Throttle,
        attempts: Attempts,
    ) -> None:
        self._login_flow = login_flow
        self._authentication = authentication
        self._logins = logins
        self._throttle = throttle
        self._attempts = attempts

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {QR.path: {"GET": self.show}, STATE: {"GET": self.state}}

    async def show(self, visitor: Visitor) -> Response:
        """The picture, how far it has come, and at last the way in."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        qr_id, browser = visitor.cookie(names.QR), visitor.browser
        state = QrState.EXPIRED if qr_id is None else await self._logins.state(qr_id, browser)
        if qr_id is not None and state is QrState.APPROVED:
            return await self._attempts.once(
                visitor.request, qr_id, lambda: self._enter(visitor, continuation, qr_id)
            )
        if (answer := await self._entered(visitor, qr_id, state)) is not None:
            return answer
        if wait := await self._throttle.admit_page(visitor.caller.address):
            return self._slow_down(visitor, wait)
        if qr_id is None or AGAIN in visitor.query:
            return await self._begin(visitor, continuation)
        shown = await self._logins.find(qr_id)
        return await self._page(visitor, continuation, state if shown else QrState.EXPIRED, shown)

    async def state(self, visitor: Visitor) -> Response:
        """How far it has come, for the script."""
        qr_id = visitor.cookie(names.QR)
        browser = visitor.browser
        state = QrState.EXPIRED if qr_id is None else await self._logins.state(qr_id, browser)
        return JSONResponse({"state": state}, headers={"cache-control": "no-store"})

    async def _begin(self, visitor: Visitor, continuation: Continuation) -> Response:
        caller = visitor.caller
        if wait := await self._throttle.admit_address(caller.address):
            return self._slow_down(visitor, wait)
        shown = await self._logins.begin(visitor.browser, caller)
        response = await self._page(visitor, continuation, QrState.CREATED, shown)
        visitor.site.cookies.set(response, names.QR, shown.id, LIFETIME_SECONDS * 2)
        return response

    def _slow_down(self, visitor: Visitor, wait: int) -> Response:
        message = visitor.say("尝试次数过多，请稍后再试。")
        response = visitor.error(429, message, "SLOW-DOWN")
        response.headers["retry-after"] = str(wait)
        return response

    async def _entered(self, visitor: Visitor, qr_id: str | None, state: QrState) -> Response | None:
        """It may be over because this browser is in by it, and has not heard of it yet."""
        if qr_id is None or state is not QrState.EXPIRED or AGAIN in visitor.query:
            return None
        return await self._attempts.earlier(visitor.request, qr_id)

    async def _enter(self, visitor: Visitor, continuation: Continuation, qr_id: str) -> Response:
        approved = await self._logins.take(qr_id, visitor.browser)
        if approved is None:
            return await self._page(visitor, continuation, QrState.EXPIRED, None)
        outcome = await self._authentication.proceed(
            approved.account,
            approved.amr,
            visitor.caller,
            await visitor.current_session(),
            visitor.device,
            vouched=approved.vouched,
        )
        response = await self._login_flow.outcome(visitor, continuation, outcome)
        visitor.site.cookies.clear(response, names.QR)
        return response

    async def _page(
        self, visitor: Visitor, continuation: Continuation, state: QrState, shown: QrShown | None
    ) -> Response:
        sealed = self._login_flow.sealed(continuation)
        picture = None
        if shown is not None and state is QrState.CREATED:
            address = f"{visitor.site.origin}{APPROVE}?{urlencode({'id': shown.id})}"
            picture = await qr_code(address, keep=True)
        response = visitor.page(
            "qr.html",
            state=state.value,
            picture=picture,
            number=shown.number if shown else None,
            state_url=STATE,
            here_url=self._login_flow.to(QR.path, continuation),
            again_url=f"{QR.path}?{urlencode({'continue': sealed, AGAIN: 1})}",
            system=self._login_flow.system(continuation),
            offers=self._login_flow.offers(visitor, sealed, QR.name),
        )
        response.headers.update(SCRIPT_HEADERS)
        if state in (QrState.REFUSED, QrState.EXPIRED):
            visitor.site.cookies.clear(response, names.QR)
        return response
