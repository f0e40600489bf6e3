"""The database's side of sign-on: reads where the person stands, notes consent, takes a client into the session."""

from idp.accounts.real_names.verification import Verification
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.sessions.model import SessionLifetimes
from idp.sessions.service import TOUCH_SECONDS, Sessions
from idp.sessions.store import SessionStore
from idp.sign_on.acting import Acting
from idp.sign_on.model import SignOnRequest, SignOnState, is_undecided
from idp.sign_on.store import SignOnStore


class SignOn:
    """Used by the pages of sign-on, and by every protocol when it serves."""

    def __init__(
        self,
        foundation: Foundation,
        sessions: Sessions,
        acting: Acting,
        verification: Verification,
        lifetimes: SessionLifetimes,
    ) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._sessions = sessions
        self._acting = acting
        self._verification = verification
        self._store = SignOnStore(lifetimes)
        self._session_store = SessionStore(lifetimes)
        self._audit = AuditStore(foundation.sources)

    @property
    def raisable_level(self) -> int:
        """The highest real-name level that a method offered here gives."""
        return max((method.level for method in self._verification.offered.values()), default=0)

    async def state(self, session_token: str | None, asked: SignOnRequest) -> SignOnState | None:
        """Where the person of a session cookie stands toward a client; None without a live session."""
        if session_token is None:
            return None
        token_hash, client = self._sessions.token_hash(session_token), asked.client
        now = self._sources.now()
        state = await self._database.read(lambda: self._store.state(token_hash, client.client_id, now))
        if state is None or not is_undecided(asked, state.session):
            return state
        return state.with_choices(client, await self._acting.principals(state.session))

    async def agree(self, asked: SignOnRequest, state: SignOnState, address: str) -> None:
        """Note that the person agrees, now, to what the request asks on top of what was agreed before."""
        session, client_id = state.session, asked.client.client_id
        scope = " ".join(sorted(state.consented.union(asked.scopes)))
        detail = {"scope": " ".join(asked.scopes)}
        line = _line(EventType.CONSENT_GIVEN, state, client_id, address, detail)
        now = self._sources.now()

        def work() -> Transaction[None]:
            yield self._store.consent(session.account_id, client_id, scope, now)
            yield self._audit.record(line)

        await self._database.write(work)

    async def deny(self, asked: SignOnRequest, state: SignOnState, address: str) -> None:
        """Note that the person said no."""
        line = _line(EventType.CONSENT_REFUSED, state, asked.client.client_id, address)
        await self._database.add(self._audit.record(line))

    def join(self, state: SignOnState, client_id: str) -> Transaction[None]:
        """Take a client into the session, and note that the person was seen: for the transaction that serves it."""
        session, now = state.session, self._sources.now()
        if not state.joined:
            yield self._session_store.join(session.id, client_id, now)
        if now - session.last_seen_at > TOUCH_SECONDS:
            yield from self._session_store.touch(session.id, now)


def _line(
    event: EventType, state: SignOnState, client_id: str, address: str, detail: dict[str, str] | None = None
) -> AuditEvent:
    session = state.session
    principal = session.principal.id if session.principal else None
    return AuditEvent(
        event=event,
        account_id=session.account_id,
        client_id=client_id,
        session_id=session.id,
        address=address,
        detail=detail or {},
        principal=principal,
    )
