"""The front door: a table from path and method to handler, before any framework; the rest goes to FastAPI."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.sources import Sources
from idp.infrastructure.web.cross_origin import CrossOrigin
from idp.infrastructure.web.readable import (
    UnreadableField,
    check_head,
    check_query,
    has_own_rule,
    reads_by_own_rule,
)
from idp.infrastructure.web.switches import HAS_GET

Handler = Callable[[Request], Awaitable[Response]]
Routes = Mapping[str, Mapping[str, Handler]]
"""Path → method → handler. A path with GET answers HEAD too, without its handler unless that is named for HEAD."""
ShowError = Callable[[Request, int, str], Response]
"""Makes the answer for a status the handler could not give: request, status, reference for the help desk.

No reference where nothing was logged under it: a code that leads nowhere only makes people call.
"""

RETRY_AFTER_SECONDS = 5

log = structlog.get_logger(__name__)


class Dispatcher:
    """An ASGI application. A framework's router and middleware would cost a third of the hot path (docs/decisions)."""

    def __init__(
        self,
        routes: Routes,
        fallback: ASGIApp,
        show_error: ShowError,
        sources: Sources,
        cross_origin: CrossOrigin | None = None,
    ) -> None:
        self._routes = {path: _with_head(methods) for path, methods in routes.items()}
        self._fallback = fallback
        self._show_error = show_error
        self._sources = sources
        self._cross_origin = cross_origin

    @property
    def routes(self) -> Routes:
        """Path → method → handler, as they are answered."""
        return self._routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._cross_origin is not None and scope["type"] == "http":
            readable = self._cross_origin.shared(scope, send)
            if readable is not None:
                if await self._cross_origin.preflight(scope, receive, readable):
                    return
                send = readable
        methods = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if methods is None:
            await self._fallback(scope, receive, send)
            return
        scope[HAS_GET] = "GET" in methods
        request = Request(scope, receive)
        handler = methods.get(scope["method"])
        response = (
            self._not_allowed(request, methods) if handler is None else await self._handle(handler, request)
        )
        await response(scope, receive, send)

    async def _handle(self, handler: Handler, request: Request) -> Response:
        try:
            check_head(request.scope)
            if not has_own_rule(handler):
                check_query(request.scope["query_string"])
            return await handler(request)
        except UnreadableField:
            request.scope["query_string"] = b""  # no page repeats in its links what cannot be read
            return self._show_error(Request(request.scope), 400, "")
        except (DatabaseUnavailable, KeyValueUnavailable) as error:
            reference = self._reference()
            log.warning("a store is away", store=type(error).__name__, reason=str(error), reference=reference)
            return unavailable(self._show_error, request, reference)
        except Exception as error:  # noqa: BLE001 - the last to see it: logged, and answered without a trace
            reference = self._reference()
            # The traceback's frames are logged, not its message: a message may quote what somebody sent.
            log.error("request broke", path=request.scope["path"], reference=reference, frames=_frames(error))
            return self._show_error(request, 500, reference)

    def _reference(self) -> str:
        """A short code that ties what the person saw to a line in the log."""
        return self._sources.new_bytes(4).hex().upper()

    def _not_allowed(self, request: Request, methods: Mapping[str, Handler]) -> Response:
        response = self._show_error(request, 405, "")
        response.headers["allow"] = ", ".join(methods)
        return response


def unavailable(show_error: ShowError, request: Request, reference: str) -> Response:
    """503, and when to come again."""
    response = show_error(request, 503, reference)
    response.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return response


def _with_head(methods: Mapping[str, Handler]) -> Mapping[str, Handler]:
    """HEAD reaches no handler that does not name it: what GET does there may be more than to answer."""
    return {"HEAD": _is_there, **methods} if "GET" in methods else methods


@reads_by_own_rule
async def _is_there(request: Request) -> Response:
    """What may be said without doing what GET does (RFC 9110 §9.3.2 lets out what only the content would tell)."""
    return Response(headers={"cache-control": "no-store"})


def _frames(error: BaseException) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/idp/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return [type(error).__name__, *frames]
