"""The two steps that every use of a code has: enter a phone, enter what was sent to it. The same for every number."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from idp.accounts.contacts.phones import Phones, checked_phone
from idp.accounts.model import InvalidAccount
from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.authentication.device_cookie import DeviceCookie
from idp.authentication.login.flow import LoginFlow
from idp.authentication.phone.codes import CODE_SECONDS, ELDER_CODE_SECONDS, Asker, PhoneCodes, Purpose
from idp.authentication.visitor import Visitor
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.masking import ends_shown
from idp.infrastructure.translations import mark as _
from idp.infrastructure.vault import Unreadable

TICKET = "phone_ticket"
TICKET_SECONDS = 3600
BAD_PHONE = _("请输入 11 位手机号。")
TOO_OFTEN = _("获取验证码太频繁，请稍后再试。")
WRONG_CODE = _("验证码不正确或已失效。请核对短信，或重新获取。")
LAPSED = _("页面已过期，请重新输入手机号。")


@dataclass(frozen=True, slots=True)
class StepRefused:
    """Why a step did not go well, for the page."""

    error: str
    status: int
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class PhoneStep:
    """What a page of a step is drawn with: its words, where its form goes, and how to begin anew."""

    purpose: Purpose
    title: str
    hint: str
    action: str
    again: str


class PhoneSteps:
    """The phone travels from page to page sealed, so that no address, log or history has it."""

    def __init__(
        self, foundation: Foundation, login_flow: LoginFlow, codes: PhoneCodes, phones: Phones
    ) -> None:
        self._refusals = Refusals(foundation)
        self._login_flow = login_flow
        self._codes = codes
        self._phones = phones
        self._devices = DeviceCookie(foundation)

    async def send(self, visitor: Visitor, purpose: Purpose, fields: Mapping[str, str]) -> str | StepRefused:
        """Send a code to the phone of the form, or of its ticket; the ticket for the next page."""
        try:
            phone = self.phone(visitor, purpose, fields.get("ticket", "")) or checked_phone(
                fields.get("phone", "")
            )
        except InvalidAccount:
            return StepRefused(visitor.say(BAD_PHONE), 400)
        lifetime = ELDER_CODE_SECONDS if visitor.elder else CODE_SECONDS
        language = visitor.language
        asker = await self._asker(visitor, phone)
        wait = await self._codes.send(purpose, phone, asker, lifetime=lifetime, language=language)
        if wait:
            return StepRefused(visitor.say(TOO_OFTEN), 429, wait)
        return self.ticket(visitor, purpose, phone)

    async def check(self, visitor: Visitor, purpose: Purpose, fields: Mapping[str, str]) -> str | StepRefused:
        """The phone, if the code of the form is right."""
        phone = self.phone(visitor, purpose, fields.get("ticket", ""))
        if phone is None:
            return StepRefused(visitor.say(LAPSED), 400)
        if await self._codes.check(purpose, phone, fields.get("code", ""), visitor.browser):
            return phone
        caller = visitor.caller
        detail = {"reason": "code", "purpose": purpose.value}
        line = AuditEvent(event=EventType.LOGIN_FAILED, address=caller.address, detail=detail)
        self._refusals.note(line)
        return StepRefused(visitor.say(WRONG_CODE), 401)

    async def _asker(self, visitor: Visitor, phone: str) -> Asker:
        """This browser; known where the account that has the phone has logged in on it.

        Who has no device cookie is not looked up, whatever the phone; who has one, for each phone alike.
        """
        device, known = visitor.device, False
        if device is not None:
            account = await self._phones.holder(phone)
            known = self._devices.known(device, account.id if account else None) is not None
        return Asker(visitor.caller, visitor.browser, known)

    def ticket(self, visitor: Visitor, purpose: Purpose, phone: str) -> str:
        """The phone as a page of this browser carries it."""
        content = {
            "phone": phone,
            "purpose": purpose.value,
            "browser": visitor.browser,
            "at": visitor.site.sources.now(),
        }
        return visitor.site.vault.seal(TICKET, content)

    def phone(self, visitor: Visitor, purpose: Purpose, ticket: str) -> str | None:
        """The phone of a ticket of ours, made for this purpose in this browser and not too long ago."""
        try:
            content = visitor.site.vault.unseal(TICKET, ticket)
        except (Unreadable, ValueError):
            return None
        if content["purpose"] != purpose.value or content["browser"] != visitor.browser:
            return None
        fresh = content["at"] > visitor.site.sources.now() - TICKET_SECONDS
        return str(content["phone"]) if fresh else None

    def phone_page(
        self,
        visitor: Visitor,
        step: PhoneStep,
        sealed: str,
        refused: StepRefused | None = None,
        typed: str = "",
    ) -> Response:
        """The form that asks for a phone."""
        current = "sms" if step.purpose is Purpose.LOGIN else ""
        return refusing_page(
            visitor,
            "phone.html",
            refused,
            step=step,
            continue_=sealed,
            phone=typed,
            offers=self._login_flow.offers(visitor, sealed, current) if current else [],
        )

    def code_page(
        self, visitor: Visitor, step: PhoneStep, sealed: str, ticket: str, refused: StepRefused | None = None
    ) -> Response:
        """The form that asks for the code; without a readable ticket, the one for the phone."""
        phone = self.phone(visitor, step.purpose, ticket)
        if phone is None:
            lapsed = StepRefused(visitor.say(LAPSED), 400)
            return self.phone_page(visitor, step, sealed, refused or lapsed)
        minutes = (ELDER_CODE_SECONDS if visitor.elder else CODE_SECONDS) // 60
        return refusing_page(
            visitor,
            "phone_code.html",
            refused,
            step=step,
            continue_=sealed,
            ticket=ticket,
            phone_masked=ends_shown(phone),
            minutes=minutes,
        )


def refusing_page(
    visitor: Visitor, template: str, refused: StepRefused | None, **context: object
) -> Response:
    """The page of a step, which says why it was refused, where it was, and when to come again."""
    response = visitor.page(
        template,
        refused.status if refused else 200,
        error=refused.error if refused else None,
        retry_after=(refused.retry_after or None) if refused else None,
        **context,
    )
    if refused and refused.retry_after:
        response.headers["retry-after"] = str(refused.retry_after)
    return response
