"""/me/profile/phone: another phone, after a code sent to it; the old one is told."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.accounts.contacts.phones import Phones
from idp.authentication.guard import STRONG, Guard
from idp.authentication.phone.codes import Purpose
from idp.authentication.phone.steps import LAPSED, PhoneStep, PhoneSteps, StepRefused
from idp.authentication.visitor import Pages, Subscriber
from idp.infrastructure.translations import mark as _
from idp.selfservice.profile.service import Profiles

PHONE = "/me/profile/phone"
STEP = PhoneStep(
    Purpose.CHANGE_PHONE,
    _("换绑手机号"),
    _("请输入新的手机号，我们会向它发送验证码。换绑后，旧手机号会收到通知。"),
    PHONE,
    PHONE,
)
TAKEN = _("这个手机号已绑定另一个账号。请先用它登录那个账号，或换一个手机号。")


class PhonePages:
    """Both steps need a fresh and full login: who has the phone can recover the account."""

    def __init__(self, guard: Guard, steps: PhoneSteps, profiles: Profiles, phones: Phones) -> None:
        self._guard = guard
        self._steps = steps
        self._profiles = profiles
        self._phones = phones

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            PHONE: {
                "GET": self._guard.show(self.show, STRONG.back_to(PHONE)),
                "POST": self._guard.act(self.change, self._lapsed, STRONG.back_to(PHONE)),
            }
        }

    async def show(self, visitor: Subscriber) -> Response:
        """Ask for the phone, or for the code that was sent to it."""
        ticket = visitor.query.get("ticket", "")
        if ticket:
            return self._steps.code_page(visitor, STEP, "", ticket)
        return self._steps.phone_page(visitor, STEP, "")

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return self._steps.phone_page(visitor, STEP, "", StepRefused(visitor.say(LAPSED), 400))

    async def change(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Send a code, or check one and change the phone."""
        ticket = fields.get("ticket", "")
        if "code" not in fields:
            sent = await self._steps.send(visitor, Purpose.CHANGE_PHONE, fields)
            if isinstance(sent, str):
                return visitor.redirect(f"{PHONE}?ticket={sent}")
            if ticket:
                return self._steps.code_page(visitor, STEP, "", ticket, sent)
            return self._steps.phone_page(visitor, STEP, "", sent, fields.get("phone", ""))
        phone = await self._steps.check(visitor, Purpose.CHANGE_PHONE, fields)
        if isinstance(phone, StepRefused):
            return self._steps.code_page(visitor, STEP, "", ticket, phone)
        account = await self._profiles.account(visitor.account_id)
        address, proven = visitor.caller.address, visitor.session.security_version
        if not await self._phones.change(account, phone, address, proven=proven):
            refused = StepRefused(visitor.say(TAKEN), 409)
            return self._steps.phone_page(visitor, STEP, "", refused)
        return visitor.redirect("/me/profile?done=phone")
