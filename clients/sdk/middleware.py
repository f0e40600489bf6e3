"""ASGI middleware: login, callback and logout around any application, and its visitors' sessions."""

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clients.sdk.cookies import Cookies
from clients.sdk.core.errors import InvalidResponse, LoginError, Unavailable
from clients.sdk.core.levels import HIGHEST
from clients.sdk.core.paths import local_path
from clients.sdk.core.session import Session
from clients.sdk.login import Login, log_failure
from clients.sdk.problems import (
    LOGIN_PATH,
    Problem,
    Render,
    logged_out_here,
    logout_question,
    plain_page,
    problem_of,
)
from clients.sdk.visit import STATE, Visit

MOST_BYTES = 65_536
NO_STORE = {"cache-control": "no-store"}
_OWN_PATHS = (LOGIN_PATH, "/callback", "/logout", "/backchannel-logout")

Handler = Callable[[Request], Awaitable[Response]]


class LoginMiddleware:
    """Answers the paths of the login itself; gives every other request its visitor (`visit_of`)."""

    def __init__(self, app: ASGIApp, login: Login, render: Render = plain_page) -> None:
        self._app = app
        self._login = login
        self._config = login.config
        self._render = render
        self._cookies = Cookies(login.config.name, login.config.secret, secure=login.config.secure)
        self._handlers: dict[str, dict[str, Handler]] = {
            LOGIN_PATH: {"GET": self._start},
            "/callback": {"GET": self._callback},
            "/logout": {"GET": self._ask_logout, "POST": self._log_out},
            "/backchannel-logout": {"POST": self._backchannel_logout},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"].startswith(self._config.skip):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        methods = self._handlers.get(scope["path"])
        if methods is None:
            await self._pass_on(request, receive, send)
            return
        handler = methods.get(request.method)
        if handler is None:
            response: Response = PlainTextResponse("method not allowed", 405, {"allow": ", ".join(methods)})
        else:
            response = await handler(request)
        await response(scope, receive, send)

    async def _pass_on(self, request: Request, receive: Receive, send: Send) -> None:
        back = self._is_back_from_logout(request)
        visit = Visit(await self._session(request), back, self._render_uncached)
        scope = {**request.scope, "state": {**request.scope.get("state", {}), STATE: visit}}

        async def send_and_forget(message: Message) -> None:
            if message["type"] == "http.response.start":
                response = Response()
                self._cookies.drop_logout(response)
                MutableHeaders(scope=message).append("set-cookie", response.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, send_and_forget if back else send)

    async def _session(self, request: Request) -> Session | None:
        session_id = self._cookies.session_id(request)
        return await self._login.current(session_id) if session_id else None

    async def _start(self, request: Request) -> Response:
        wanted = local_path(request.query_params.get("next"), self._config.home)
        if wanted.split("?")[0] in _OWN_PATHS:
            wanted = self._config.home
        level = request.query_params.get("level", "0")
        try:
            url, transaction = await self._login.start(wanted, int(level) if level in _LEVELS else 0)
        except LoginError as error:
            return self._problem(request, "login", error, wanted)
        response = RedirectResponse(url, 303, NO_STORE)
        self._cookies.keep_transaction(request, response, transaction)
        return response

    async def _callback(self, request: Request) -> Response:
        state = request.query_params.get("state", "")
        transaction = self._cookies.transaction(request, state)
        if transaction is None:
            return self._problem(request, "callback", InvalidResponse("no login of this state"), "/")
        old = self._cookies.session_id(request)
        try:
            entered = await self._login.finish(request.query_params.multi_items(), transaction, old)
        except LoginError as error:
            response = self._problem(request, "callback", error, transaction.return_to)
        else:
            response = RedirectResponse(entered.return_to, 303, NO_STORE)
            self._cookies.set_session_id(response, entered.session_id)
        self._cookies.drop_transaction(response, state)
        return response

    async def _ask_logout(self, request: Request) -> Response:
        session = await self._session(request)
        if session is None:
            return RedirectResponse("/", 303, NO_STORE)
        return self._render_uncached(request, logout_question(session.csrf))

    async def _log_out(self, request: Request) -> Response:
        session_id, session = self._cookies.session_id(request), await self._session(request)
        if session_id is None or session is None:
            return RedirectResponse("/", 303, NO_STORE)
        fields = await _form(request) or {}
        if not compare_digest(fields.get("csrf", "").encode(), session.csrf.encode()):
            return self._render_uncached(request, logout_question(session.csrf))
        try:
            url, state = await self._login.log_out(session_id, session)
        except Unavailable as error:
            log_failure("logout", error)
            response = self._render_uncached(request, logged_out_here())
        else:
            response = RedirectResponse(url or "/", 303, NO_STORE)
            self._cookies.keep_logout(response, state)
        self._cookies.clear_session_id(response)
        return response

    async def _backchannel_logout(self, request: Request) -> Response:
        """Back-Channel Logout §2.5, §2.8: 200 for done, 400 for not done, never cached."""
        fields = await _form(request)
        token = (fields or {}).get("logout_token", "")
        try:
            if not token:
                raise InvalidResponse("logout_token is missing")
            await self._login.receive_logout(token)
        except LoginError as error:
            log_failure("back-channel logout", error)
            body = {"error": "invalid_request", "error_description": "the logout token was not accepted"}
            return JSONResponse(body, 400, NO_STORE)
        return Response(status_code=200, headers=NO_STORE)

    def _is_back_from_logout(self, request: Request) -> bool:
        if request.scope["path"] != "/" or not request.scope["query_string"]:
            return False
        kept, given = self._cookies.logout(request), request.query_params.get("state")
        return bool(kept and given) and compare_digest(str(kept).encode(), str(given).encode())

    def _problem(self, request: Request, step: str, error: LoginError, return_to: str) -> Response:
        log_failure(step, error)
        return self._render_uncached(request, problem_of(error, return_to))

    def _render_uncached(self, request: Request, problem: Problem) -> Response:
        response = self._render(request, problem)
        response.headers["cache-control"] = "no-store"
        if problem.retry_after is not None:
            response.headers["retry-after"] = str(problem.retry_after)
        return response


_LEVELS = tuple(str(level) for level in range(HIGHEST + 1))


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a small form, each given once; None for anything else."""
    if (
        request.headers.get("content-type", "").partition(";")[0].strip()
        != "application/x-www-form-urlencoded"
    ):
        return None
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                return None
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except (ValueError, ClientDisconnect):
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None
