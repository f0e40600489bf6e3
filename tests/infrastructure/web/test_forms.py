"""Reading a form: bounded, and nothing but a form."""

import pytest
from starlette.requests import Request
from starlette.types import Message

from idp.infrastructure.web.forms import FORM, MOST_BYTES, UnreadableForm, read_form

pytestmark = pytest.mark.anyio


def posted(content_type: str | None, *chunks: bytes) -> tuple[Request, list[bytes]]:
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    left = list(chunks)

    async def receive() -> Message:
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    return Request({"type": "http", "headers": headers}, receive), left


@pytest.mark.parametrize("content_type", [FORM, FORM.upper(), f"{FORM}; charset=utf-8", f" {FORM} ;x"])
async def test_a_form_is_read_whole(content_type: str) -> None:
    request, _ = posted(content_type, b"a=", b"1")
    assert await read_form(request) == b"a=1"


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "multipart/form-data", f"x{FORM}", "application/json"]
)
async def test_anything_else_is_refused(content_type: str | None) -> None:
    request, _ = posted(content_type, b"a=1")
    with pytest.raises(UnreadableForm) as refused:
        await read_form(request)
    assert refused.value.status == 400


async def test_a_body_without_end_is_not_read_to_its_end() -> None:
    request, left = posted(FORM, *[b"x" * 1024] * 1000)
    with pytest.raises(UnreadableForm) as refused:
        await read_form(request)
    assert refused.value.status == 413
    assert len(left) == 1000 - MOST_BYTES // 1024 - 1
