"""/me/security/totp, /me/security/passkey, /me/security/password: adding a second factor, changing the password."""

from starlette.responses import Response

from idp.accounts.model import InvalidAccount
from idp.accounts.passwords import BUSY_SECONDS, Overloaded
from idp.authentication.factors import Enrolment, NotAllowed
from idp.authentication.login_flow import SECURITY
from idp.authentication.methods.interface import EnrolmentMethod
from idp.authentication.own_password import OwnPassword, Refused
from idp.authentication.passkeys import Passkeys
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.pages import SCRIPT_HEADERS
from idp.infrastructure.web.pictures import qr_code
from idp.infrastructure.web.site import Forged
from idp.selfservice.security import ADD_PASSKEY, LAPSED, PASSWORD
from idp.selfservice.security_door import SecurityDoor
from idp.sessions.devices import browser_name
from idp.sessions.model import USER_PRESENT, Session

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

    def routes(self) -> Pages:
        """Path → method → handler."""
        enrolments = {
            f"{SECURITY}/{kind}": _EnrolmentPages(self._door, kind, method.enrolment)
            for kind, method in self._factors.methods.items()
            if method.enrolment is not None
        }
        return {
            **{path: {"GET": pages.show, "POST": pages.add} for path, pages in enrolments.items()},
            ADD_PASSKEY: {"GET": self.show_passkey, "POST": self.add_passkey},
            PASSWORD: {"GET": self.show_password, "POST": self.change_password},
        }

    async def show_passkey(self, visitor: Visitor) -> Response:
        """A page that asks the browser for a new passkey."""
        session = await self._door.enter(visitor, ADD_PASSKEY)
        return session if isinstance(session, Response) else await self._passkey_page(visitor, session)

    async def add_passkey(self, visitor: Visitor) -> Response:
        """Keep what the browser made."""
        session, fields = await form_of(self._door, visitor, ADD_PASSKEY)
        if isinstance(session, Response):
            return session
        if fields is None:
            return await self._passkey_page(visitor, session, LAPSED, 400)
        new = await self._passkeys.made(
            fields.get("ceremony", ""),
            fields.get("credential", ""),
            visitor.browser,
            session.account_id,
        )
        if new is None:
            return await self._passkey_page(visitor, session, NOT_MADE, 400)
        try:
            caller = visitor.caller
            account = await self._factors.add(session, new, fields.get("label", ""), caller)
        except NotAllowed as refused:
            return await self._passkey_page(visitor, session, str(refused), 409)
        return await self._door.added(visitor, session, account, (USER_PRESENT,))

    async def show_password(self, visitor: Visitor) -> Response:
        """The form for a new password."""
        session = await self._door.enter(visitor, PASSWORD)
        return session if isinstance(session, Response) else await self._password_page(visitor, session)

    async def change_password(self, visitor: Visitor) -> Response:
        """Set the new password."""
        session, fields = await form_of(self._door, visitor, PASSWORD)
        if isinstance(session, Response):
            return session
        if fields is None:
            return await self._password_page(visitor, session, LAPSED, 400)
        try:
            refused = await self._password.change(
                session,
                fields.get("password", ""),
                fields.get("new_password", ""),
                visitor.caller,
            )
        except InvalidAccount:
            return await self._password_page(visitor, session, BAD_PASSWORD, 400)
        except Overloaded:
            refused = Refused(BUSY_SECONDS)
        if refused is None:
            return self._door.done("password")
        if refused.retry_after:
            response = await self._password_page(visitor, session, SLOW_DOWN, 429)
            response.headers["retry-after"] = str(refused.retry_after)
            return response
        return await self._password_page(visitor, session, WRONG_PASSWORD, 401)

    async def _passkey_page(
        self, visitor: Visitor, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        asked = None
        if self._passkeys.available:
            asked = await self._passkeys.offer(session.account_id, session.username, visitor.browser)
        response = visitor.page(
            "security_passkey.html",
            status,
            here=SECURITY,
            action=ADD_PASSKEY,
            ceremony=asked.token if asked else None,
            options=asked.options if asked else None,
            label=browser_name(visitor.user_agent),
            error=visitor.say(error) if error else None,
            back=SECURITY,
        )
        response.headers.update(SCRIPT_HEADERS)
        return response

    async def _password_page(
        self, visitor: Visitor, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        return visitor.page(
            "security_password.html",
            status,
            here=SECURITY,
            action=PASSWORD,
            username=session.username,
            has_password=await self._password.exists(session),
            error=visitor.say(error) if error else None,
            wrong=error == WRONG_PASSWORD,
            bad=error == BAD_PASSWORD,
            back=SECURITY,
        )


class _EnrolmentPages:
    """The page of one factor that is enrolled by a secret and its first answer."""

    def __init__(self, door: SecurityDoor, kind: str, method: EnrolmentMethod) -> None:
        self._door = door
        self._site = door.site
        self._factors = door.factors
        self._kind = kind
        self._method = method
        self._path = f"{SECURITY}/{kind}"

    async def show(self, visitor: Visitor) -> Response:
        """A new secret, as a picture and as text."""
        session = await self._door.enter(visitor, self._path)
        if isinstance(session, Response):
            return session
        return await self._page(visitor, await self._factors.begin(session, self._kind))

    async def add(self, visitor: Visitor) -> Response:
        """The first answer proves that the app has the secret."""
        session, fields = await form_of(self._door, visitor, self._path)
        if isinstance(session, Response):
            return session
        enrolment = None
        if fields is not None:
            enrolment = await self._factors.resume(session, self._kind, fields.get("enrolment", ""))
        if fields is None or enrolment is None:
            begun = await self._factors.begin(session, self._kind)
            return await self._page(visitor, begun, error=LAPSED, status=400)
        label, caller = fields.get("label", ""), visitor.caller
        try:
            account = await self._factors.confirm(session, enrolment, fields.get("otp", ""), label, caller)
            if account is not None:
                used = self._factors.methods[self._kind].amr
                return await self._door.added(visitor, session, account, (used,))
        except NotAllowed as refused:
            return await self._page(visitor, enrolment, label=label, error=str(refused), status=409)
        return await self._page(visitor, enrolment, label=label, error=self._method.wrong, status=401)

    async def _page(
        self,
        visitor: Visitor,
        enrolment: Enrolment,
        *,
        label: str = "",
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        grouped = [enrolment.secret[at : at + 4] for at in range(0, len(enrolment.secret), 4)]
        return visitor.page(
            self._method.template,
            status,
            here=SECURITY,
            action=self._path,
            enrolment=enrolment.token,
            picture=await qr_code(enrolment.uri),
            secret=" ".join(grouped),
            label=label,
            error=visitor.say(error) if error else None,
            back=SECURITY,
        )


async def form_of(
    door: SecurityDoor, visitor: Visitor, back: str
) -> tuple[Session | Response, dict[str, str] | None]:
    """Whoever may change something, and the form; no form where it was not ours or has lapsed."""
    session = await door.enter(visitor, back)
    if isinstance(session, Response):
        return session, None
    try:
        return session, await visitor.form()
    except (Forged, UnreadableForm):
        return session, None
