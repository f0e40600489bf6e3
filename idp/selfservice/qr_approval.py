"""/qr: on the device that is logged in, somebody decides about a login that a computer began."""

from starlette.responses import Response

from idp.authentication.qr import QrLogins, Shown
from idp.authentication.qr_pages import APPROVE
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged, Site
from idp.selfservice.centre import Centre
from idp.sessions.devices import browser_name
from idp.sessions.model import QR_CODE, Session, masked_name


class QrApproval:
    """The person sees where the login was begun, and picks the number that stands on that screen."""

    def __init__(self, site: Site, centre: Centre, logins: QrLogins) -> None:
        self._site = site
        self._centre = centre
        self._logins = logins

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {APPROVE: {"GET": self.show, "POST": self.decide}}

    async def show(self, visitor: Visitor) -> Response:
        """What somebody asks to be let in to."""
        qr_id = visitor.query.get("id", "")
        back = f"{APPROVE}?{visitor.request.url.query}"
        session = await self._centre.enter(visitor, fresh=True, back=back, without=QR_CODE)
        if isinstance(session, Response):
            return session
        shown = await self._logins.scan(qr_id, session)
        return self._over(visitor) if shown is None else self._page(visitor, session, shown)

    async def decide(self, visitor: Visitor) -> Response:
        """Yes, with the right number, or no."""
        session = await self._centre.enter(visitor, fresh=True, back="/", without=QR_CODE)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except (Forged, UnreadableForm):
            return self._over(visitor)
        decision = fields.get("decision", "")
        number = int(decision) if decision.isascii() and decision.isdigit() and len(decision) < 4 else None
        approved = await self._logins.decide(fields.get("id", ""), session, number, visitor.caller)
        if approved is None:
            return self._over(visitor)
        return visitor.page("qr_decided.html", approved=approved, meant_no=number is None, home="/")

    def _page(self, visitor: Visitor, session: Session, shown: Shown) -> Response:
        return visitor.page(
            "qr_approve.html",
            action=APPROVE,
            id=shown.id,
            choices=shown.choices,
            name_masked=masked_name(session.name),
            device=browser_name(shown.user_agent),
            address=shown.address,
            begun_at=clock(shown.begun_at),
        )

    def _over(self, visitor: Visitor) -> Response:
        message = visitor.say("这个二维码已失效。请在电脑上换一个图案，再扫一次。")
        return visitor.error(400, message, "QR-OVER")
