"""/qr: on the device that is logged in, somebody decides about a login that a computer began."""

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.qr import QrLogins, Shown
from idp.authentication.qr_pages import APPROVE
from idp.infrastructure.beijing import clock
from idp.infrastructure.web.dispatch import Routes
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

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {APPROVE: {"GET": self.show, "POST": self.decide}}

    async def show(self, request: Request) -> Response:
        """What somebody asks to be let in to."""
        qr_id = request.query_params.get("id", "")
        back = f"{APPROVE}?{request.url.query}"
        session = await self._centre.enter(request, fresh=True, back=back, without=QR_CODE)
        if isinstance(session, Response):
            return session
        shown = await self._logins.scan(qr_id, session)
        return self._over(request) if shown is None else self._page(request, session, shown)

    async def decide(self, request: Request) -> Response:
        """Yes, with the right number, or no."""
        session = await self._centre.enter(request, fresh=True, back="/", without=QR_CODE)
        if isinstance(session, Response):
            return session
        try:
            fields = await self._site.form(request)
        except (Forged, UnreadableForm):
            return self._over(request)
        decision = fields.get("decision", "")
        number = int(decision) if decision.isascii() and decision.isdigit() and len(decision) < 4 else None
        approved = await self._logins.decide(
            fields.get("id", ""), session, number, self._centre.caller(request)
        )
        if approved is None:
            return self._over(request)
        return self._site.page(
            request, "qr_decided.html", approved=approved, meant_no=number is None, home="/"
        )

    def _page(self, request: Request, session: Session, shown: Shown) -> Response:
        return self._site.page(
            request,
            "qr_approve.html",
            action=APPROVE,
            id=shown.id,
            choices=shown.choices,
            name_masked=masked_name(session.name),
            device=browser_name(shown.user_agent),
            address=shown.address,
            begun_at=clock(shown.begun_at),
        )

    def _over(self, request: Request) -> Response:
        message = self._site.say(request, "这个二维码已失效。请在电脑上换一个图案，再扫一次。")
        return self._site.error(request, 400, message, "QR-OVER")
