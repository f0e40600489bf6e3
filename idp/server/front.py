"""What talks to the person at the browser, from settings alone: it stands before any store does."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.sources import Sources
from idp.infrastructure.translations import Translations
from idp.infrastructure.translations import mark as _
from idp.infrastructure.vault import Vault
from idp.infrastructure.web.address import Addresses, networks
from idp.infrastructure.web.cookies import Cookies
from idp.infrastructure.web.dispatch import Handler, Routes, ShowError
from idp.infrastructure.web.pages import STATIC_HEADERS, Pages
from idp.infrastructure.web.site import Site, json_error, wants_json
from idp.settings import Settings

TEMPLATES = sorted(Path(__file__).parents[1].glob("*/templates"))
"""The template folders of all rooms."""

_PERSON_ERRORS = {
    400: _("提交的内容里有无法识别的字符，没有处理。请返回上一页，删去这些字符后再提交。"),
    404: _("没有这个页面。可能是网址输错了，也可能是页面已经移走。"),
    405: _("这个页面不能这样打开。"),
    500: _("系统出了错，我们已经记录。请稍后再试，或把下面的编号告诉服务台。"),
    503: _("服务暂时不可用，请稍后再试。"),
}
_MACHINE_ERRORS = {
    400: ("invalid_request", "the request holds bytes that are no text"),
    404: ("not_found", "no such resource"),
    405: ("invalid_request", "method not allowed"),
    500: ("server_error", "internal error"),
    503: ("temporarily_unavailable", "a store is unavailable, try again"),
}


def site(settings: Settings, vault: Vault, sources: Sources) -> Site:
    """The site of these settings."""
    translations = Translations()
    return Site(
        origin=settings.issuer,
        pages=Pages(TEMPLATES, translations, idle_minutes=settings.session_idle // 60),
        translations=translations,
        cookies=Cookies(secure=settings.secure),
        addresses=Addresses(networks(settings.trusted_proxies)),
        vault=vault,
        sources=sources,
    )


def errors(shown_on: Site) -> ShowError:
    """The answers where no handler could give one."""

    def show(request: Request, status: int, reference: str) -> Response:
        if wants_json(request):
            return json_error(status, *_MACHINE_ERRORS[status])
        return shown_on.error(request, status, shown_on.translate(request, _PERSON_ERRORS[status]), reference)

    return show


def files(pages: Pages) -> Routes:
    """The static files of the pages, under the names that carry their content: a route for each."""
    handlers = {path: _file(*content) for path, content in pages.static_files().items()}
    return {path: {"GET": handler, "HEAD": handler} for path, handler in handlers.items()}


def _file(content: bytes, content_type: str) -> Handler:
    async def serve(request: Request) -> Response:
        return Response(content, media_type=content_type, headers=STATIC_HEADERS)

    return serve
