"""Six digits by SMS that prove who holds a phone now: bound to phone, purpose and asker, few tries, right only once."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.infrastructure import typed
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.messages import Messages
from idp.infrastructure.places import neighbourhood
from idp.infrastructure.translations import CHINESE, Translations
from idp.infrastructure.translations import mark as _
from idp.sessions.model import Caller

CODE_SECONDS = 300
ELDER_CODE_SECONDS = 600
"""More time to read and type, for who wants it."""
MOST_TRIES = 5
_DIGITS = 6
_RANDOM_BYTES = 8  # 64 bits: the remainder by a million prefers no code noticeably

_KIND = "phone_code"
_TRIES = "phone_code_tries"


class Purpose(StrEnum):
    """What a code is for; a code for one is of no use for another."""

    LOGIN = "login"
    CHANGE_PHONE = "change_phone"
    RECOVER = "recover"
    COUNTER = "counter"
    """The only one that is meant for somebody else's eyes: the staff before whom the person stands."""


_TEXTS = {
    Purpose.LOGIN: _("验证码 %(code)s，用于登录湛河统一身份认证，%(minutes)s 分钟内有效。请勿告诉任何人。"),
    Purpose.CHANGE_PHONE: _("验证码 %(code)s，用于绑定这个手机号，%(minutes)s 分钟内有效。请勿告诉任何人。"),
    Purpose.RECOVER: _(
        "验证码 %(code)s，用于找回账号，%(minutes)s 分钟内有效。如非本人操作，请勿告诉任何人。"
    ),
    Purpose.COUNTER: _(
        "验证码 %(code)s，仅限窗口使用：您正在%(hall)s政务服务窗口办理“%(errand)s”，%(minutes)s 分钟内有效。"
        "面前的工作人员会请您输入；电话里不管谁要，都不要说。"
    ),
}


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """How often codes are sent: to one phone, for one address, in all; to known devices by the phone's limits alone."""

    pause_seconds: int = 60
    phone_per_hour: int = 5
    phone_per_day: int = 10
    address_per_hour: int = 30
    all_per_hour: int = 20_000


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a code: from where, and in which browser or at which desk (`id`), to which the code is bound.

    `known`: on a device on which the account of the phone has logged in, or at the counter. What such an asker uses
    up is not what strangers use up.
    """

    caller: Caller
    id: str
    known: bool = False


class PhoneCodes:
    """Knows no accounts: a number that has one and a number that has none cannot be told apart here."""

    def __init__(self, foundation: Foundation, messages: Messages, limits: SendingLimits) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._refusals = Refusals(foundation)
        self._messages = messages
        self._limits = limits
        self._translations = Translations()

    async def send(
        self,
        purpose: Purpose,
        phone: str,
        asker: Asker,
        *,
        lifetime: int = CODE_SECONDS,
        language: str = CHINESE,
        values: Mapping[str, str] | None = None,
    ) -> int:
        """Send a code: 0 when it is on its way, else the seconds to wait. It takes the place of the asker's last one.

        Counted before it is sent: whatever comes at the same moment finds the count. `values`: what the text of the
        purpose names besides code and minutes.
        """
        wait = await self._admit(phone, asker)
        if wait:
            return wait
        code = self._new_code()
        name = self._name(purpose, phone, asker.id)
        await self._key_value.put(_KIND, name, self._proof(name, code), lifetime)
        told = {**(values or {}), "code": code, "minutes": str(lifetime // 60)}
        text = self._translations.gettext(language, _TEXTS[purpose], **told)
        call = self._messages.sms(phone, text, lifetime=lifetime, values=told)
        await self._database.write(fetch(call))
        self._messages.kick()
        return 0

    async def check(self, purpose: Purpose, phone: str, code: str, asker_id: str) -> bool:
        """Whether this is the asker's code: true once, and only within the first tries. Others have no tries at it."""
        name = self._name(purpose, phone, asker_id)
        stored = await self._key_value.get(_KIND, name)
        # Counted even without a code, so that both take the same time; the count belongs to this one code.
        counted = self._vault.token_hash(_TRIES, f"{name}:{(stored or b'').hex()}").hex()
        tries = await self._key_value.increment(_TRIES, counted, ELDER_CODE_SECONDS)
        right = hmac.compare_digest(stored or b"", self._proof(name, typed.compact(code)))
        if stored is None or not right or tries > MOST_TRIES:
            return False
        return await self._key_value.take(_KIND, name) == stored

    async def _admit(self, phone: str, asker: Asker) -> int:
        """Count the request: 0 when it may go on. Whoever is over the own limit uses up nobody else's.

        A phone has one budget for strangers and one for known devices, which the limits of all the others do not
        concern: else who wants to keep somebody out would only have to ask for codes.
        """
        limits, place = self._limits, self._hashed(neighbourhood(asker.caller.address))
        number = self._hashed(f"known:{phone}" if asker.known else phone)
        if not asker.known and (
            wait := await self._count("sms_address", place, limits.address_per_hour, 3600)
        ):
            return self._refused(asker.caller, "address", wait)
        if wait := await self._pause(number):
            return wait
        if wait := await self._count("sms_hour", number, limits.phone_per_hour, 3600):
            return self._refused(asker.caller, "phone", wait)
        if wait := await self._count("sms_day", number, limits.phone_per_day, 86_400):
            return self._refused(asker.caller, "phone", wait)
        if not asker.known and (wait := await self._count("sms_all", "", limits.all_per_hour, 3600)):
            return self._refused(asker.caller, "all", wait)
        return 0

    async def _pause(self, number: str) -> int:
        """The seconds until the next code to this phone may be asked for; one caller gets 0."""
        now, pause = self._sources.now(), self._limits.pause_seconds
        if await self._key_value.add("sms_pause", number, str(now + pause).encode(), pause):
            return 0
        until = await self._key_value.get("sms_pause", number)
        return 1 if until is None else max(1, round(float(until) - now))

    async def _count(self, kind: str, key: str, most: int, seconds: int) -> int:
        return seconds if await self._key_value.increment(kind, key, seconds) > most else 0

    def _refused(self, caller: Caller, whose: str, wait: int) -> int:
        detail = {"reason": "sms", "limit": whose}
        line = AuditEvent(event=EventType.LOGIN_THROTTLED, address=caller.address, detail=detail)
        self._refusals.note(line)
        return wait

    def _new_code(self) -> str:
        number = int.from_bytes(self._sources.new_bytes(_RANDOM_BYTES)) % 10**_DIGITS
        return f"{number:0{_DIGITS}}"

    def _name(self, purpose: Purpose, phone: str, asker_id: str) -> str:
        return self._hashed(f"{purpose.value}:{phone}:{asker_id}")

    def _proof(self, name: str, code: str) -> bytes:
        return self._vault.token_hash(_KIND, f"{name}:{code}")

    def _hashed(self, text: str) -> str:
        return self._vault.token_hash("phone_code_name", text).hex()
