"""Codes that show whose the phone of a person at the counter is: typed by the person, or read out where that fails."""

import base64
from dataclasses import dataclass

from idp.authentication.phone.codes import CODE_SECONDS, ELDER_CODE_SECONDS, Asker, PhoneCodes, Purpose
from idp.counter.model import DRAFT_SECONDS
from idp.infrastructure import typed
from idp.infrastructure.foundation import Foundation
from idp.sessions.model import Caller

ID_BYTES = 5  # 8 characters: short enough to type, of no use without the code

_ASKED = "counter_code"
_CONFIRMED = "counter_code_confirmed"


@dataclass(frozen=True, slots=True)
class Errand:
    """What the message names: the hall and what is done there."""

    hall: str
    name: str


class CounterCodes:
    """Each code belongs to one request, which its short id names; whoever types it, the tries are the same five."""

    def __init__(self, foundation: Foundation, phone_codes: PhoneCodes) -> None:
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._phone_codes = phone_codes

    async def send(self, errand: Errand, phone: str, caller: Caller, *, elder: bool = False) -> str | None:
        """Send a code: the id of the request for it, or None when it is too soon."""
        code_id = base64.b32encode(self._sources.new_bytes(ID_BYTES)).decode().lower()
        lifetime = ELDER_CODE_SECONDS if elder else CODE_SECONDS
        sealed = self._vault.seal(_ASKED, {"phone": phone})
        await self._key_value.put(_ASKED, self._key(code_id), sealed.encode(), lifetime)
        wait = await self._phone_codes.send(
            Purpose.COUNTER,
            phone,
            Asker(caller, code_id, known=True),
            lifetime=lifetime,
            values={"hall": errand.hall, "errand": errand.name},
        )
        return None if wait else code_id

    async def is_open(self, code_id: str) -> bool:
        """Whether a code was asked for under this id a while ago."""
        return await self._key_value.get(_ASKED, self._key(code_id)) is not None

    async def check(self, code_id: str, code: str) -> bool:
        """Whether this is the code of the request: true once, and only within the first tries."""
        sealed = await self._key_value.get(_ASKED, self._key(code_id))
        if sealed is None:
            return False
        phone = self._vault.unseal(_ASKED, sealed.decode())["phone"]
        return await self._phone_codes.check(Purpose.COUNTER, phone, code, code_id)

    async def confirm(self, code_id: str, code: str) -> bool:
        """The person typed the code: noted for the member of staff where it is right."""
        if not await self.check(code_id, code):
            return False
        await self._key_value.put(_CONFIRMED, self._key(code_id), b"1", int(DRAFT_SECONDS))
        return True

    async def is_confirmed(self, code_id: str) -> bool:
        """Whether the person has typed the right code, and nothing has been done by it yet."""
        return await self._key_value.get(_CONFIRMED, self._key(code_id)) is not None

    async def take(self, code_id: str) -> bool:
        """Use up what the person confirmed: true once."""
        return await self._key_value.take(_CONFIRMED, self._key(code_id)) is not None

    def _key(self, code_id: str) -> str:
        return self._vault.token_hash("counter_code_id", typed.username(code_id)).hex()
