"""/login/known: whoever came in by SMS alone says something that a thief of the phone does not know."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import Response

from idp.authentication.guard import open_form
from idp.authentication.knowledge.step_up import KnowledgeStepUp
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import KNOWN, LOGIN, LoginFlow
from idp.authentication.model import LoginRejected
from idp.authentication.phone.registration import More
from idp.authentication.phone.routes import not_right
from idp.authentication.phone.steps import LAPSED, StepRefused
from idp.authentication.visitor import Pages, Visitor


class KnowledgePages:
    """Handlers of /login/known."""

    def __init__(self, login_flow: LoginFlow, knowledge: KnowledgeStepUp) -> None:
        self._login_flow = login_flow
        self._knowledge = knowledge

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {KNOWN: {"GET": self.show, "POST": open_form(self.answer, self._on_lapsed)}}

    async def show(self, visitor: Visitor) -> Response:
        """The form; whoever has nothing to show here goes on."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        session = await visitor.current_session()
        if session is None:
            return visitor.redirect(self._login_flow.to(LOGIN, continuation))
        if not session.rests_on_number:
            return visitor.redirect(self._login_flow.next(continuation))
        return self._page(visitor, continuation)

    async def answer(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Check what was said."""
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

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        return self._lapsed(visitor, fields.get("continue", ""))

    def _lapsed(self, visitor: Visitor, sealed: str) -> Response:
        continuation = self._login_flow.continuation(visitor, sealed)
        return self._page(visitor, continuation, StepRefused(visitor.say(LAPSED), 400))

    def _page(
        self, visitor: Visitor, continuation: Continuation, refused: StepRefused | None = None
    ) -> Response:
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
