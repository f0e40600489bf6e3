"""Reads a bounded form body; what the fields mean is the business of the endpoint."""

from starlette.requests import Request

MOST_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"
_READ = "zhanhe.form"
"""In the scope: what was read, since a body arrives once and more than one may want to know it."""


class UnreadableForm(Exception):
    """The body is not a form, or too long; `status` is the HTTP status to answer with."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


async def read_form(request: Request) -> bytes:
    """The raw body of an application/x-www-form-urlencoded request; raises UnreadableForm. May be called again."""
    if _READ not in request.scope:
        try:
            request.scope[_READ] = await _received(request)
        except UnreadableForm as error:
            request.scope[_READ] = error
    found: bytes | UnreadableForm = request.scope[_READ]
    if isinstance(found, UnreadableForm):
        raise found
    return found


async def _received(request: Request) -> bytes:
    content_type = request.headers.get("content-type", "")
    if content_type.split(";", 1)[0].strip().lower() != FORM:
        raise UnreadableForm(f"the body must be {FORM}")
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise UnreadableForm("the body did not arrive")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            raise UnreadableForm("the body is too long", 413)
    return body
