"""The page on which a person at the counter types the code that was sent to them: on any screen, without a login."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.guard import open_form
from idp.authentication.visitor import Pages, Visitor
from idp.counter.codes import CounterCodes
from idp.counter.routes import said
from idp.counter.texts import REFUSALS

CODE = "/counter/code"


def code_path(code_id: str) -> str:
    """Where the code of a request is typed."""
    return f"{CODE}?{urlencode({'id': code_id})}"


class CodePages:
    """Handlers of /counter/code. Nothing is said of person, errand or phone: the address is no secret."""

    def __init__(self, codes: CounterCodes) -> None:
        self._codes = codes

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {CODE: {"GET": self.show, "POST": open_form(self.typed, self._on_lapsed)}}

    async def show(self, visitor: Visitor) -> Response:
        """The field; or that it is done, or over."""
        code_id = visitor.query.get("id", "")
        if await self._codes.is_confirmed(code_id):
            return self._page(visitor, code_id, "done")
        return self._page(visitor, code_id, "open" if await self._codes.is_open(code_id) else "over")

    async def typed(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """The code, right or wrong."""
        code_id = fields.get("id", "")
        if await self._codes.confirm(code_id, fields.get("code", "")):
            return visitor.redirect(code_path(code_id))
        if not await self._codes.is_open(code_id):
            return self._page(visitor, code_id, "over")
        return self._page(visitor, code_id, "open", "code")

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        return visitor.error(400, visitor.say("页面已过期，请重新操作。"), "COUNTER-CODE-FORM")

    def _page(self, visitor: Visitor, code_id: str, state: str, error: str | None = None) -> Response:
        return visitor.page(
            "counter_code_own.html",
            404 if state == "over" else 401 if error else 200,
            state=state,
            error=said(visitor, REFUSALS, error),
            id=code_id,
        )
