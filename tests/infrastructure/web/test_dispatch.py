"""The front door when a handler fails: an answer without a trace, a reference, a log without what was sent."""

from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.sources import system_sources
from idp.infrastructure.web.dispatch import Dispatcher, Handler
from tests.support.inprocess import Provider
from tests.support.raw import raw_request

pytestmark = pytest.mark.anyio
SECRET = "410411199001010015"


def failing(error: Exception) -> Handler:
    async def handler(request: Request) -> Response:
        raise error

    return handler


async def ask(handler: Handler, method: str = "GET") -> httpx2.Response:
    def show(request: Request, status: int, reference: str) -> Response:
        return PlainTextResponse(reference, status)

    async def nowhere(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("nowhere", 404)(scope, receive, send)

    dispatcher = Dispatcher({"/x": {"GET": handler, "POST": handler}}, nowhere, show, system_sources())
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=dispatcher), base_url="https://id.test"
    ) as client:
        return await client.request(method, "/x")


async def test_a_fault_is_answered_without_a_trace_and_logged_without_its_message() -> None:
    with structlog.testing.capture_logs() as lines:
        response = await ask(failing(RuntimeError(f"what somebody sent: {SECRET}")))
    assert response.status_code == 500
    assert SECRET not in response.text
    assert lines[0]["reference"] == response.text
    assert lines[0]["frames"][0] == "RuntimeError"
    assert SECRET not in str(lines)


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), KeyValueUnavailable("away")], ids=repr)
async def test_a_store_that_is_away_is_a_503_to_be_tried_again(error: Exception) -> None:
    response = await ask(failing(error))
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0


async def test_a_method_that_is_not_offered_names_those_that_are() -> None:
    response = await ask(failing(RuntimeError()), "DELETE")
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "POST", "HEAD"}


@pytest.mark.parametrize(
    ("path", "method", "accept", "status", "kind"),
    [
        ("/token", "GET", b"application/json", 405, "application/json"),
        ("/login", "PUT", b"text/html", 405, "text/html; charset=utf-8"),
        ("/nowhere", "GET", b"text/html", 404, "text/html; charset=utf-8"),
        ("/nowhere", "GET", b"application/json", 404, "application/json"),
        ("/static/../../etc/passwd", "GET", b"text/html", 404, "text/html; charset=utf-8"),
        ("/static/", "GET", b"*/*", 404, "application/json"),
    ],
)
async def test_people_get_pages_and_machines_get_json(
    house: Provider, path: str, method: str, accept: bytes, status: int, kind: str
) -> None:
    answer = await raw_request(house, method, path, headers=[(b"accept", accept)])
    assert (answer.status, answer.headers["content-type"]) == (status, kind)


@pytest.mark.parametrize("query", [b"x=\xff", b"ui_locales=\xff\x00", b"%", b"=" * 3000])
@pytest.mark.parametrize("host", [b"id.test", b"[::1", b"evil.test", b"\xff", b""])
async def test_a_page_does_not_depend_on_what_the_address_line_holds(
    house: Provider, query: bytes, host: bytes
) -> None:
    paths: Sequence[str] = ("/login", "/nowhere", "/end_session")
    for path in paths:
        headers = [(b"host", host), (b"accept", b"text/html")]
        answer = await raw_request(house, "GET", path, query=query, headers=headers)
        assert answer.status < 500
        assert "evil" not in answer.text
