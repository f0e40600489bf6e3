"""/me/data: a copy of what is kept about a person, as a file and for reading."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from idp.authentication.guard import STRONG, Guard
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.infrastructure.translations import mark as _
from idp.selfservice.export.service import Copy, Export, TooOften, as_json, sections
from idp.selfservice.export.texts import FIELD_TEXTS, SECTION_TEXTS
from idp.selfservice.security.routes import LAPSED

DATA = "/me/data"
FILE = "file"
FILE_HEADERS = {
    "content-disposition": 'attachment; filename="my-account.json"',
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
TOO_OFTEN = _("您今天导出的次数已经够多了，请明天再来。")
YES, NO = _("是"), _("否")


class DataPages:
    """Whoever takes the copy has proved who they are, just now and fully: it holds everything."""

    def __init__(self, guard: Guard, export: Export) -> None:
        self._guard = guard
        self._export = export

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            DATA: {
                "GET": self._guard.show(self.show),
                "POST": self._guard.act(self.make, self._lapsed, STRONG.back_to(DATA)),
            }
        }

    async def show(self, visitor: Subscriber) -> Response:
        """What there is, and the buttons."""
        return self._page(visitor)

    async def make(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """The copy, in the form that was asked for."""
        owner = visitor.owner
        try:
            copy = await self._export.of_account(owner, visitor.say)
        except TooOften:
            return self._page(visitor, TOO_OFTEN, 429)
        if fields.get("decision") == FILE:
            return Response(as_json(copy), media_type="application/json", headers=FILE_HEADERS)
        return visitor.page(
            "data_copy.html",
            here=DATA,
            once=True,
            made_at=self._said(visitor, copy["made_at"]),
            sections=[self._section(visitor, name, parts) for name, parts in sections(copy)],
            back=DATA,
        )

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return self._page(visitor, LAPSED, 400)

    def _page(self, visitor: Visitor, error: str | None = None, status: int = 200) -> Response:
        return visitor.page(
            "data.html",
            status,
            here=DATA,
            action=DATA,
            error=visitor.said(error),
        )

    def _section(self, visitor: Visitor, name: str, parts: list[Copy]) -> dict[str, Any]:
        return {
            "id": name,
            "title": visitor.say(SECTION_TEXTS[name]),
            "parts": [
                [
                    (visitor.say(FIELD_TEXTS[field]), self._said(visitor, value))
                    for field, value in part.items()
                    if value not in (None, "", [])
                ]
                for part in parts
            ],
        }

    def _said(self, visitor: Visitor, value: Any) -> str:
        if isinstance(value, bool):
            return visitor.say(YES if value else NO)
        if isinstance(value, list):
            return "、".join(str(each) for each in value)
        text = str(value)
        return text.replace("T", " ").removesuffix("+08:00") if text.endswith("+08:00") else text
