"""/login/known: whoever came in by SMS alone says something that a thief of the phone does not know."""

from dataclasses import replace

from starlette.responses import Response

from idp.authentication.continuation import Continuation
from idp.authentication.knowledge import Knowledge
from idp.authentication.login_flow import KNOWN, LOGIN, LoginFlow
from idp.authentication.model import LoginRejected
from idp.authentication.phone_steps import LAPSED, Refused
from idp.authentication.registration import More
from idp.authentication.sms_pages import not_right
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged


class KnowledgePages:
    """Handlers of /login/known."""

    def __init__(self, login_flow: LoginFlow, knowledge: Knowledge) -> None:
        self._login_flow = login_flow
        self._knowledge = knowledge

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {KNOWN: {"GET": self.show, "POST": self.answer}}

    async def show(self, visitor: Visitor) -> Response:
        """The form; whoever has nothing to show here goes on."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        session = await visitor.current_session()
        if session is None:
            return visitor.redirect(self._login_flow.to(LOGIN, continuation))
        if not session.rests_on_number:
            return visitor.redirect(self._login_flow.next(continuation))
        return self._page(visitor, continuation)

    async def answer(self, visitor: Visitor) -> Response:
        """Check what was said."""
        try:
            fields = await visitor.form()
        except Forged as forged:
            return self._lapsed(visitor, forged.fields.get("continue", ""))
        except UnreadableForm:
            return self._lapsed(visitor, "")
        continuation = self._login_flow.continuation(visitor, fields.get("continue", ""))
        session = await visitor.current_session()
        if session is None:
            return visitor.redirect(self._login_flow.to(LOGIN, continuation))
        if not session.rests_on_number:
            return visitor.redirect(self._login_flow.next(continuation))
        caller, device = visitor.caller, visitor.device
        outcome = await self._knowledge.show(session, More.of(fields), caller, device)
        if outcome is None:
            return visitor.redirect(self._login_flow.to(LOGIN, continuation))
        if isinstance(outcome, LoginRejected):
            return self._page(visitor, continuation, not_right(visitor, outcome))
        return await self._login_flow.outcome(visitor, continuation, outcome)

    def _lapsed(self, visitor: Visitor, sealed: str) -> Response:
        continuation = self._login_flow.continuation(visitor, sealed)
        return self._page(visitor, continuation, Refused(visitor.say(LAPSED), 400))

    def _page(self, visitor: Visitor, continuation: Continuation, refused: Refused | None = None) -> Response:
        response = visitor.page(
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
