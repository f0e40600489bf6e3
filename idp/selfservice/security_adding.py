"""/me/security/totp, /me/security/passkey, /me/security/password: adding a second factor, changing the password."""

from starlette.requests import Request
from starlette.responses import Response

from idp.accounts.model import InvalidAccount
from idp.accounts.passwords import BUSY_SECONDS, Overloaded
from idp.authentication.entrance import SECURITY
from idp.authentication.factors import Enrolment, NotAllowed
from idp.authentication.own_password import OwnPassword, Refused
from idp.authentication.passkeys import Passkeys
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.pages import SCRIPT_HEADERS
from idp.infrastructure.web.pictures import qr_code
from idp.infrastructure.web.site import Forged
from idp.infrastructure.web.translations import mark as _
from idp.selfservice.security import ADD_PASSKEY, ADD_TOTP, LAPSED, PASSWORD
from idp.selfservice.security_door import SecurityDoor
from idp.sessions.devices import browser_name
from idp.sessions.model import ONE_TIME_PASSWORD, USER_PRESENT, Session

WRONG_CODE = _("验证码不正确。请等手机上的数字变化后，输入新的 6 位数字。")
NOT_MADE = _("通行密钥没有创建成功，请重试。")
WRONG_PASSWORD = _("当前密码不正确。")
BAD_PASSWORD = _(
    "新密码太简单：8 到 256 个字符，要有字母和数字，或是一句 14 个字以上的话；不要用姓名、用户名或常见密码。"
)
SLOW_DOWN = _("尝试次数过多，请稍后再试。")


class AddingPages:
    """Each page asks for a fresh and full login first."""

    def __init__(self, door: SecurityDoor, passkeys: Passkeys, password: OwnPassword) -> None:
        self._door = door
        self._site = door.site
        self._factors = door.factors
        self._passkeys = passkeys
        self._password = password

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {
            ADD_TOTP: {"GET": self.show_totp, "POST": self.add_totp},
            ADD_PASSKEY: {"GET": self.show_passkey, "POST": self.add_passkey},
            PASSWORD: {"GET": self.show_password, "POST": self.change_password},
        }

    async def show_totp(self, request: Request) -> Response:
        """A new secret, as a picture and as text."""
        session = await self._door.enter(request, ADD_TOTP)
        if isinstance(session, Response):
            return session
        return await self._totp_page(request, await self._factors.begin_totp(session))

    async def add_totp(self, request: Request) -> Response:
        """The code proves that the app has the secret."""
        session, fields = await self._form(request, ADD_TOTP)
        if isinstance(session, Response):
            return session
        enrolment = None
        if fields is not None:
            enrolment = await self._factors.resume_totp(session, fields.get("enrolment", ""))
        if fields is None or enrolment is None:
            error = self._site.say(request, LAPSED)
            return await self._totp_page(
                request, await self._factors.begin_totp(session), error=error, status=400
            )
        label, caller = fields.get("label", ""), self._door.centre.caller(request)
        try:
            account = await self._factors.confirm_totp(
                session, enrolment, fields.get("otp", ""), label, caller
            )
            if account is not None:
                return await self._door.added(request, session, account, (ONE_TIME_PASSWORD,))
        except NotAllowed as refused:
            error = self._site.say(request, str(refused))
            return await self._totp_page(request, enrolment, label=label, error=error, status=409)
        error = self._site.say(request, WRONG_CODE)
        return await self._totp_page(request, enrolment, label=label, error=error, status=401)

    async def show_passkey(self, request: Request) -> Response:
        """A page that asks the browser for a new passkey."""
        session = await self._door.enter(request, ADD_PASSKEY)
        return session if isinstance(session, Response) else await self._passkey_page(request, session)

    async def add_passkey(self, request: Request) -> Response:
        """Keep what the browser made."""
        session, fields = await self._form(request, ADD_PASSKEY)
        if isinstance(session, Response):
            return session
        if fields is None:
            return await self._passkey_page(request, session, LAPSED, 400)
        new = await self._passkeys.made(
            fields.get("ceremony", ""),
            fields.get("credential", ""),
            self._site.browser(request),
            session.account_id,
        )
        if new is None:
            return await self._passkey_page(request, session, NOT_MADE, 400)
        try:
            caller = self._door.centre.caller(request)
            account = await self._factors.add(session, new, fields.get("label", ""), caller)
        except NotAllowed as refused:
            return await self._passkey_page(request, session, str(refused), 409)
        return await self._door.added(request, session, account, (USER_PRESENT,))

    async def show_password(self, request: Request) -> Response:
        """The form for a new password."""
        session = await self._door.enter(request, PASSWORD)
        return session if isinstance(session, Response) else await self._password_page(request, session)

    async def change_password(self, request: Request) -> Response:
        """Set the new password."""
        session, fields = await self._form(request, PASSWORD)
        if isinstance(session, Response):
            return session
        if fields is None:
            return await self._password_page(request, session, LAPSED, 400)
        try:
            refused = await self._password.change(
                session,
                fields.get("password", ""),
                fields.get("new_password", ""),
                self._door.centre.caller(request),
            )
        except InvalidAccount:
            return await self._password_page(request, session, BAD_PASSWORD, 400)
        except Overloaded:
            refused = Refused(BUSY_SECONDS)
        if refused is None:
            return self._door.done("password")
        if refused.retry_after:
            response = await self._password_page(request, session, SLOW_DOWN, 429)
            response.headers["retry-after"] = str(refused.retry_after)
            return response
        return await self._password_page(request, session, WRONG_PASSWORD, 401)

    async def _form(self, request: Request, back: str) -> tuple[Session | Response, dict[str, str] | None]:
        """Whoever may change something, and the form; no form where it was not ours or has lapsed."""
        session = await self._door.enter(request, back)
        if isinstance(session, Response):
            return session, None
        try:
            return session, await self._site.form(request)
        except (Forged, UnreadableForm):
            return session, None

    async def _totp_page(
        self,
        request: Request,
        enrolment: Enrolment,
        *,
        label: str = "",
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        grouped = [enrolment.secret[at : at + 4] for at in range(0, len(enrolment.secret), 4)]
        return self._site.page(
            request,
            "security_totp.html",
            status,
            here=SECURITY,
            action=ADD_TOTP,
            enrolment=enrolment.token,
            picture=await qr_code(enrolment.uri),
            secret=" ".join(grouped),
            label=label,
            error=error,
            back=SECURITY,
        )

    async def _passkey_page(
        self, request: Request, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        asked = None
        if self._passkeys.available:
            asked = await self._passkeys.offer(
                session.account_id, session.username, self._site.browser(request)
            )
        response = self._site.page(
            request,
            "security_passkey.html",
            status,
            here=SECURITY,
            action=ADD_PASSKEY,
            ceremony=asked.token if asked else None,
            options=asked.options if asked else None,
            label=browser_name(request.headers.get("user-agent", "")),
            error=self._site.say(request, error) if error else None,
            back=SECURITY,
        )
        response.headers.update(SCRIPT_HEADERS)
        return response

    async def _password_page(
        self, request: Request, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        return self._site.page(
            request,
            "security_password.html",
            status,
            here=SECURITY,
            action=PASSWORD,
            username=session.username,
            has_password=await self._password.exists(session),
            error=self._site.say(request, error) if error else None,
            wrong=error == WRONG_PASSWORD,
            bad=error == BAD_PASSWORD,
            back=SECURITY,
        )
