"""The application under /api: its routes, its description, its errors; no cookie is looked at."""

from typing import Any

import structlog
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from idp.infrastructure.typed import is_readable
from idp.infrastructure.web.readable import UnreadableField, check_head, check_query
from idp.selfservice.api import (
    access,
    account,
    factors,
    organizations,
    person,
    platforms,
    problems,
    real_name,
    representation,
)
from idp.selfservice.api.gate import Services

MOST_BYTES = 64 * 1024
PARTS = (person, real_name, factors, platforms, access, representation, organizations, account)
DESCRIPTION = """The user centre for programs that hold an access token of its person: scope `account` reads,
`account.write` changes, `account.security` changes what protects the account. Changes need a login of the last ten
minutes, and most of the latter the second factor, where the account has one, and more than an SMS: else the answer is
401 with `insufficient_user_authentication` (RFC 9470). Errors are RFC 9457."""

log = structlog.get_logger(__name__)


def application(services: Services) -> ASGIApp:
    """What to mount under /api."""
    app = _Described(
        title="Zhanhe Unified Identity: own account",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses=problems.RESPONSES,
    )
    app.router.redirect_slashes = False  # it would redirect to whatever the Host header names
    app.state.services = services
    for part in PARTS:
        app.include_router(part.router, prefix="/me")
    problems.install(app)
    return ApiGuard(app)


class _Described(FastAPI):
    """Tells of its errors what they are; the framework only knows those that are JSON like everything else."""

    def openapi(self) -> dict[str, Any]:
        """See `FastAPI.openapi`."""
        document = super().openapi()
        details = problems.ProblemDetails
        document["components"]["schemas"][details.__name__] = details.model_json_schema()
        return document


class ApiGuard:
    """Nothing too long comes in; what breaks inside is logged without its message, which may quote what was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_readable(scope["path"]):  # no id of ours
            await problems.answer(404, "not_found", "no such resource", {})(scope, receive, send)
            return
        try:
            check_head(scope)
            check_query(scope["query_string"])
        except UnreadableField:
            refused = problems.answer(400, "invalid_request", "the request holds bytes that are no text", {})
            await refused(scope, receive, send)
            return
        headers = dict(scope.get("headers", ()))
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            refused = problems.answer(413, "too_large", "the request is too long", {})
            await refused(scope, receive, send)
            return
        try:
            await self._app(scope, _bounded(receive), _unstored(send))
        except Exception as error:  # noqa: BLE001 - the application has answered: this is the record of it
            log.error("request broke", path=scope["path"], error=type(error).__name__)


def _unstored(send: Send) -> Send:
    """The same messages; whatever is answered, nobody may keep it."""

    async def unstored(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["cache-control"] = "no-store"
            headers["x-content-type-options"] = "nosniff"
        await send(message)

    return unstored


def _bounded(receive: Receive) -> Receive:
    """The same messages, cut off where a body without announced length goes on for too long."""
    heard = 0

    async def bounded() -> Message:
        nonlocal heard
        message = await receive()
        heard += len(message.get("body", b""))
        return message if heard <= MOST_BYTES else {"type": "http.disconnect"}

    return bounded
