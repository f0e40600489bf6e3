"""Logins that wait for their second factor: kept for minutes, found by the token in the browser's cookie."""

from dataclasses import asdict, dataclass

import orjson

from idp.infrastructure.foundation import Foundation

KIND = "login"
PENDING_SECONDS = 300
PREFIX = "zlt_"


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """The first factor was right; `session_id` is the session that a step-up strengthens.

    `proven` is the security version that the account had then: with another one the login is over.
    """

    account_id: str
    amr: tuple[str, ...]
    proven: int
    session_id: str | None = None
    device: str | None = None


class PendingLogins:
    """Puts, finds and takes waiting logins."""

    def __init__(self, foundation: Foundation) -> None:
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources

    async def put(self, waiting: PendingLogin) -> str:
        """Let a login wait; the token that finds it."""
        token = PREFIX + self._sources.new_token(32)
        await self._key_value.put(KIND, self._key(token), orjson.dumps(asdict(waiting)), PENDING_SECONDS)
        return token

    async def find(self, token: str | None) -> PendingLogin | None:
        """The login that waits under a token."""
        value = None if token is None else await self._key_value.get(KIND, self._key(token))
        return None if value is None else _read(value)

    async def take(self, token: str) -> PendingLogin | None:
        """The same, for one caller only."""
        value = await self._key_value.take(KIND, self._key(token))
        return None if value is None else _read(value)

    def _key(self, token: str) -> str:
        return self._vault.token_hash(KIND, token).hex()


def _read(value: bytes) -> PendingLogin:
    fields = orjson.loads(value)
    return PendingLogin(**{**fields, "amr": tuple(fields["amr"])})
