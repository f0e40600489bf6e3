"""/me/security/totp, /me/security/passkey, /me/security/password: adding a second factor, changing the password."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.accounts.model import Account, InvalidAccount
from idp.accounts.passwords.hashing import BUSY_SECONDS, Overloaded
from idp.authentication.factors.service import Enrolment, Factors
from idp.authentication.guard import STRONG, Guard
from idp.authentication.login.flow import SECURITY, LoginFlow
from idp.authentication.login.own_password import OwnPassword, PasswordNotChanged
from idp.authentication.methods.interface import EnrolmentMethod
from idp.authentication.model import NotAllowed
from idp.authentication.passkeys.service import Passkeys
from idp.authentication.service import Authentication
from idp.authentication.visitor import Page, Pages, Subscriber
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.pages import SCRIPT_HEADERS
from idp.infrastructure.web.pictures import qr_code
from idp.selfservice.security.routes import ADD_PASSKEY, LAPSED, PASSWORD, done
from idp.selfservice.security.texts import FACTOR_REFUSALS
from idp.sessions.devices import browser_name
from idp.sessions.model import MULTIPLE, USER_PRESENT

NOT_MADE = _("通行密钥没有创建成功，请重试。")
WRONG_PASSWORD = _("当前密码不正确。")
BAD_PASSWORD = _(
    "新密码太简单：8 到 256 个字符，要有字母和数字，或是一句 14 个字以上的话；不要用姓名、用户名或常见密码。"
)
SLOW_DOWN = _("尝试次数过多，请稍后再试。")


class FirstFactorAdded:
    """Whoever added the first second factor has shown it, and need not show it again."""

    def __init__(self, login_flow: LoginFlow, authentication: Authentication) -> None:
        self._login_flow = login_flow
        self._authentication = authentication

    async def answer(self, visitor: Subscriber, account: Account | None, used: tuple[str, ...]) -> Response:
        """Back to the list, in a session that is as strong as what was used.

        `account` is as it was with the new factor: should it have changed since, the session stays as it is.
        """
        response = done(visitor, "added")
        if MULTIPLE not in visitor.session.amr and account is not None:
            stronger = await self._authentication.strengthen(
                visitor.session, account, (*used, MULTIPLE), visitor.caller, visitor.device
            )
            if stronger is not None:
                self._login_flow.keep(response, stronger)
        return response


class AddingPages:
    """Each page asks for a fresh and full login first."""

    def __init__(
        self,
        guard: Guard,
        factors: Factors,
        passkeys: Passkeys,
        password: OwnPassword,
        added: FirstFactorAdded,
    ) -> None:
        self._guard = guard
        self._factors = factors
        self._passkeys = passkeys
        self._password = password
        self._added = added

    def routes(self) -> Pages:
        """Path → method → handler."""
        act = self._guard.act
        passkey, password = STRONG.back_to(ADD_PASSKEY), STRONG.back_to(PASSWORD)
        return {
            **self._enrolments(),
            ADD_PASSKEY: {
                "GET": self._guard.show(self._passkey_page, passkey),
                "POST": act(self.add_passkey, self._lapsed_passkey, passkey),
            },
            PASSWORD: {
                "GET": self._guard.show(self._password_page, password),
                "POST": act(self.change_password, self._lapsed_password, password),
            },
        }

    def _enrolments(self) -> Pages:
        """A page for each factor that is enrolled by a secret and its first answer."""
        found: dict[str, Mapping[str, Page]] = {}
        for kind, method in self._factors.methods.items():
            if method.enrolment is not None:
                pages = _EnrolmentPages(self._factors, self._added, kind, method.enrolment)
                wanted = STRONG.back_to(pages.path)
                found[pages.path] = {
                    "GET": self._guard.show(pages.show, wanted),
                    "POST": self._guard.act(pages.add, pages.lapsed, wanted),
                }
        return found

    async def add_passkey(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Keep what the browser made."""
        new = await self._passkeys.made(
            fields.get("ceremony", ""),
            fields.get("credential", ""),
            visitor.browser,
            visitor.account_id,
        )
        if new is None:
            return await self._passkey_page(visitor, NOT_MADE, 400)
        try:
            label = fields.get("label", "")
            account = await self._factors.add(visitor.session, new, label, visitor.caller)
        except NotAllowed as refused:
            return await self._passkey_page(visitor, FACTOR_REFUSALS[refused.reason], 409)
        return await self._added.answer(visitor, account, (USER_PRESENT,))

    async def _lapsed_passkey(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._passkey_page(visitor, LAPSED, 400)

    async def change_password(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Set the new password."""
        try:
            refused = await self._password.change(
                visitor.session,
                fields.get("password", ""),
                fields.get("new_password", ""),
                visitor.caller,
            )
        except InvalidAccount:
            return await self._password_page(visitor, BAD_PASSWORD, 400)
        except Overloaded:
            refused = PasswordNotChanged(BUSY_SECONDS)
        if refused is None:
            return done(visitor, "password")
        if refused.retry_after:
            response = await self._password_page(visitor, SLOW_DOWN, 429)
            response.headers["retry-after"] = str(refused.retry_after)
            return response
        return await self._password_page(visitor, WRONG_PASSWORD, 401)

    async def _lapsed_password(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._password_page(visitor, LAPSED, 400)

    async def _passkey_page(
        self, visitor: Subscriber, error: str | None = None, status: int = 200
    ) -> Response:
        asked = None
        if self._passkeys.available:
            asked = await self._passkeys.offer(visitor.account_id, visitor.session.username, visitor.browser)
        response = visitor.page(
            "security_passkey.html",
            status,
            here=SECURITY,
            action=ADD_PASSKEY,
            ceremony=asked.token if asked else None,
            options=asked.options if asked else None,
            label=browser_name(visitor.user_agent),
            error=visitor.said(error),
            back=SECURITY,
        )
        response.headers.update(SCRIPT_HEADERS)
        return response

    async def _password_page(
        self, visitor: Subscriber, error: str | None = None, status: int = 200
    ) -> Response:
        return visitor.page(
            "security_password.html",
            status,
            here=SECURITY,
            action=PASSWORD,
            username=visitor.session.username,
            has_password=await self._password.exists(visitor.session),
            error=visitor.said(error),
            wrong=error == WRONG_PASSWORD,
            bad=error == BAD_PASSWORD,
            back=SECURITY,
        )


class _EnrolmentPages:
    """The page of one factor that is enrolled by a secret and its first answer."""

    def __init__(self, factors: Factors, added: FirstFactorAdded, kind: str, method: EnrolmentMethod) -> None:
        self._factors = factors
        self._added = added
        self._kind = kind
        self._method = method
        self.path = f"{SECURITY}/{kind}"

    async def show(self, visitor: Subscriber) -> Response:
        """A new secret, as a picture and as text."""
        return await self._page(visitor, await self._factors.begin(visitor.session, self._kind))

    async def add(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """The first answer proves that the app has the secret."""
        session, caller, label = visitor.session, visitor.caller, fields.get("label", "")
        enrolment = await self._factors.resume(session, self._kind, fields.get("enrolment", ""))
        if enrolment is None:
            return await self.lapsed(visitor, fields)
        try:
            account = await self._factors.confirm(session, enrolment, fields.get("otp", ""), label, caller)
            if account is not None:
                used = self._factors.methods[self._kind].amr
                return await self._added.answer(visitor, account, (used,))
        except NotAllowed as refused:
            return await self._page(
                visitor, enrolment, label=label, error=FACTOR_REFUSALS[refused.reason], status=409
            )
        return await self._page(visitor, enrolment, label=label, error=self._method.wrong, status=401)

    async def lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        """A new secret instead of the one that has lapsed."""
        begun = await self._factors.begin(visitor.session, self._kind)
        return await self._page(visitor, begun, error=LAPSED, status=400)

    async def _page(
        self,
        visitor: Subscriber,
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
            action=self.path,
            enrolment=enrolment.token,
            picture=await qr_code(enrolment.uri),
            secret=" ".join(grouped),
            label=label,
            error=visitor.said(error),
            back=SECURITY,
        )
