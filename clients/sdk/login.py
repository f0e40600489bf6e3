"""The life of a login at a system, from the redirect to the provider to its end."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from weakref import WeakValueDictionary

import anyio

from clients.sdk.config import SystemConfig
from clients.sdk.core.authorization import Transaction, authorization_url, begin, check_callback
from clients.sdk.core.errors import (
    InvalidResponse,
    InvalidToken,
    LoginError,
    Refused,
    Unavailable,
    UnknownKey,
)
from clients.sdk.core.logout import logout_url, validate_logout_token
from clients.sdk.core.session import Session
from clients.sdk.core.tokens import (
    Identity,
    Tokens,
    read_tokens,
    validate_id_token,
    validate_refreshed_id_token,
)
from clients.sdk.provider import Provider
from clients.sdk.sources import Sources
from clients.sdk.store import SessionStore

REFRESH_PAUSE_SECONDS = 10
_SESSION_ID_BYTES = 32
_CSRF_BYTES = 18
_log = logging.getLogger("zhanhe.sdk")


@dataclass(frozen=True, slots=True)
class Entered:
    """A finished login: the session id for the cookie, and where the person wanted to go."""

    session_id: str
    return_to: str


class Login:
    """What happens at login, at every request with a session, and at logout; knows no HTTP of its own."""

    def __init__(
        self, config: SystemConfig, provider: Provider, store: SessionStore, sources: Sources
    ) -> None:
        self.config = config
        self._registration = config.registration
        self._provider = provider
        self._store = store
        self._sources = sources
        self._refreshing: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    async def start(self, return_to: str | None, level: int) -> tuple[str, Transaction]:
        """Where to send the browser, and what to remember meanwhile; raises Unavailable."""
        metadata = await self._provider.confirmed_metadata()
        transaction = begin(self._sources, return_to, max(level, self.config.level))
        return authorization_url(metadata, self._registration, transaction), transaction

    async def finish(
        self, pairs: Sequence[tuple[str, str]], transaction: Transaction, old_session_id: str | None
    ) -> Entered:
        """Turn the provider's answer into a new session in place of the old one; raises LoginError."""
        metadata = await self._provider.metadata()
        code = check_callback(pairs, transaction, metadata, self._sources.now())
        answer = await self._provider.exchange(code, transaction.code_verifier)
        now = self._sources.now()
        tokens = read_tokens(answer, now)
        identity = await self._provider.with_keys(
            lambda keys: validate_id_token(tokens, self._registration, keys, nonce=transaction.nonce, now=now)
        )
        claims = await self._provider.userinfo(tokens.access_token, identity.subject)
        session = Session(
            identity=identity,
            tokens=tokens,
            claims=claims,
            csrf=self._sources.new_token(_CSRF_BYTES),
            asked_level=transaction.level,
            created_at=now,
        )
        session_id = self._sources.new_token(_SESSION_ID_BYTES)  # new at every login: session fixation
        if not await self._store.add(_key(session_id), session):
            raise InvalidResponse("the login was ended while it was under way")
        if old_session_id is not None:
            await self._store.remove(_key(old_session_id))
        return Entered(session_id, transaction.return_to)

    async def current(self, session_id: str) -> Session | None:
        """The live session, its access token renewed if that is due."""
        key = _key(session_id)
        session = await self._store.get(key)
        if session is None or not session.refresh_is_due(self._sources.now()):
            return session
        lock = self._refreshing.setdefault(key, anyio.Lock())
        async with lock:  # one refresh at a time: the second would show a token that is already used up
            session = await self._store.get(key)
            if session is None or not session.refresh_is_due(self._sources.now()):
                return session
            return await self._renewed(key, session)

    async def log_out(self, session_id: str, session: Session) -> tuple[str | None, str]:
        """End the session here; then where to end it at the provider, and the state that comes back."""
        await self._store.remove(_key(session_id))
        state = self._sources.new_token(_CSRF_BYTES)
        metadata = await self._provider.confirmed_metadata()
        return logout_url(metadata, self._registration, id_token=session.tokens.id_token, state=state), state

    async def receive_logout(self, logout_token: str) -> int:
        """End the sessions a logout token means; how many. Raises InvalidToken (replay too), Unavailable."""
        now = self._sources.now()
        notice = await self._provider.with_keys(
            lambda keys: validate_logout_token(logout_token, self._registration, keys, now=now)
        )
        ended = await self._store.end(notice)
        if ended is None:
            raise InvalidToken("jti was here before")
        return ended

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._provider.aclose()

    async def _renewed(self, key: str, session: Session) -> Session | None:
        """The session with new tokens; None, and ended, if the provider refuses or a logout was quicker."""
        with anyio.CancelScope(shield=True):  # the old token is gone once shown: the new one must be kept
            newer = await self._refreshed(session)
            if newer is None:
                await self._store.remove(key)
            elif not await self._store.replace(key, newer):
                newer = None
        return newer

    async def _refreshed(self, session: Session) -> Session | None:
        """The session with new tokens; None if refused; put off if the provider is away."""
        assert session.tokens.refresh_token is not None
        try:
            tokens = read_tokens(
                await self._provider.refresh(session.tokens.refresh_token), self._sources.now()
            )
            return session.refreshed(*await self._identified(tokens, session.identity))
        except Unavailable as error:
            log_failure("refresh, put off,", error)
            return replace(session, retry_at=self._sources.now() + REFRESH_PAUSE_SECONDS)
        except (Refused, InvalidToken) as error:
            log_failure("refresh, session ended,", error)
            return None

    async def _identified(self, tokens: Tokens, previous: Identity) -> tuple[Tokens, Identity]:
        """The tokens of a refresh, with the identity their ID token proves if there is one."""
        if tokens.id_token is None:
            return tokens, previous
        now = self._sources.now()
        try:
            identity = await self._provider.with_keys(
                lambda keys: validate_refreshed_id_token(
                    tokens, self._registration, keys, previous=previous, now=now
                )
            )
        except (Unavailable, UnknownKey):
            # the refresh token has been exchanged: without the new one the next try would look like a replay
            return replace(tokens, id_token=None), previous
        return tokens, identity


def _key(session_id: str) -> str:
    """What the store knows a session by, so that its content opens no session."""
    return sha256(session_id.encode()).hexdigest()


def log_failure(step: str, error: LoginError) -> None:
    """A line for the operator; details never hold a token, code or secret."""
    _log.warning("%s failed: %s: %.200a", step, type(error).__name__, error.detail)
