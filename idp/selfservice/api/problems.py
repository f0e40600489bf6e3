"""Errors as JSON (RFC 9457), with the challenge of RFC 6750 where a token is what is wrong."""

from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from idp.accounts.invalid import InvalidAccount
from idp.authentication.model import NotAllowed
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.oauth.protocol.errors import InsufficientScope, InvalidToken, MissingToken
from idp.organizations.model import MandateRefused
from idp.selfservice.representation.views import FIELDS, STATUS
from idp.selfservice.security.texts import FACTOR_REFUSALS

NO_STORE = {"cache-control": "no-store"}
RETRY_AFTER_SECONDS = 5
METHOD_NOT_ALLOWED = 405
METHODS = ("DELETE", "GET", "POST", "PUT")
MEDIA_TYPE = "application/problem+json"
REALM = 'Bearer realm="zhanhe"'
STEP_UP = "insufficient_user_authentication"
"""RFC 9470 §3."""

log = structlog.get_logger(__name__)


class ProblemDetails(BaseModel):
    """What every such answer says (RFC 9457 §3.1); `errors` where single fields are at fault."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[dict[str, str], ...] = ()


_ANSWER = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {MEDIA_TYPE: {"schema": _ANSWER}}}
    for status, description in (("4XX", "It cannot be done so."), ("5XX", "Not now, or our fault."))
}
"""For the description of every operation."""


class Problem(Exception):
    """An answer that is no success: HTTP status, a word for programs, a sentence for their makers."""

    def __init__(self, status: int, error: str, detail: str, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class StepUp(Problem):
    """The person has to prove more, or anew, before this can be done (RFC 9470)."""

    def __init__(self, detail: str, max_age: int) -> None:
        challenge = f'{REALM}, error="{STEP_UP}", error_description="{detail}", max_age="{max_age}"'
        super().__init__(401, STEP_UP, detail, www_authenticate=challenge)


def not_found(what: str) -> Problem:
    """It is not there, or not this person's: the same to whoever asks."""
    return Problem(404, "not_found", f"no such {what}")


def install(app: FastAPI) -> None:
    """Let every error of an application be answered in this form."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(InvalidToken, _token)
    app.add_exception_handler(InsufficientScope, _token)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(InvalidAccount, _broken_rule)
    app.add_exception_handler(MandateRefused, _refused)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseUnavailable, _away)
    app.add_exception_handler(KeyValueUnavailable, _away)
    app.add_exception_handler(Exception, _broken)


def answer(status: int, error: str, detail: str, headers: dict[str, str], **more: object) -> Response:
    """One problem."""
    body = {"type": "about:blank", "title": error, "status": status, "detail": detail, **more}
    return JSONResponse(body, status_code=status, headers=NO_STORE | headers, media_type=MEDIA_TYPE)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error.status, error.error, error.detail, error.headers)


async def _token(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidToken | InsufficientScope)
    said = "" if isinstance(error, MissingToken) else f', error="{error.code}"'
    if isinstance(error, InsufficientScope):
        said += f', scope="{error.detail}"'
    headers = {"www-authenticate": f"{REALM}{said}"}
    return answer(error.status, error.code, error.description, headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """What is wrong and where; never what was sent: it may be somebody's number."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in each["loc"][1:]), "detail": each["type"]}
        for each in error.errors()
    ]
    return answer(422, "invalid_request", "the request does not fit its description", {}, errors=errors)


async def _broken_rule(request: Request, error: Exception) -> Response:
    """The message names field and rule, never the value."""
    return answer(422, "invalid_request", str(error), {})


async def _refused(request: Request, error: Exception) -> Response:
    """About a legal person or a mandate: `detail` is the word of the service."""
    assert isinstance(error, MandateRefused)
    status = STATUS.get(error.reason, 422 if error.reason in FIELDS else 409)
    return answer(status, "refused", error.reason.value, {})


async def _not_allowed(request: Request, error: Exception) -> Response:
    """About what protects the account: `detail` is what the page says, in the language of the request."""
    assert isinstance(error, NotAllowed)
    text = FACTOR_REFUSALS[error.reason]
    return answer(409, "refused", request.app.state.services.site.translate(request, text), {})


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == METHOD_NOT_ALLOWED:
        headers["allow"] = ", ".join(_allowed(request))
    words = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    detail = str(error.detail).lower()
    return answer(
        error.status_code,
        words.get(error.status_code, "invalid_request"),
        detail,
        headers,
    )


def _allowed(request: Request) -> list[str]:
    """Every method of a path (RFC 9110 §10.2.1): the framework names those of one route."""
    return [
        method
        for method in METHODS
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    ]


async def _away(request: Request, error: Exception) -> Response:
    log.warning("a store is away", store=type(error).__name__)
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
    return answer(503, "temporarily_unavailable", "a store is unavailable, try again", headers)


async def _broken(request: Request, error: Exception) -> Response:
    return answer(500, "server_error", "internal error", {})
