"""The static files of the pages, under the names that carry their content."""

from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.web.dispatch import Handler, Routes
from idp.infrastructure.web.pages import STATIC_HEADERS, Pages


def files(pages: Pages) -> Routes:
    """A route for each."""
    handlers = {path: _file(*content) for path, content in pages.static_files().items()}
    return {path: {"GET": handler, "HEAD": handler} for path, handler in handlers.items()}


def _file(content: bytes, content_type: str) -> Handler:
    async def serve(request: Request) -> Response:
        return Response(content, media_type=content_type, headers=STATIC_HEADERS)

    return serve
