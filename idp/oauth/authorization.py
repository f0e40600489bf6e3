"""Answers a checked authorization request: looks at the person's standing, notes consent, issues the code."""

from idp.audit.model import Event, Line
from idp.audit.refusals import Refusals
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.keys.service import InvalidToken, KeyRing, RevokedKey
from idp.oauth.codes import Codes
from idp.oauth.interaction import Standing, standing_of
from idp.oauth.model import Code, Lifetimes, Subject
from idp.oauth.protocol.authorization import AuthorizationRequest
from idp.oauth.protocol.errors import InvalidRequest, LoginRequired, OAuthError
from idp.oauth.store import OAuthStore
from idp.oauth.tokens import ID_TOKEN
from idp.relying_parties.model import Client
from idp.sessions.model import Lifetimes as SessionLifetimes
from idp.sessions.model import Session
from idp.sessions.service import TOUCH_SECONDS, Sessions
from idp.sessions.store import SessionStore


class AuthorizationService:
    """The database's side of /authorize."""

    def __init__(
        self,
        foundation: Foundation,
        sessions: Sessions,
        keys: KeyRing,
        lifetimes: Lifetimes,
        session_lifetimes: SessionLifetimes,
    ) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._sessions = sessions
        self._keys = keys
        self._store = OAuthStore(session_lifetimes)
        self._session_store = SessionStore(session_lifetimes)
        self._audit = AuditStore(foundation.sources)
        self._refusals = Refusals(foundation)
        self._codes = Codes(foundation, lifetimes.code)

    async def standing(self, session_token: str | None, client: Client) -> Standing | None:
        """Where the person of a session cookie stands toward a client."""
        if session_token is None:
            return None
        token_hash = self._sessions.token_hash(session_token)
        now = self._sources.now()
        return standing_of(
            await self._database.read(lambda: self._store.authorize(token_hash, client.client_id, now))
        )

    def hinted(self, request: AuthorizationRequest) -> str | None:
        """The account of the id_token_hint, expired or not; raises InvalidRequest when it is not ours.

        One of a revoked key names nobody: LoginRequired, and the system asks again without it.
        """
        if request.id_token_hint is None:
            return None
        try:
            return str(self._keys.verify(request.id_token_hint, ID_TOKEN, expired_too=True)["sub"])
        except RevokedKey as error:
            raise LoginRequired("id_token_hint is signed with a key that was revoked") from error
        except (InvalidToken, KeyError) as error:
            raise InvalidRequest("id_token_hint is not an ID token of this issuer") from error

    async def issue(self, request: AuthorizationRequest, standing: Standing, address: str) -> str:
        """A code; that it was issued and that the client takes part in the session is on disk before it leaves."""
        session = standing.session
        subject = _subject(session)
        code = Code(
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            scopes=request.scopes,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            subject=subject,
        )
        now = self._sources.now()
        line = Line(
            Event.AUTHORIZATION_GRANTED,
            session.account_id,
            request.client_id,
            session.id,
            address,
            detail={"scope": request.scope, "level": session.level},
            principal=subject.principal_id,
        )

        def work() -> Transaction[None]:
            if not standing.joined:
                yield self._session_store.join(session.id, request.client_id, now)
            if now - session.last_seen_at > TOUCH_SECONDS:
                yield from self._session_store.touch(session.id, now)
            yield self._audit.record(line)

        text = await self._codes.issue(code)
        await self._database.write(work)
        return text

    async def agree(self, request: AuthorizationRequest, standing: Standing, address: str) -> None:
        """Note that the person agrees, now, to what the request asks on top of what was agreed before."""
        session = standing.session
        scope = " ".join(sorted(standing.consented.union(request.scopes)))
        line = Line(
            Event.CONSENT_GIVEN,
            session.account_id,
            request.client_id,
            session.id,
            address,
            detail={"scope": request.scope},
            principal=session.principal.id if session.principal else None,
        )
        now = self._sources.now()

        def work() -> Transaction[None]:
            yield self._store.consent(session.account_id, request.client_id, scope, now)
            yield self._audit.record(line)

        await self._database.write(work)

    async def refuse(self, standing: Standing, client: Client, address: str) -> None:
        """Note that the person said no."""
        session = standing.session
        principal_id = session.principal.id if session.principal else None
        where = (session.account_id, client.client_id, session.id, address)
        await self._note(Line(Event.CONSENT_REFUSED, *where, principal=principal_id))

    def note_refusal(
        self, error: OAuthError, client_id: str | None, address: str, claimed: str | None = None
    ) -> None:
        """Note that a request was refused: counted, since anybody may send one. `claimed` is a client it only names."""
        detail = {"error": error.code, "reason": error.detail}
        if claimed is not None:
            detail["unproven_client"] = claimed
        self._refusals.note(
            Line(Event.AUTHORIZATION_REFUSED, client_id=client_id, address=address, detail=detail)
        )

    async def _note(self, line: Line) -> None:
        await self._database.add(self._audit.record(line))


def _subject(session: Session) -> Subject:
    principal = session.principal
    return Subject(
        session.account_id,
        session.id,
        session.authenticated_at,
        session.amr,
        session.level,
        session.mandate_id,
        principal.to_json() if principal else None,
    )
