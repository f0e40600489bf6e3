"""/login/passkey: logging in, or confirming a login, by what unlocks the person's own device."""

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.login_flow import LoginFlow
from idp.authentication.login_methods import PASSKEY
from idp.authentication.passkeys import Passkeys
from idp.authentication.service import Authentication
from idp.authentication.throttle import Throttle
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.pages import SCRIPT_HEADERS
from idp.infrastructure.web.site import Forged, Site


class PasskeyPages:
    """The handlers of /login/passkey; `confirm` asks for a passkey of the account whose login is waiting."""

    def __init__(
        self,
        site: Site,
        login_flow: LoginFlow,
        authentication: Authentication,
        passkeys: Passkeys,
        throttle: Throttle,
    ) -> None:
        self._site = site
        self._login_flow = login_flow
        self._authentication = authentication
        self._passkeys = passkeys
        self._throttle = throttle

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {PASSKEY.path: {"GET": self.show, "POST": self.log_in}}

    async def show(self, request: Request) -> Response:
        """A page with a challenge of its own, which is kept for a while: so there is a limit."""
        if wait := await self._throttle.admit_page(self._login_flow.caller(request).address):
            message = self._site.say(request, "尝试次数过多，请稍后再试。")
            response = self._site.error(request, 429, message, "SLOW-DOWN")
            response.headers["retry-after"] = str(wait)
            return response
        return await self._page(
            request, request.query_params.get("continue", ""), confirm="confirm" in request.query_params
        )

    async def log_in(self, request: Request) -> Response:
        """Check what the browser answered."""
        try:
            fields = await self._site.form(request)
        except (Forged, UnreadableForm) as broken:
            fields = broken.fields if isinstance(broken, Forged) else {}
            lapsed = self._site.say(request, "页面已过期，请重试。")
            return await self._page(request, fields.get("continue", ""), error=lapsed, status=400)
        caller, browser = self._login_flow.caller(request), self._site.browser(request)
        sealed, confirm = fields.get("continue", ""), "confirm" in fields
        if wait := await self._throttle.admit_address(caller.address):
            error = self._site.say(request, "尝试次数过多，请稍后再试。")
            response = await self._page(request, sealed, confirm=confirm, error=error, status=429)
            response.headers["retry-after"] = str(wait)
            return response
        proven = await self._passkeys.proven(
            fields.get("ceremony", ""), fields.get("credential", ""), browser, caller
        )
        if proven is None:
            error = self._site.say(request, "没有通过验证。请重试，或换一种登录方式。")
            return await self._page(request, sealed, confirm=confirm, error=error, status=401)
        outcome = await self._authentication.proceed(
            proven.account,
            proven.amr,
            caller,
            await self._login_flow.session(request),
            self._login_flow.device(request),
        )
        return await self._login_flow.outcome(
            request, self._login_flow.continuation(request, sealed), outcome
        )

    async def _page(
        self,
        request: Request,
        sealed: str,
        *,
        confirm: bool = False,
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        continuation = self._login_flow.continuation(request, sealed)
        sealed = self._login_flow.sealed(continuation)
        account = None
        if confirm:
            account = await self._authentication.pending_account(self._login_flow.pending(request))
        asked = None
        if self._passkeys.available:
            browser = self._site.browser(request)
            asked = await self._passkeys.ask(browser, account.id if account else None)
        response = self._site.page(
            request,
            "passkey.html",
            status,
            action=PASSKEY.path,
            continue_=sealed,
            ceremony=asked.token if asked else None,
            options=asked.options if asked else None,
            confirm=account is not None,
            error=error,
            system=self._login_flow.system(continuation),
            offers=self._login_flow.offers(request, sealed, PASSKEY.name),
        )
        response.headers.update(SCRIPT_HEADERS)
        return response
