"""Renders pages for the person at the browser: language, CSRF token, security headers, error pages."""

import hmac
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from idp.infrastructure.sources import Sources
from idp.infrastructure.translations import Translations, negotiate
from idp.infrastructure.translations import mark as _
from idp.infrastructure.typed import is_readable
from idp.infrastructure.vault import Vault
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.address import Addresses
from idp.infrastructure.web.cookies import Cookies
from idp.infrastructure.web.forms import UnreadableForm, read_form
from idp.infrastructure.web.pages import PAGE_HEADERS, SCRIPT_HEADERS, Pages
from idp.infrastructure.web.presence import Presence, unsealed
from idp.infrastructure.web.readable import UnreadableField
from idp.infrastructure.web.switches import switches

YEAR = 365 * 86_400
ELDER = "1"
ORDINARY = "0"
CSRF_FIELD = "csrf"
CSRF_BYTES = 18
ATTEMPT_FIELD = "attempt"
ATTEMPT_BYTES = 9
COOKIES_ASKED = "cookies"
NO_COOKIES = _(
    "您的浏览器没有保存本站的 Cookie，所以无法继续登录或办理。"
    "请在浏览器设置里允许本站使用 Cookie，或退出无痕模式、换一个浏览器，再重新打开本站。"
)
_SECRET = re.compile(r"[A-Za-z0-9_-]{24}")  # what new_token makes of so many bytes


class Forged(Exception):
    """A form that did not come from our own page in this browser; `fields` are not to be acted upon."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("forged or lapsed form")
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Site:
    """Everything a handler needs to talk to a person."""

    origin: str
    pages: Pages
    translations: Translations
    cookies: Cookies
    addresses: Addresses
    vault: Vault
    sources: Sources

    def language(self, request: Request) -> str:
        """The person's language: asked for in the request, kept in the cookie, or the browser's."""
        asked = request.query_params.get("ui_locales", "") if request.scope["query_string"] else ""
        kept = self.cookies.get(request, names.LANGUAGE)
        return negotiate(asked, kept, request.headers.get("accept-language"))

    def elder(self, request: Request) -> bool:
        """Whether the pages are to be shown in the elder mode (长辈版): asked for in the request, or kept."""
        asked = self.asked_elder(request)
        return self.cookies.get(request, names.ELDER) == ELDER if asked is None else asked

    def asked_elder(self, request: Request) -> bool | None:
        """What the switch in the header asks for, where it was used."""
        asked = request.query_params.get(names.ELDER) if request.scope["query_string"] else None
        return {ELDER: True, ORDINARY: False}.get(asked or "")

    def keep_elder(self, response: Response, elder: bool) -> None:
        """Let the browser remember the mode."""
        self.cookies.set(response, names.ELDER, ELDER if elder else ORDINARY, YEAR)

    def keep_language(self, response: Response, language: str) -> None:
        """Let the browser remember the language."""
        self.cookies.set(response, names.LANGUAGE, language, YEAR)

    def translate(self, request: Request, text: str, **values: object) -> str:
        """A text in the person's language."""
        return self.translations.gettext(self.language(request), text, **values)

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """A page with a fresh CSRF token for its forms."""
        lang, elder = self.language(request), self.elder(request)
        present = self.presence(request)
        shown = context.setdefault("presence", present.shown(self.sources.now()) if present else None)
        body = self.pages.render(
            template,
            lang=lang,
            elder=elder,
            csrf=self._csrf_token(self._secret(request)),
            attempt=self.sources.new_token(ATTEMPT_BYTES),
            switches=switches(request, elder, context),
            **context,
        )
        response = HTMLResponse(body, status_code=status, headers=SCRIPT_HEADERS if shown else PAGE_HEADERS)
        if self.origin.startswith("https://"):
            response.headers["strict-transport-security"] = f"max-age={YEAR}"
        self.keep_browser(request, response)
        self.keep_asked(request, response)
        return response

    def presence(self, request: Request) -> Presence | None:
        """For whom staff act in this browser, because that person is present."""
        return unsealed(self.vault, self.cookies.get(request, names.PRESENCE))

    def keep_asked(self, request: Request, response: Response) -> None:
        """Keep the language and the mode that the address asks for, for the pages to come."""
        if request.query_params.get("ui_locales"):
            self.keep_language(response, self.language(request))
        if self.asked_elder(request) is not None:
            self.keep_elder(response, self.elder(request))

    def error(self, request: Request, status: int, message: str, reference: str, title: str = "") -> Response:
        """An error a person can read and tell the help desk about."""
        return self.page(
            request,
            "error.html",
            status,
            title=title or self.translate(request, "出错了"),
            message=message,
            detail_code=reference,
            actions=[(self.translate(request, "回到首页"), "/")],
        )

    def redirect(self, url: str) -> Response:
        """303: the browser follows with GET whatever it came with."""
        return RedirectResponse(url, status_code=303, headers={"cache-control": "no-store"})

    def browser(self, request: Request) -> str:
        """A name for this browser, to bind to it what it carries for us; call `keep_browser` on the answer."""
        return self.vault.token_hash("browser", self._secret(request)).hex()

    def keep_browser(self, request: Request, response: Response) -> None:
        """Set the cookie behind `browser` and the CSRF tokens."""
        self.cookies.set(response, names.CSRF, self._secret(request))

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a form posted from our own page; raises UnreadableForm, UnreadableField, Forged."""
        fields = await self._fields(request)
        fields.pop(ATTEMPT_FIELD, None)
        return fields

    async def without_cookies(self, request: Request) -> Response | None:
        """The answer to a form of our page from a browser that brings no cookie of ours; None for all others.

        A browser that was closed meanwhile gets one and sends the form again by itself (307), to whatever is said of a
        form that has lapsed. One that keeps none comes without it again, and is told.
        """
        if (
            self.cookies.get(request, names.CSRF) is not None
            or wants_json(request)
            or self._is_foreign(request)
        ):
            return None
        try:
            raw = await read_form(request)
        except UnreadableForm:
            return None
        if f"{CSRF_FIELD}=".encode() not in raw:
            return None
        if COOKIES_ASKED in request.query_params:
            title, message = self.translate(request, "需要允许 Cookie"), self.translate(request, NO_COOKIES)
            return self.error(request, 400, message, "COOKIES", title)
        query = [*request.query_params.multi_items(), (COOKIES_ASKED, "1")]
        headers = {"cache-control": "no-store"}
        response = RedirectResponse(f"{request.scope['path']}?{urlencode(query)}", 307, headers=headers)
        self.keep_browser(request, response)
        return response

    async def sent(self, request: Request) -> str | None:
        """Names the sending of a form: browser, address, what was filled in, and the page that it stood on.

        None for what is no form of our pages, or of one that was made before they had this.
        """
        secret = self.cookies.get(request, names.CSRF)
        if secret is None:
            return None
        try:
            fields = await self._fields(request)
        except (UnreadableForm, UnreadableField, Forged):
            return None
        if not fields.get(ATTEMPT_FIELD):
            return None
        path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
        return f"{secret}\n{path}\n{query}\n{(await read_form(request)).decode('ascii')}"

    async def _fields(self, request: Request) -> dict[str, str]:
        """The fields of a form posted from our own page, and the page's own name for it; raises as `form` does.

        Two proofs (OWASP CSRF): the browser's own word on where the form came from, and a token only our page had.
        """
        raw = await read_form(request)
        try:
            pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
        except UnicodeError as error:
            raise UnreadableField("form") from error
        except ValueError as error:
            raise UnreadableForm("the form has too many fields") from error
        if not all(is_readable(name) and is_readable(value) for name, value in pairs):
            raise UnreadableField("form")
        fields = dict(pairs)
        if self._is_foreign(request):
            raise Forged(fields)
        secret = self.cookies.get(request, names.CSRF)
        presented = fields.pop(CSRF_FIELD, "")
        if secret is None or not presented.isascii():
            raise Forged(fields)
        if not hmac.compare_digest(presented, self._csrf_token(secret)):
            raise Forged(fields)
        return fields

    def _is_foreign(self, request: Request) -> bool:
        """Whether the browser itself says that a form came from another site."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return True
        return request.headers.get("origin", self.origin) not in (self.origin, "null")

    def _secret(self, request: Request) -> str:
        """The cookie's secret; for a browser that has none of our making, one for the rest of this request."""
        kept = self.cookies.get(request, names.CSRF)
        if kept is None or _SECRET.fullmatch(kept) is None:
            kept = request.scope.setdefault("zhanhe.browser", self.sources.new_token(CSRF_BYTES))
        return kept

    def _csrf_token(self, secret: str) -> str:
        return self.vault.token_hash("csrf", secret).hex()


def wants_json(request: Request) -> bool:
    """Whether a machine rather than a person waits for the answer."""
    return "text/html" not in request.headers.get("accept", "")


def json_error(status: int, code: str, description: str) -> Response:
    """An error for a machine."""
    body = {"error": code, "error_description": description}
    return JSONResponse(body, status_code=status, headers={"cache-control": "no-store"})
