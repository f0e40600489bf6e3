"""/me/profile/phone: another phone, after a code sent to it; the old one is told."""

from starlette.requests import Request
from starlette.responses import Response

from idp.accounts.phones import Phones
from idp.authentication.phone_codes import Purpose
from idp.authentication.phone_steps import LAPSED, PhoneSteps, Refused, Step
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.dispatch import Routes
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

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {PHONE: {"GET": self.show, "POST": self.change}}

    async def show(self, request: Request) -> Response:
        """Ask for the phone, or for the code that was sent to it."""
        session = await self._door.enter(request, PHONE)
        if isinstance(session, Response):
            return session
        ticket = request.query_params.get("ticket", "")
        if ticket:
            return self._steps.code_page(request, STEP, "", ticket)
        return self._steps.phone_page(request, STEP, "")

    async def change(self, request: Request) -> Response:
        """Send a code, or check one and change the phone."""
        session = await self._door.enter(request, PHONE)
        if isinstance(session, Response):
            return session
        try:
            fields = await self._site.form(request)
        except (Forged, UnreadableForm):
            return self._steps.phone_page(request, STEP, "", Refused(self._site.say(request, LAPSED), 400))
        ticket = fields.get("ticket", "")
        if "code" not in fields:
            sent = await self._steps.send(request, Purpose.CHANGE_PHONE, fields)
            if isinstance(sent, str):
                return self._site.redirect(f"{PHONE}?ticket={sent}")
            if ticket:
                return self._steps.code_page(request, STEP, "", ticket, sent)
            return self._steps.phone_page(request, STEP, "", sent, fields.get("phone", ""))
        phone = await self._steps.check(request, Purpose.CHANGE_PHONE, fields)
        if isinstance(phone, Refused):
            return self._steps.code_page(request, STEP, "", ticket, phone)
        account = await self._profiles.account(session.account_id)
        address, proven = self._door.centre.caller(request).address, session.security_version
        if not await self._phones.change(account, phone, address, proven=proven):
            refused = Refused(self._site.say(request, TAKEN), 409)
            return self._steps.phone_page(request, STEP, "", refused)
        return self._site.redirect("/me/profile?done=phone")
