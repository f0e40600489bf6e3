"""The page on which a person at the counter types the code that was sent to them: on any screen, without a login."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.counter.codes import CounterCodes
from idp.counter.routes import said
from idp.counter.texts import REFUSALS
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged, Site

CODE = "/counter/code"


def code_path(code_id: str) -> str:
    """Where the code of a request is typed."""
    return f"{CODE}?{urlencode({'id': code_id})}"


class CodePages:
    """Handlers of /counter/code. Nothing is said of person, errand or phone: the address is no secret."""

    def __init__(self, site: Site, codes: CounterCodes) -> None:
        self._site = site
        self._codes = codes

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {CODE: {"GET": self.show, "POST": self.typed}}

    async def show(self, request: Request) -> Response:
        """The field; or that it is done, or over."""
        code_id = request.query_params.get("id", "")
        if await self._codes.is_confirmed(code_id):
            return self._page(request, code_id, "done")
        return self._page(request, code_id, "open" if await self._codes.is_open(code_id) else "over")

    async def typed(self, request: Request) -> Response:
        """The code, right or wrong."""
        try:
            fields = await self._site.form(request)
        except (Forged, UnreadableForm):
            return self._site.error(
                request, 400, self._site.say(request, "页面已过期，请重新操作。"), "COUNTER-CODE-FORM"
            )
        code_id = fields.get("id", "")
        if await self._codes.confirm(code_id, fields.get("code", "")):
            return self._site.redirect(code_path(code_id))
        if not await self._codes.is_open(code_id):
            return self._page(request, code_id, "over")
        return self._page(request, code_id, "open", "code")

    def _page(self, request: Request, code_id: str, state: str, error: str | None = None) -> Response:
        return self._site.page(
            request,
            "counter_code_own.html",
            404 if state == "over" else 401 if error else 200,
            state=state,
            error=said(self._site, request, REFUSALS, error),
            id=code_id,
        )
