"""Beginning, finding, strengthening and ending the single sign-on session."""

from dataclasses import dataclass

from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.relying_parties.service import Registry
from idp.sessions.logout import KIND, payload
from idp.sessions.model import Lifetimes, Session
from idp.sessions.store import SessionStore

TOKEN_PREFIX = "zss_"  # noqa: S105
TOKEN_BYTES = 32
TOUCH_SECONDS = 60.0
"""A sign of life is written at most this often: it costs a row."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end of the line: network address and what the browser says of itself."""

    address: str
    user_agent: str = ""


class Sessions:
    """The only place where sessions begin and end."""

    def __init__(
        self, foundation: Foundation, registry: Registry, outbox: Outbox, lifetimes: Lifetimes
    ) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._store = SessionStore(lifetimes)
        self._audit = AuditStore(foundation.sources)
        self._registry = registry
        self._outbox = outbox

    def token_hash(self, token: str) -> bytes:
        """The keyed hash under which a cookie's value is stored."""
        return self._vault.token_hash("session", token)

    async def find(self, token: str | None) -> Session | None:
        """The live session of a cookie's value; notes the sign of life."""
        if token is None or not token.startswith(TOKEN_PREFIX):
            return None
        token_hash = self.token_hash(token)
        session = await self._database.read(lambda: self._store.find(token_hash, self._sources.now()))
        if session is not None:
            await self.touch(session)
        return session

    async def touch(self, session: Session) -> None:
        """Write a sign of life if the last one is old."""
        now = self._sources.now()
        if now - session.last_seen_at > TOUCH_SECONDS:
            await self._database.write(lambda: self._store.touch(session.id, now))

    async def begin(self, account: Row, amr: tuple[str, ...], caller: Caller, before: Session | None) -> str:
        """Log an account in and return the new cookie's value, never one that was known before (session fixation).

        The same person again keeps the session and its participants under a new cookie; another person's
        session in the same browser is ended everywhere first.
        """
        if before is not None and before.account_id != account["id"]:
            await self.end(before.id, caller, "another account logged in")
            before = None
        token = TOKEN_PREFIX + self._sources.new_token(TOKEN_BYTES)
        token_hash = self.token_hash(token)
        now = self._sources.now()
        session_id = before.id if before else self._sources.new_id()
        event = Event.SESSION_STEPPED_UP if before else Event.LOGIN_SUCCEEDED
        line = Line(event, account["id"], None, session_id, caller.address, detail={"amr": list(amr)})
        row = self._row(session_id, token_hash, account["id"], amr, caller)

        def work() -> Transaction[bool]:
            kept = True
            if before:
                kept = yield from self._store.renew(session_id, token_hash, amr, now)
            else:
                yield from self._store.begin(row)
            if kept:
                yield self._audit.record(line)
            return kept

        if not await self._database.write(work):
            return await self.begin(account, amr, caller, None)
        return token

    async def end(self, session_id: str, caller: Caller, reason: str) -> bool:
        """End a session and tell every system that takes part; False when it had ended before."""
        now = self._sources.now()

        def work() -> Transaction[bool]:
            account_id = yield from self._store.end(session_id, now)
            if account_id is None:
                return False
            for row in (yield from self._store.joined(session_id)):
                client = self._registry.find(row["client_id"])
                if client is not None and client.backchannel_logout_uri is not None:
                    content = payload(client.client_id, account_id, session_id)
                    yield self._outbox.message(KIND, client.client_id, session_id, content)
            detail = {"reason": reason}
            yield self._audit.record(
                Line(Event.SESSION_ENDED, account_id, None, session_id, caller.address, detail=detail)
            )
            return True

        ended = await self._database.write(work)
        self._outbox.kick()
        return ended

    async def joined(self, session_id: str) -> list[Row]:
        """The systems that take part in a session."""
        return await self._database.read(lambda: self._store.joined(session_id))

    def _row(
        self, session_id: str, token_hash: bytes, account_id: str, amr: tuple[str, ...], caller: Caller
    ) -> dict[str, object]:
        now = self._sources.now()
        return {
            "id": session_id,
            "token_hash": token_hash,
            "account_id": account_id,
            "amr": " ".join(amr),
            "address": caller.address,
            "user_agent": caller.user_agent[:200],
            "device_id": None,
            "mandate_id": None,
            "principal": None,
            "created_at": now,
            "authenticated_at": now,
            "last_seen_at": now,
            "ended_at": None,
        }
