"""Authorization codes: a minute in the key-value store, redeemed by one atomic step, their replays recognised."""

import uuid

import orjson

from idp.infrastructure.foundation import Foundation
from idp.oauth.model import Code

PREFIX = "zac_"
KIND = "code"
CODE_BYTES = 32
_REDEEMED = b"redeemed"


class Replayed(Exception):
    """The code was redeemed before."""


class Codes:
    """Issues and redeems codes."""

    def __init__(self, foundation: Foundation, lifetime: int) -> None:
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._lifetime = lifetime

    async def issue(self, code: Code) -> str:
        """Store what a new code stands for; the code."""
        text = PREFIX + self._sources.new_token(CODE_BYTES)
        await self._key_value.put(KIND, self._key(text), orjson.dumps(code), self._lifetime)
        return text

    async def redeem(self, text: str) -> Code | None:
        """What the code stands for, to the first who comes; None when unknown or expired. Raises Replayed."""
        value = await self._key_value.swap(KIND, self._key(text), _REDEEMED)
        if value is None:
            return None
        if value == _REDEEMED:
            raise Replayed
        return Code.from_json(orjson.loads(value))

    def grant_id(self, text: str) -> str:
        """The id of the grant a code leads to: known from the code alone, so that a replay finds what to revoke."""
        return str(uuid.UUID(bytes=self._vault.token_hash("grant_id", text)[:16]))

    def _key(self, text: str) -> str:
        return self._vault.token_hash(KIND, text).hex()
