"""Arrivals that wait for a word of the person: the certificate is on an account that they have not shown to hold."""

from dataclasses import asdict, dataclass, field, replace

import orjson

from idp.accounts.verifiers.interface import IdentityClaim
from idp.federation.linking.arrivals import Arrival
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.vault import Unreadable

KIND = "upstream.held"
HELD_SECONDS = 1800
"""Nobody is hurried through a login (WCAG 2.2.1)."""
_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class HeldArrival:
    """Who came, for what, what the platform gave to speak on with, and on whose account the certificate stands."""

    arrival: Arrival
    account_id: str
    continuation: str = ""
    token: str = field(default="", repr=False)
    at: float = 0.0


class HeldArrivals:
    """Kept sealed, for one browser, until it is decided once or lapses."""

    def __init__(self, foundation: Foundation) -> None:
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources

    async def put(self, held: HeldArrival, browser: str) -> str:
        """Let an arrival wait; the ticket that finds it in this browser."""
        ticket = self._sources.new_token(_TOKEN_BYTES)
        content = asdict(replace(held, at=self._sources.now()))
        sealed = self._vault.seal(KIND, orjson.loads(orjson.dumps(content)))
        await self._key_value.put(KIND, self._key(ticket, browser), sealed.encode(), HELD_SECONDS)
        return ticket

    async def find(self, ticket: str, browser: str) -> HeldArrival | None:
        """The arrival of a ticket."""
        return self._read(await self._key_value.get(KIND, self._key(ticket, browser)))

    async def take(self, ticket: str, browser: str) -> HeldArrival | None:
        """The same, for one caller only."""
        return self._read(await self._key_value.take(KIND, self._key(ticket, browser)))

    def _read(self, value: bytes | None) -> HeldArrival | None:
        if value is None:
            return None
        try:
            content = self._vault.unseal(KIND, value.decode())
        except Unreadable:
            return None
        arrival = content["arrival"]
        claim = None if arrival["claim"] is None else IdentityClaim(**arrival["claim"])
        return HeldArrival(**{**content, "arrival": Arrival(**{**arrival, "claim": claim})})

    def _key(self, ticket: str, browser: str) -> str:
        return self._vault.token_hash(KIND, f"{browser}:{ticket}").hex()
