"""/acting: the person says for whom they act, at any time or because a system has to know."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from idp.authentication.guard import open_form
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LOGIN, LoginFlow
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web import cookies as names
from idp.organizations.model import Principal
from idp.relying_parties.model import Client
from idp.relying_parties.service import Registry
from idp.sessions.model import Session
from idp.sessions.service import CannotRepresent
from idp.sign_on.acting import ACTING, MYSELF, Acting, NotOffered
from idp.sign_on.model import suits
from idp.sign_on.routes import CONSENT

CHANGED = "changed"
RELATION_TEXTS = {
    "legal_representative": _("您是法定代表人"),
    "agent": _("您是经办人"),
    "guardian": _("您是监护人"),
    "family_helper": _("您受亲友委托代办"),
    "counter": _("您在窗口为其办理"),
}
OTHER_RELATION = _("您受委托办理")


class ActingPages:
    """Handlers of /acting."""

    def __init__(self, login_flow: LoginFlow, registry: Registry, acting: Acting) -> None:
        self._login_flow = login_flow
        self._registry = registry
        self._acting = acting

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {ACTING: {"GET": self.show, "POST": open_form(self.choose, self._on_lapsed)}}

    async def show(self, visitor: Visitor) -> Response:
        """The choices, and what changes with them."""
        continuation = self._continuation(visitor, visitor.query.get("continue", ""))
        session = await visitor.current_session()
        if session is None:
            return self._to_login(visitor, continuation)
        return await self._page(visitor, session, continuation)

    async def choose(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Act for whom the person chose."""
        continuation = self._continuation(visitor, fields.get("continue", ""))
        session = await visitor.current_session()
        if session is None:
            return self._to_login(visitor, continuation)
        client, chosen = self._client(continuation), fields.get("mandate", "")
        if not chosen:
            error = visitor.say("请选择您要代表谁。")
            return await self._page(visitor, session, continuation, error, 400)
        try:
            token = await self._acting.choose(session, client, chosen, visitor.caller)
        except (NotOffered, CannotRepresent):
            error = visitor.say("这一项现在不能选择，可能授权刚刚被停用。请重新选择。")
            return await self._page(visitor, session, continuation, error, 409)
        response = visitor.redirect(self._onward(continuation))
        if token is not None:
            visitor.site.cookies.set(response, names.SESSION, token)
        return response

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        message = visitor.say("页面已过期，没有做任何更改。请重新打开本页。")
        return visitor.error(400, message, "LAPSED")

    def _continuation(self, visitor: Visitor, sealed: str) -> Continuation:
        """What the person came for; this page itself where they came for nothing else."""
        if sealed:
            return self._login_flow.continuation(visitor, sealed)
        return Continuation(visitor.site.sources.now(), visitor.browser, path=ACTING)

    def _onward(self, continuation: Continuation) -> str:
        if continuation.path == ACTING and continuation.query is None:
            return f"{ACTING}?done={CHANGED}"
        return self._login_flow.next(continuation)

    def _to_login(self, visitor: Visitor, continuation: Continuation) -> Response:
        response = visitor.redirect(self._login_flow.to(LOGIN, continuation))
        visitor.keep_browser(response)
        return response

    def _client(self, continuation: Continuation) -> Client | None:
        return self._registry.find(continuation.client_id) if continuation.client_id else None

    async def _page(
        self,
        visitor: Visitor,
        session: Session,
        continuation: Continuation,
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        client = self._client(continuation)
        choices = await self._acting.choices(session, client)
        shown = [self._shown(visitor, session, choice) for choice in choices]
        current = shown[0]["value"] if len(shown) == 1 else session.mandate_id or MYSELF
        return visitor.page(
            "acting.html",
            status,
            action=ACTING,
            refuse_action=CONSENT,
            continue_=self._login_flow.sealed(continuation),
            name=session.name,
            principal=session.principal,
            current=current,
            choices=shown,
            system=client.client_name if client else None,
            unsuited=client is not None and not suits(client, session.principal),
            systems=await self._system_names(session),
            login_href=self._login_flow.to(LOGIN, replace(continuation, again=True)),
            error=error,
            done=visitor.query.get("done") == CHANGED,
        )

    def _shown(self, visitor: Visitor, session: Session, choice: Principal | None) -> dict[str, Any]:
        if choice is None:
            return {
                "value": MYSELF,
                "name": session.name,
                "hint": visitor.say("本人，为自己办事"),
            }
        hint = visitor.say(RELATION_TEXTS.get(choice.relation, OTHER_RELATION))
        return {"value": choice.mandate_id, "name": choice.name, "hint": hint}

    async def _system_names(self, session: Session) -> list[str]:
        clients = [self._registry.find(each.client_id) for each in await self._acting.joined(session)]
        return [client.client_name for client in clients if client is not None]
