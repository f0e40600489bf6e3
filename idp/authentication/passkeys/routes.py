"""/login/passkey: logging in, or confirming a login, by what unlocks the person's own device."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.authentication.guard import open_form
from idp.authentication.login.flow import LoginFlow
from idp.authentication.login.methods import PASSKEY
from idp.authentication.passkeys.service import Passkeys
from idp.authentication.service import Authentication
from idp.authentication.throttle import Throttle
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.web.pages import SCRIPT_HEADERS


class PasskeyPages:
    """The handlers of /login/passkey; `confirm` asks for a passkey of the account whose login is waiting."""

    def __init__(
        self,
        login_flow: LoginFlow,
        authentication: Authentication,
        passkeys: Passkeys,
        throttle: Throttle,
    ) -> None:
        self._login_flow = login_flow
        self._authentication = authentication
        self._passkeys = passkeys
        self._throttle = throttle

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {PASSKEY.path: {"GET": self.show, "POST": open_form(self.log_in, self._on_lapsed)}}

    async def show(self, visitor: Visitor) -> Response:
        """A page with a challenge of its own, which is kept for a while: so there is a limit."""
        if wait := await self._throttle.admit_page(visitor.caller.address):
            message = visitor.say("尝试次数过多，请稍后再试。")
            response = visitor.error(429, message, "SLOW-DOWN")
            response.headers["retry-after"] = str(wait)
            return response
        return await self._page(
            visitor, visitor.query.get("continue", ""), confirm="confirm" in visitor.query
        )

    async def log_in(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Check what the browser answered."""
        caller, browser = visitor.caller, visitor.browser
        sealed, confirm = fields.get("continue", ""), "confirm" in fields
        if wait := await self._throttle.admit_address(caller.address):
            error = visitor.say("尝试次数过多，请稍后再试。")
            response = await self._page(visitor, sealed, confirm=confirm, error=error, status=429)
            response.headers["retry-after"] = str(wait)
            return response
        proven = await self._passkeys.proven(
            fields.get("ceremony", ""), fields.get("credential", ""), browser, caller
        )
        if proven is None:
            error = visitor.say("没有通过验证。请重试，或换一种登录方式。")
            return await self._page(visitor, sealed, confirm=confirm, error=error, status=401)
        outcome = await self._authentication.proceed(
            proven.account,
            proven.amr,
            caller,
            await visitor.current_session(),
            visitor.device,
        )
        return await self._login_flow.outcome(
            visitor, self._login_flow.continuation(visitor, sealed), outcome
        )

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        lapsed = visitor.say("页面已过期，请重试。")
        return await self._page(visitor, fields.get("continue", ""), error=lapsed, status=400)

    async def _page(
        self,
        visitor: Visitor,
        sealed: str,
        *,
        confirm: bool = False,
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        continuation = self._login_flow.continuation(visitor, sealed)
        sealed = self._login_flow.sealed(continuation)
        account = None
        if confirm:
            account = await self._authentication.pending_account(visitor.pending_login)
        asked = None
        if self._passkeys.available:
            browser = visitor.browser
            asked = await self._passkeys.ask(browser, account.id if account else None)
        response = visitor.page(
            "passkey.html",
            status,
            action=PASSKEY.path,
            continue_=sealed,
            ceremony=asked.token if asked else None,
            options=asked.options if asked else None,
            confirm=account is not None,
            error=error,
            system=self._login_flow.system(continuation),
            offers=self._login_flow.offers(visitor, sealed, PASSKEY.name),
        )
        response.headers.update(SCRIPT_HEADERS)
        return response
