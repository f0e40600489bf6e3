"""/qr: on the device that is logged in, somebody decides about a login that a computer began."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.authentication.guard import Guard, Requirement
from idp.authentication.qr.routes import APPROVE
from idp.authentication.qr.service import QrLogins, QrShown
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.masking import masked_name
from idp.sessions.devices import browser_name
from idp.sessions.model import QR_CODE

NOT_BY_PICTURE = Requirement(recent=True, without=QR_CODE)
"""Whoever was let in by a picture lets no other in."""


class QrApproval:
    """The person sees where the login was begun, and picks the number that stands on that screen."""

    def __init__(self, guard: Guard, logins: QrLogins) -> None:
        self._guard = guard
        self._logins = logins

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            APPROVE: {
                "GET": self._guard.show(self.show, NOT_BY_PICTURE.back_to(_here)),
                "POST": self._guard.act(self.decide, self._lapsed, NOT_BY_PICTURE.back_to("/")),
            }
        }

    async def show(self, visitor: Subscriber) -> Response:
        """What somebody asks to be let in to."""
        qr_id = visitor.query.get("id", "")
        shown = await self._logins.scan(qr_id, visitor.session)
        return self._over(visitor) if shown is None else self._page(visitor, shown)

    async def decide(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Yes, with the right number, or no."""
        decision = fields.get("decision", "")
        number = int(decision) if decision.isascii() and decision.isdigit() and len(decision) < 4 else None
        approved = await self._logins.decide(fields.get("id", ""), visitor.session, number, visitor.caller)
        if approved is None:
            return self._over(visitor)
        return visitor.page("qr_decided.html", approved=approved, meant_no=number is None, home="/")

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return self._over(visitor)

    def _page(self, visitor: Subscriber, shown: QrShown) -> Response:
        return visitor.page(
            "qr_approve.html",
            action=APPROVE,
            id=shown.id,
            choices=shown.choices,
            name_masked=masked_name(visitor.session.name),
            device=browser_name(shown.user_agent),
            address=shown.address,
            begun_at=clock(shown.begun_at),
        )

    def _over(self, visitor: Visitor) -> Response:
        message = visitor.say("这个二维码已失效。请在电脑上换一个图案，再扫一次。")
        return visitor.error(400, message, "QR-OVER")


def _here(visitor: Visitor) -> str:
    return f"{APPROVE}?{visitor.request.url.query}"
