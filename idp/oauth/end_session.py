"""OpenID Connect RP-Initiated Logout 1.0: asks where in doubt, ends the session everywhere, reports."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from idp.authentication.guard import open_form
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.masking import masked_name
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.outbox_store import OutboxMessage
from idp.infrastructure.vault import Unreadable
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.forms import UnreadableForm, read_form
from idp.infrastructure.web.presence import Presence
from idp.infrastructure.web.readable import reads_by_own_rule
from idp.infrastructure.web.site import CSRF_FIELD
from idp.keys.service import KeyRing, RevokedKey, UntrustedToken
from idp.oauth.protocol import redirect_uris
from idp.oauth.protocol.errors import InvalidRequest, OAuthError
from idp.oauth.protocol.parameters import Parameters, parse
from idp.oauth.protocol.responses import with_query
from idp.oauth.tokens import ID_TOKEN
from idp.relying_parties.model import Client
from idp.relying_parties.service import Registry
from idp.sessions.model import Session
from idp.sessions.service import Sessions

END_SESSION = "/end_session"
CONFIRM = "/end_session/confirm"
PURPOSE = "logout.continuation"
SETTLE_SECONDS = 3.0
"""How long the person waits for the systems to confirm before the page says which have not."""


Farewell = Callable[[Visitor, Session], Awaitable[tuple[str, str] | None]]
"""The name of the platform by which a session came, and where the person logs out there."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who is told that a session ends: systems through the outbox, an upstream platform by the person's own click."""

    outbox: Outbox
    farewell: Farewell


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A checked request: who asked, where to go afterwards, and whose session the hint names."""

    client: Client | None
    back: str | None
    hinted_session: str | None


class LogoutPages:
    """Handlers of /end_session."""

    def __init__(self, keys: KeyRing, registry: Registry, sessions: Sessions, leaving: Leaving) -> None:
        self._keys = keys
        self._registry = registry
        self._sessions = sessions
        self._outbox = leaving.outbox
        self._farewell = leaving.farewell

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            END_SESSION: {"GET": self.ask, "POST": self.ask},
            CONFIRM: {"POST": open_form(self.confirm, self._on_lapsed)},
        }

    @reads_by_own_rule
    async def ask(self, visitor: Visitor) -> Response:
        """Log out at once when the ID token names this very session; else ask the person (§2)."""
        try:
            raw = (
                await read_form(visitor.request)
                if visitor.request.method == "POST"
                else visitor.request.scope["query_string"]
            )
            parameters = parse(raw)
            asked = self._checked(parameters)
        except (OAuthError, UnreadableForm) as error:
            message = visitor.say("退出登录的请求不正确。请回到首页，在那里退出。")
            return visitor.error(error.status, message, str(error))
        session = await visitor.current_session()
        if session is None:
            if visitor.request.method == "POST":  # a cross-site post comes without our Lax cookies
                asked_again = {name: value for name, value in parameters.items() if name != CSRF_FIELD}
                return visitor.redirect(with_query(END_SESSION, asked_again))
            return await self._goodbye(visitor, asked, None)
        if asked.hinted_session == session.id:
            return await self._end(visitor, session, asked, visitor.presence)
        return visitor.page(
            "logout.html",
            action=CONFIRM,
            continue_=visitor.site.vault.seal(PURPOSE, {"back": asked.back, "client": _client_id(asked)}),
            name_masked=masked_name(session.name),
            system=asked.client.client_name if asked.client else None,
        )

    async def confirm(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """The person said whether to log out."""
        try:
            kept = visitor.site.vault.unseal(PURPOSE, fields.get("continue", ""))
        except Unreadable:
            return visitor.redirect("/")
        client = self._registry.find(kept.get("client") or "")
        asked = LogoutRequest(client, kept.get("back"), None)
        session = await visitor.current_session()
        if fields.get("decision") != "logout":
            return visitor.redirect("/")
        if session is None:
            return await self._goodbye(visitor, asked, None)
        if (present := visitor.presence) is not None:  # the person at the desk leaves altogether
            own = await self._sessions.find(present.own)
            if own is not None and own.id != session.id:
                await self._sessions.end(own.id, visitor.caller, "logout")
        return await self._end(visitor, session, asked)

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        return visitor.redirect("/")

    def _checked(self, parameters: Parameters) -> LogoutRequest:
        parameters.check()
        hint = self._hint(parameters)
        client_id = parameters.get("client_id") or (hint or {}).get("aud")
        if hint is not None and client_id != hint.get("aud"):
            raise InvalidRequest("client_id is not the audience of id_token_hint")
        client = self._registry.find(str(client_id)) if client_id else None
        back = parameters.get("post_logout_redirect_uri")
        if back is not None and client_id is None:
            client = self._whose(back)
        elif back is not None and (client is None or not _returns(client, back)):
            raise InvalidRequest("post_logout_redirect_uri is not registered, or the client is not known")
        state = parameters.get("state")
        if back is not None and state is not None:
            back = with_query(back, {"state": state})
        return LogoutRequest(client, back, (hint or {}).get("sid"))

    def _whose(self, back: str) -> Client | None:
        """The one client that registered an address, None where several did; raises InvalidRequest where none did.

        Nobody has said who asks: whoever is logged in is asked (§2), and an address on the device, which needs its
        port to be known, is nobody's.
        """
        kept = [entry.client for entry in self._registry.all() if not entry.disabled]
        theirs = [client for client in kept if back in client.post_logout_redirect_uris]
        if not theirs:
            raise InvalidRequest("post_logout_redirect_uri is not registered")
        return theirs[0] if len(theirs) == 1 else None

    def _hint(self, parameters: Parameters) -> dict[str, Any] | None:
        hint = parameters.get("id_token_hint")
        if hint is None:
            return None
        try:
            return self._keys.verify(hint, ID_TOKEN, expired_too=True)
        except RevokedKey as error:
            # It says for which system, as client_id would, and speaks for no session: the person is asked.
            return {"aud": error.claims.get("aud")}
        except UntrustedToken as error:
            raise InvalidRequest("id_token_hint is not an ID token of this issuer") from error

    async def _end(
        self, visitor: Visitor, session: Session, asked: LogoutRequest, present: Presence | None = None
    ) -> Response:
        """`present`: a system ended the session that acts for somebody at a counter; the staff's own one goes on."""
        await self._sessions.end(session.id, visitor.caller, "logout")
        response = await self._goodbye(visitor, asked, session)
        if present is None:
            visitor.site.cookies.clear(response, names.SESSION)
        else:
            visitor.site.cookies.set(response, names.SESSION, present.own)
        if visitor.cookie(names.PRESENCE) is not None:
            visitor.site.cookies.clear(response, names.PRESENCE)
        return response

    async def _goodbye(self, visitor: Visitor, asked: LogoutRequest, session: Session | None) -> Response:
        """Back to the system that asked, once every other one has confirmed; or our own page with each one's state."""
        notices = await self._outbox.settle(session.id, SETTLE_SECONDS) if session else []
        arrived = all(notice.delivered_at is not None for notice in notices)
        if asked.back is not None and arrived:
            return RedirectResponse(asked.back, 303, {"cache-control": "no-store"})
        joined = await self._sessions.joined(session.id) if session else []
        upstream = await self._farewell(visitor, session) if session else None
        return visitor.page(
            "logged_out.html",
            systems=[self._state(visitor, each.client_id, notices) for each in joined],
            home="/",
            presence=None,
            upstream=upstream,
            back=_way_back(asked),
        )

    def _state(self, visitor: Visitor, client_id: str, notices: list[OutboxMessage]) -> tuple[str, str]:
        client = self._registry.find(client_id)
        name = client.client_name if client else client_id
        notice = next((each for each in notices if each.recipient == client_id), None)
        if notice is None:
            text = visitor.say("该系统不接收退出通知，请在该系统中自行退出")
        elif notice.delivered_at is not None:
            text = visitor.say("已退出")
        else:
            text = visitor.say("尚未确认，我们会继续通知该系统")
        return name, text


def _client_id(asked: LogoutRequest) -> str | None:
    return asked.client.client_id if asked.client else None


def _returns(client: Client, back: str) -> bool:
    """Whether people may go back there: to the letter, but for the port of an app on loopback (RFC 8252 §7.3)."""
    return redirect_uris.matches(back, client.post_logout_redirect_uris, native=client.public)


def _way_back(asked: LogoutRequest) -> tuple[str, str] | None:
    """Where the person came from, and its name: the host's where several systems share it."""
    if asked.back is None:
        return None
    name = asked.client.client_name if asked.client else urlsplit(asked.back).hostname
    return asked.back, name or asked.back
