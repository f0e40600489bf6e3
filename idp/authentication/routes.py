"""The login pages: plain forms, a password first, then a second factor where there is one."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.accounts.passwords import Overloaded
from idp.authentication.continuation import Continuation, Lapsed, unseal
from idp.authentication.service import Authentication, Done, Pending, Wrong
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import YEAR, Forged, Site
from idp.relying_parties.service import Registry
from idp.sessions.model import Session, masked_name
from idp.sessions.service import Caller, Sessions

LOGIN = "/login"
OTP = "/login/otp"
RESUME = "/authorize/resume"
BUSY_SECONDS = 10


class LoginPages:
    """Handlers of /login and /login/otp."""

    def __init__(
        self, site: Site, authentication: Authentication, sessions: Sessions, registry: Registry
    ) -> None:
        self._site = site
        self._authentication = authentication
        self._sessions = sessions
        self._registry = registry

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {
            LOGIN: {"GET": self.show_login, "POST": self.login},
            OTP: {"GET": self.show_otp, "POST": self.otp},
        }

    async def show_login(self, request: Request) -> Response:
        """The login form; somebody whose session only lacks a second factor goes straight to that."""
        continuation = self._continuation(request, request.query_params.get("continue", ""))
        session = await self._session(request)
        if session is not None:
            if continuation.again or continuation.level > session.level:
                pending = None if continuation.again else await self._authentication.step_up(session)
                if pending is not None:
                    return self._to_otp(continuation, pending)
            else:
                return self._site.redirect(self._next(continuation))
        return self._login_page(request, continuation, username=continuation.login_hint)

    async def login(self, request: Request) -> Response:
        """Check a password."""
        try:
            fields = await self._site.form(request)
        except Forged as forged:
            return self._begin_again(request, forged.fields.get("continue", ""))
        except UnreadableForm:
            return self._begin_again(request, "")
        continuation = self._continuation(request, fields.get("continue", ""))
        username, password = fields.get("username", "").strip(), fields.get("password", "")
        if not username or not password:
            error = self._site.say(request, "请输入用户名和密码。")
            return self._login_page(request, continuation, username=username, error=error, status=400)
        device = self._site.cookies.get(request, names.DEVICE)
        before = await self._session(request)
        try:
            outcome = await self._authentication.password(
                username, password, self._caller(request), device, before
            )
        except Overloaded:
            outcome = Wrong(BUSY_SECONDS)
        if isinstance(outcome, Pending):
            return self._to_otp(continuation, outcome)
        if isinstance(outcome, Done):
            return self._enter(continuation, outcome)
        return self._refused(request, continuation, username, outcome)

    async def show_otp(self, request: Request) -> Response:
        """The form for the second factor."""
        continuation = self._continuation(request, request.query_params.get("continue", ""))
        return await self._otp_page(request, continuation)

    async def otp(self, request: Request) -> Response:
        """Check a second factor."""
        try:
            fields = await self._site.form(request)
        except Forged as forged:
            return self._begin_again(request, forged.fields.get("continue", ""))
        except UnreadableForm:
            return self._begin_again(request, "")
        continuation = self._continuation(request, fields.get("continue", ""))
        token = self._site.cookies.get(request, names.LOGIN)
        before = await self._session(request)
        outcome = await self._authentication.second_factor(
            token, fields.get("otp", ""), self._caller(request), before
        )
        if isinstance(outcome, Done):
            return self._enter(continuation, outcome)
        if outcome is None:
            return self._begin_again(request, fields.get("continue", ""))
        if outcome.retry_after:
            error = self._site.say(request, "尝试次数过多，请稍后再试。")
            return await self._otp_page(request, continuation, error, 429, outcome.retry_after)
        error = self._site.say(request, "验证码不正确或已使用过，请输入最新的 6 位数字。")
        return await self._otp_page(request, continuation, error, 401)

    def _refused(self, request: Request, continuation: Continuation, username: str, wrong: Wrong) -> Response:
        if wrong.retry_after:
            error = self._site.say(request, "尝试次数过多，请稍后再试。")
            status = 429
        else:
            error = self._site.say(request, "用户名或密码不正确。")
            status = 401
        response = self._login_page(
            request,
            continuation,
            username=username,
            error=error,
            status=status,
            retry_after=wrong.retry_after,
        )
        if wrong.retry_after:
            response.headers["retry-after"] = str(wrong.retry_after)
        return response

    def _enter(self, continuation: Continuation, done: Done) -> Response:
        response = self._site.redirect(self._next(continuation))
        self._site.cookies.set(response, names.SESSION, done.session_token)
        self._site.cookies.set(response, names.DEVICE, done.device, YEAR)
        self._site.cookies.clear(response, names.LOGIN)
        return response

    def _to_otp(self, continuation: Continuation, pending: Pending) -> Response:
        response = self._site.redirect(f"{OTP}?{urlencode({'continue': self._sealed(continuation)})}")
        self._site.cookies.set(response, names.LOGIN, pending.token)
        return response

    def _begin_again(self, request: Request, sealed: str) -> Response:
        """The form was not ours or has lapsed: show a new one rather than an error nobody can act on."""
        error = self._site.say(request, "页面已过期，请重新登录。")
        continuation = self._continuation(request, sealed)
        return self._login_page(request, continuation, username="", error=error, status=400)

    def _login_page(
        self,
        request: Request,
        continuation: Continuation,
        *,
        username: str,
        error: str | None = None,
        status: int = 200,
        retry_after: int = 0,
    ) -> Response:
        return self._site.page(
            request,
            "login.html",
            status,
            action=LOGIN,
            continue_=self._sealed(continuation),
            username=username,
            error=error,
            system=self._system(continuation),
            retry_after=retry_after or None,
        )

    async def _otp_page(
        self,
        request: Request,
        continuation: Continuation,
        error: str | None = None,
        status: int = 200,
        retry_after: int = 0,
    ) -> Response:
        account = await self._authentication.pending_account(self._site.cookies.get(request, names.LOGIN))
        if account is None:
            return self._begin_again(request, self._sealed(continuation))
        response = self._site.page(
            request,
            "otp.html",
            status,
            action=OTP,
            continue_=self._sealed(continuation),
            error=error,
            name_masked=masked_name(account["name"]),
            system=self._system(continuation),
        )
        if retry_after:
            response.headers["retry-after"] = str(retry_after)
        return response

    def _continuation(self, request: Request, sealed: str) -> Continuation:
        """What the person came for; when that cannot be read any more, the overview page."""
        browser = self._site.browser(request)
        try:
            return unseal(self._site.vault, sealed, browser, self._site.sources.now())
        except Lapsed:
            return Continuation(self._site.sources.now(), browser)

    def _sealed(self, continuation: Continuation) -> str:
        return continuation.seal(self._site.vault)

    def _next(self, continuation: Continuation) -> str:
        if continuation.query is None:
            return continuation.path
        return f"{RESUME}?{urlencode({'continue': self._sealed(replace(continuation, again=False))})}"

    def _system(self, continuation: Continuation) -> str | None:
        client = self._registry.find(continuation.client_id) if continuation.client_id else None
        return client.client_name if client else None

    def _caller(self, request: Request) -> Caller:
        return Caller(self._site.addresses.of(request), request.headers.get("user-agent", ""))

    async def _session(self, request: Request) -> Session | None:
        return await self._sessions.find(self._site.cookies.get(request, names.SESSION))
