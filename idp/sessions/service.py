"""Beginning, finding, strengthening and ending the single sign-on session."""

from collections.abc import Callable

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.organizations.model import Principal
from idp.relying_parties.service import Registry
from idp.sessions import audit_events
from idp.sessions.devices import Devices
from idp.sessions.ending_store import MOST_AT_ONCE, EndingStore
from idp.sessions.endings import Endings
from idp.sessions.farewells import Farewells
from idp.sessions.model import (
    UPSTREAM,
    Caller,
    OpenSession,
    Participant,
    Session,
    SessionEnd,
    SessionLifetimes,
    StoredSession,
)
from idp.sessions.store import MOST_OPEN, SessionStore

__all__ = ["TOKEN_BYTES", "TOKEN_PREFIX", "TOUCH_SECONDS", "Caller", "CannotRepresent", "Sessions"]

TOKEN_PREFIX = "zss_"  # noqa: S105
TOKEN_BYTES = 32
TOUCH_SECONDS = 60.0
"""A sign of life is written at most this often: it costs a row."""


class CannotRepresent(Exception):
    """The session has ended, its account is not as it was, or the mandate is not in force or not this person's."""


class Sessions:
    """The only place where sessions begin and end."""

    def __init__(
        self,
        foundation: Foundation,
        registry: Registry,
        outbox: Outbox,
        lifetimes: SessionLifetimes,
        devices: Devices | None = None,
    ) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._store = SessionStore(lifetimes)
        self._ends = EndingStore()
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._outbox = outbox
        self.endings = Endings(foundation.sources, registry, outbox, self._ends)
        self.farewells = Farewells(foundation, self.endings, outbox, self._ends)
        self._devices = devices or Devices(foundation)

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

    async def begin(
        self,
        account: Account,
        amr: tuple[str, ...],
        caller: Caller,
        before: Session | None,
        *,
        trust: bool = False,
    ) -> str | None:
        """Log an account in and return the new cookie's value, never one that was known before (session fixation).

        `account` is as it was judged: None, recorded, where what protects the account has changed since. With
        `trust`, the second factor is not asked for on the caller's device for a while. The same person again keeps the
        session and its participants under a new cookie; another person's session in the same browser is ended
        everywhere first.
        """
        if before is not None and before.account_id != account.id:
            await self.end(before.id, caller, "another account logged in")
            before = None
        kept = None
        if before is not None:
            kept = await self.strengthen(before, account, amr, caller, trust=trust)
        if kept is not None:
            return kept
        token = self._new_token()
        session_id = self._sources.new_id()
        begins = self._begins(session_id, self.token_hash(token), account.id, amr, caller)
        line = audit_events.begun(account, session_id, amr, caller)

        def work() -> Transaction[tuple[bool, bool]]:
            if not (yield from self._begin(begins, account, line, caller)):
                return False, False
            return True, (yield from self._arrived(account, caller, trust=trust))

        begun, told = await self._database.write(work)
        if told:
            self._outbox.kick()
        return token if begun else None

    def _begin(
        self, begins: StoredSession, account: Account, line: AuditEvent, caller: Caller
    ) -> Transaction[bool]:
        """A session of an account that is as it was judged; False, recorded, where it is not."""
        number = yield from self._store.begin(begins, account.security_version)
        if number is None:
            yield self._audit.record(audit_events.outdated(account, caller))
            return False
        yield self._audit.record(line)
        yield from self._make_room(account.id, number, caller)
        return True

    def _make_room(self, account_id: str, number: int, caller: Caller) -> Transaction[None]:
        """Nobody needs more sessions than a page can show: the one that was used longest ago ends.

        `number` are open. Of logins at the same moment, none counts the others: the next one ends what is too many.
        """
        if number <= MOST_OPEN:
            return
        now = self._sources.now()
        ended = yield from self._ends.end_oldest(account_id, now)
        yield from self.endings.follow_all(account_id, ended, SessionEnd("too many", caller.address), now)

    async def begin_for(
        self, account: Account, principal: Principal, caller: Caller, before: Session | None
    ) -> str | None:
        """Log an organisation's login in, for the organisation from the first moment on; the new cookie's value.

        None where the account is not as it was judged. Whatever session the browser had ends: it is not this one's.
        """
        if before is not None:
            await self.end(before.id, caller, "another account logged in")
        token, session_id, amr = self._new_token(), self._sources.new_id(), (UPSTREAM,)
        begins = self._begins(session_id, self.token_hash(token), account.id, amr, caller, principal)
        line = audit_events.begun(account, session_id, amr, caller, principal)
        begun = await self._database.write(lambda: self._begin(begins, account, line, caller))
        return token if begun else None

    async def strengthen(
        self,
        session: Session,
        account: Account,
        amr: tuple[str, ...],
        caller: Caller,
        *,
        anew: bool = True,
        trust: bool = False,
    ) -> str | None:
        """The session of somebody who has shown more, under a new cookie's value.

        None when it has ended meanwhile, or what protects the account has changed since `account` was judged.
        `anew`: it counts as a login of this moment. `trust`: see `begin`.
        """
        token = self._new_token()
        line = audit_events.strengthened(account, session, amr, caller)

        def work() -> Transaction[tuple[bool, bool]]:
            now = self._sources.now()
            at = now if anew else session.authenticated_at
            proven, token_hash = account.security_version, self.token_hash(token)
            if not (yield from self._store.renew(session.id, proven, token_hash, amr, (at, now))):
                return False, False
            yield self._audit.record(line)
            return True, (yield from self._arrived(account, caller, trust=trust))

        kept, told = await self._database.write(work)
        if told:
            self._outbox.kick()
        return token if kept else None

    async def represent(self, session: Session, principal: Principal | None, caller: Caller) -> str:
        """Act for somebody else, or (None) for oneself, from now on; the new cookie's value.

        One session stands for one principal: it is a new one, of the same login and no longer lifetime, and the old
        one ends everywhere. Raises CannotRepresent.
        """
        token = self._new_token()
        session_id, now = self._sources.new_id(), self._sources.now()

        def work() -> Transaction[bool]:
            # The account first, as whatever changes it does: a new session is not to slip past what ends the old one.
            if not (yield from self._store.hold(session.account_id, session.security_version)):
                return False
            if principal is None:
                old = yield from self._ends.end(session.id, now)
            else:
                old = yield from self._ends.end_to_act(session.id, principal.mandate_id, now)
            if old is None:
                return False
            yield from self.endings.follow([old], SessionEnd("represents another", caller.address))
            begins = old.acting_for(principal, session_id, self.token_hash(token), now)
            yield from self._store.begin(begins, session.security_version)
            yield from self._note_change(old, session_id, principal, caller)
            return True

        if not await self._database.write(work):
            raise CannotRepresent
        self._outbox.kick()
        return token

    async def accompany(self, session: Session, principal: Principal, caller: Caller) -> str:
        """Act for somebody in a session of its own, beside one that stays as it is; the new cookie's value.

        Of the same login and no longer lifetime; it dies with the mandate. Raises CannotRepresent.
        """
        token, session_id, now = self._new_token(), self._sources.new_id(), self._sources.now()

        def work() -> Transaction[bool]:
            if not (yield from self._store.hold(session.account_id, session.security_version)):
                return False
            own = yield from self._ends.beside(session.id, principal.mandate_id, now)
            if own is None:
                return False
            begins = own.acting_for(principal, session_id, self.token_hash(token), now)
            number = yield from self._store.begin(begins, session.security_version)
            yield from self._note_change(own, session_id, principal, caller)
            yield from self._make_room(session.account_id, number or 0, caller)
            return True

        if not await self._database.write(work):
            raise CannotRepresent
        self._outbox.kick()
        return token

    async def stay(self, session: Session) -> None:
        """Note that the person was asked for whom they act, and leaves it as it is."""
        await self._database.write(lambda: self._store.chosen(session.id, self._sources.now()))

    async def of_account(self, account_id: str) -> list[OpenSession]:
        """The live sessions of an account, the last used first."""
        return await self._database.read(lambda: self._store.of_account(account_id, self._sources.now()))

    async def end(self, session_id: str, caller: Caller, reason: str) -> bool:
        """End a session and tell every system that takes part; False when it had ended before."""
        return await self._end(lambda now: self._ends.end(session_id, now), caller, reason)

    async def end_own(self, session: Session, other_id: str, caller: Caller) -> bool:
        """End another session of the same person; False when there is none such."""

        def end(now: float) -> Transaction[StoredSession | None]:
            return (yield from self._ends.end_own(session.account_id, other_id, now))

        return await self._end(end, caller, "ended elsewhere")

    async def end_all(self, account_id: str, *, keep: str | None = None, caller: Caller, reason: str) -> int:
        """End the sessions of an account, but for one to keep; how many."""

        def work() -> Transaction[int]:
            yield self._accounts.raised(account_id)  # a login that is under way is one of them
            return (yield from self.ended(account_id, reason, keep, caller))

        count = await self._database.write(work)
        self._outbox.kick()
        return count

    def ended(
        self,
        account_id: str,
        reason: str,
        except_id: str | None = None,
        caller: Caller | None = None,
        actor: str | None = None,
    ) -> Transaction[int]:
        """`end_all` within a transaction; call `Outbox.kick` after its commit. `actor` is who did it instead."""
        now, farewell = self._sources.now(), SessionEnd(reason, caller.address if caller else None, actor)
        some = yield from self._ends.end_of_account(account_id, except_id, now)
        yield from self.endings.follow_all(account_id, some, farewell, now)
        if len(some) < MOST_AT_ONCE:
            return len(some)
        return len(some) + (
            yield from self._ends.end_rest_of_account(account_id, except_id, farewell.to_json(), now)
        )

    def end_acting(self, mandate_id: str, reason: str) -> Transaction[None]:
        """End whatever lives on a mandate or on one passed on from it; call `Outbox.kick` after the commit.

        What is not found here any more (a session that begins at this very moment) is dead all the same: every
        use asks whether the mandate is in force.
        """
        ended = yield from self._ends.end_of_mandate(mandate_id, self._sources.now())
        yield from self.endings.follow(ended, SessionEnd(reason))

    async def joined(self, session_id: str) -> list[Participant]:
        """The systems that take part in a session, in the order of joining."""
        return await self._database.read(lambda: self._ends.joined(session_id))

    async def _end(
        self, end: Callable[[float], Transaction[StoredSession | None]], caller: Caller, reason: str
    ) -> bool:
        now = self._sources.now()

        def work() -> Transaction[bool]:
            session = yield from end(now)
            if session is not None:
                yield from self.endings.follow([session], SessionEnd(reason, caller.address))
            return session is not None

        ended = await self._database.write(work)
        self._outbox.kick()
        return ended

    def _note_change(
        self, old: StoredSession, session_id: str, principal: Principal | None, caller: Caller
    ) -> Transaction[None]:
        for event, who, where in (
            (EventType.REPRESENTATION_ENDED, old.principal, old.id),
            (EventType.REPRESENTATION_BEGUN, principal, session_id),
        ):
            if who is not None:
                line = audit_events.represented(event, old.account_id, where, who, caller)
                yield self._audit.record(line)

    def _arrived(self, account: Account, caller: Caller, *, trust: bool) -> Transaction[bool]:
        """Note the device of a login, and whether it is trusted; True when the owner is told of a new one."""
        told = yield from self._devices.seen(account, caller)
        if trust:
            yield from self._devices.trusted(account.id, caller)
        return told

    def _new_token(self) -> str:
        return TOKEN_PREFIX + self._sources.new_token(TOKEN_BYTES)

    def _begins(
        self,
        session_id: str,
        token_hash: bytes,
        account_id: str,
        amr: tuple[str, ...],
        caller: Caller,
        principal: Principal | None = None,
    ) -> StoredSession:
        now = self._sources.now()
        return StoredSession(
            id=session_id,
            token_hash=token_hash,
            account_id=account_id,
            amr=amr,
            address=caller.address,
            user_agent=caller.user_agent[:200],
            device_id=caller.device_id,
            mandate_id=principal.mandate_id if principal else None,
            principal=principal,
            chosen_at=now if principal else None,
            created_at=now,
            authenticated_at=now,
            last_seen_at=now,
        )
