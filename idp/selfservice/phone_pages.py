"""/me/profile/phone: another phone, after a code sent to it; the old one is told."""

from starlette.responses import Response

from idp.accounts.phones import Phones
from idp.authentication.phone_codes import Purpose
from idp.authentication.phone_steps import LAPSED, PhoneSteps, Refused, Step
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged
from idp.selfservice.profile import Profiles
from idp.selfservice.security_door import SecurityDoor

PHONE = "/me/profile/phone"
STEP = Step(
    Purpose.CHANGE_PHONE,
    _("换绑手机号"),
    _("请输入新的手机号，我们会向它发送验证码。换绑后，旧手机号会收到通知。"),
    PHONE,
    PHONE,
)
TAKEN = _("这个手机号已绑定另一个账号。请先用它登录那个账号，或换一个手机号。")


class PhonePages:
    """Both steps need a fresh and full login: who has the phone can recover the account."""

    def __init__(self, door: SecurityDoor, steps: PhoneSteps, profiles: Profiles, phones: Phones) -> None:
        self._door = door
        self._site = door.site
        self._steps = steps
        self._profiles = profiles
        self._phones = phones

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {PHONE: {"GET": self.show, "POST": self.change}}

    async def show(self, visitor: Visitor) -> Response:
        """Ask for the phone, or for the code that was sent to it."""
        session = await self._door.enter(visitor, PHONE)
        if isinstance(session, Response):
            return session
        ticket = visitor.query.get("ticket", "")
        if ticket:
            return self._steps.code_page(visitor, STEP, "", ticket)
        return self._steps.phone_page(visitor, STEP, "")

    async def change(self, visitor: Visitor) -> Response:
        """Send a code, or check one and change the phone."""
        session = await self._door.enter(visitor, PHONE)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except (Forged, UnreadableForm):
            return self._steps.phone_page(visitor, STEP, "", Refused(visitor.say(LAPSED), 400))
        ticket = fields.get("ticket", "")
        if "code" not in fields:
            sent = await self._steps.send(visitor, Purpose.CHANGE_PHONE, fields)
            if isinstance(sent, str):
                return self._site.redirect(f"{PHONE}?ticket={sent}")
            if ticket:
                return self._steps.code_page(visitor, STEP, "", ticket, sent)
            return self._steps.phone_page(visitor, STEP, "", sent, fields.get("phone", ""))
        phone = await self._steps.check(visitor, Purpose.CHANGE_PHONE, fields)
        if isinstance(phone, Refused):
            return self._steps.code_page(visitor, STEP, "", ticket, phone)
        account = await self._profiles.account(session.account_id)
        address, proven = visitor.caller.address, session.security_version
        if not await self._phones.change(account, phone, address, proven=proven):
            refused = Refused(visitor.say(TAKEN), 409)
            return self._steps.phone_page(visitor, STEP, "", refused)
        return self._site.redirect("/me/profile?done=phone")
