"""Sign-on in the browser: leads a person through what is still wanted, asks for consent, resumes the request."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.guard import open_form
from idp.authentication.login.continuation import Continuation, Lapsed, unseal
from idp.authentication.login.flow import KNOWN, LOGIN, REAL_NAME, RESUME
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.masking import masked_name
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.attempts import good_once, sent_before
from idp.sign_on.acting import ACTING
from idp.sign_on.model import Circumstances, NextStep, Refusal, SignOnRequest, SignOnState
from idp.sign_on.protocols import ConsentAnswer, Protocols, RequestUnderWay, SignOnProtocol
from idp.sign_on.scope_texts import scope_items
from idp.sign_on.service import SignOn
from idp.sign_on.steps import next_step

CONSENT = "/consent"
PAGES = {
    NextStep.LOGIN: LOGIN,
    NextStep.STEP_UP: LOGIN,
    NextStep.REAL_NAME: REAL_NAME,
    NextStep.KNOWLEDGE: KNOWN,
    NextStep.FOR_WHOM: ACTING,
}
"""Where each step is done; consent is asked for here."""


class SignOnPages:
    """Handlers of /consent and of what the pages lead back to; protocols ask it for the outcome of their requests."""

    def __init__(self, service: SignOn, protocols: Protocols) -> None:
        self._service = service
        self._protocols = protocols

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            RESUME: {"GET": self.resume},
            CONSENT: {"GET": self.resume, "POST": open_form(self.consent, self._on_lapsed)},
        }

    async def outcome(
        self, visitor: Visitor, asked: SignOnRequest, under_way: RequestUnderWay
    ) -> SignOnState | Refusal | Response:
        """The state in which to serve the system, or why it is not served, or the page that the person sees next."""
        if under_way.answer is ConsentAnswer.DENIED:
            return Refusal.DENIED
        state = await self._state(visitor, asked)
        around = Circumstances(
            under_way.asked_at,
            visitor.site.sources.now(),
            under_way.answer is ConsentAnswer.ALLOWED,
            under_way.declined,
            self._service.raisable_level,
        )
        wanted = next_step(asked, state, around)
        if isinstance(wanted, Refusal):
            return wanted
        if wanted is not None or state is None:
            return self._lead(visitor, asked, state, under_way, wanted or NextStep.LOGIN)
        # The system may have used the answer although the browser has not heard of it: nobody sends it twice.
        good_once(visitor.request)
        return state

    async def resume(self, visitor: Visitor) -> Response:
        """Go on after one of our pages, with the very request that led there."""
        continuation = self._continuation(visitor, visitor.query.get("continue", ""))
        found = self._resumed(continuation)
        return self._lapsed(visitor) if found is None else await found[0].resume(visitor, found[1])

    async def consent(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """The person agreed or refused."""
        continuation = self._continuation(visitor, fields.get("continue", ""))
        found = self._resumed(continuation)
        if continuation is None or found is None:
            return self._lapsed(visitor)
        protocol, under_way = found
        asked = protocol.asked(under_way.query)
        if asked is None:
            return self._lapsed(visitor)  # the client was changed or disabled while the page was open
        state = await self._state(visitor, asked)
        decision, address = fields.get("decision"), visitor.address
        # Where somebody else has logged in meanwhile they are asked themselves.
        if state is None or continuation.account_id not in ("", state.session.account_id):
            decision = None
        elif decision == "deny":
            await self._service.deny(asked, state, address)
            return await protocol.resume(visitor, replace(under_way, answer=ConsentAnswer.DENIED))
        elif decision == "allow":
            if not sent_before(visitor.request):
                await self._service.agree(asked, state, address)
            # Answered here and now: what was agreed to is this request, and none that waits in another tab.
            return await protocol.resume(visitor, replace(under_way, answer=ConsentAnswer.ALLOWED))
        return visitor.redirect(f"{RESUME}?{urlencode({'continue': fields['continue']})}")

    async def _state(self, visitor: Visitor, asked: SignOnRequest) -> SignOnState | None:
        return await self._service.state(visitor.cookie(names.SESSION), asked)

    def _resumed(self, continuation: Continuation | None) -> tuple[SignOnProtocol, RequestUnderWay] | None:
        if continuation is None or continuation.query is None:
            return None
        protocol = self._protocols.find(continuation.protocol)
        if protocol is None:
            return None
        under_way = RequestUnderWay(protocol.name, continuation.query, continuation.asked_at)
        return protocol, replace(under_way, declined=continuation.declined)

    def _lead(
        self,
        visitor: Visitor,
        asked: SignOnRequest,
        state: SignOnState | None,
        under_way: RequestUnderWay,
        wanted: NextStep,
    ) -> Response:
        continuation = self._continue(visitor, asked, under_way, wanted)
        if state is not None and wanted is NextStep.CONSENT:
            sealed = replace(continuation, account_id=state.session.account_id).seal(visitor.site.vault)
            return self._consent_page(visitor, asked, state, sealed)
        if wanted is NextStep.LOGIN and asked.account_id is not None:
            continuation = replace(continuation, account_id=asked.account_id)
        sealed = continuation.seal(visitor.site.vault)
        response = visitor.redirect(f"{PAGES[wanted]}?{urlencode({'continue': sealed})}")
        visitor.keep_browser(response)
        visitor.keep_asked(response)
        return response

    def _continue(
        self, visitor: Visitor, asked: SignOnRequest, under_way: RequestUnderWay, wanted: NextStep
    ) -> Continuation:
        return Continuation(
            asked_at=under_way.asked_at,
            browser=visitor.browser,
            query=under_way.query,
            protocol=under_way.protocol,
            client_id=asked.client.client_id,
            level=asked.demanded_level,
            again=wanted is NextStep.LOGIN,
            strong=wanted is NextStep.STEP_UP,
            declined=under_way.declined,
            login_hint=asked.login_hint[:100],
        )

    def _continuation(self, visitor: Visitor, sealed: str) -> Continuation | None:
        try:
            return unseal(visitor.site.vault, sealed, visitor.browser, visitor.site.sources.now())
        except Lapsed:
            return None

    def _consent_page(
        self, visitor: Visitor, asked: SignOnRequest, state: SignOnState, continuation: str
    ) -> Response:
        return visitor.page(
            "consent.html",
            action=CONSENT,
            continue_=continuation,
            system=asked.client.client_name,
            client_uri=asked.client.client_uri,
            items=scope_items(asked.scopes, visitor.say),
            name_masked=masked_name(state.session.name),
            principal=state.session.principal,
        )

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        return self._lapsed(visitor)

    def _lapsed(self, visitor: Visitor) -> Response:
        message = visitor.say("页面已过期。请回到您要使用的系统，重新登录。")
        return visitor.error(400, message, "LAPSED")
