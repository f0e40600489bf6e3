"""/login/known: whoever came in by SMS alone says something that a thief of the phone does not know."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.continuation import Continuation
from idp.authentication.knowledge import Knowledge
from idp.authentication.login_flow import KNOWN, LOGIN, LoginFlow
from idp.authentication.model import LoginRejected
from idp.authentication.phone_steps import LAPSED, Refused
from idp.authentication.registration import More
from idp.authentication.sms_pages import not_right
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged, Site


class KnowledgePages:
    """Handlers of /login/known."""

    def __init__(self, site: Site, login_flow: LoginFlow, knowledge: Knowledge) -> None:
        self._site = site
        self._login_flow = login_flow
        self._knowledge = knowledge

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {KNOWN: {"GET": self.show, "POST": self.answer}}

    async def show(self, request: Request) -> Response:
        """The form; whoever has nothing to show here goes on."""
        continuation = self._login_flow.continuation(request, request.query_params.get("continue", ""))
        session = await self._login_flow.session(request)
        if session is None:
            return self._site.redirect(self._login_flow.to(LOGIN, continuation))
        if not session.rests_on_number:
            return self._site.redirect(self._login_flow.next(continuation))
        return self._page(request, continuation)

    async def answer(self, request: Request) -> Response:
        """Check what was said."""
        try:
            fields = await self._site.form(request)
        except Forged as forged:
            return self._lapsed(request, forged.fields.get("continue", ""))
        except UnreadableForm:
            return self._lapsed(request, "")
        continuation = self._login_flow.continuation(request, fields.get("continue", ""))
        session = await self._login_flow.session(request)
        if session is None:
            return self._site.redirect(self._login_flow.to(LOGIN, continuation))
        if not session.rests_on_number:
            return self._site.redirect(self._login_flow.next(continuation))
        caller, device = self._login_flow.caller(request), self._login_flow.device(request)
        outcome = await self._knowledge.show(session, More.of(fields), caller, device)
        if outcome is None:
            return self._site.redirect(self._login_flow.to(LOGIN, continuation))
        if isinstance(outcome, LoginRejected):
            return self._page(request, continuation, not_right(self._site, request, outcome))
        return await self._login_flow.outcome(request, continuation, outcome)

    def _lapsed(self, request: Request, sealed: str) -> Response:
        continuation = self._login_flow.continuation(request, sealed)
        return self._page(request, continuation, Refused(self._site.say(request, LAPSED), 400))

    def _page(self, request: Request, continuation: Continuation, refused: Refused | None = None) -> Response:
        response = self._site.page(
            request,
            "known.html",
            refused.status if refused else 200,
            action=KNOWN,
            continue_=self._login_flow.sealed(continuation),
            system=self._login_flow.system(continuation),
            another_way=self._login_flow.to(LOGIN, replace(continuation, again=True)),
            error=refused.error if refused else None,
        )
        if refused and refused.retry_after:
            response.headers["retry-after"] = str(refused.retry_after)
        return response
