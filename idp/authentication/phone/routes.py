"""The one way in by phone: whoever proves a number enters the account that has it, or opens one."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from idp.accounts.contacts.phones import Phones
from idp.accounts.model import Account, AccountState, InvalidAccount
from idp.accounts.names import InvalidName, normalized_name
from idp.accounts.passwords.rule import WeakPassword, strong_password
from idp.authentication.device_cookie import DeviceCookie
from idp.authentication.guard import open_form
from idp.authentication.login import methods as login_methods
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LoginFlow
from idp.authentication.model import LoginRejected
from idp.authentication.phone.codes import Purpose
from idp.authentication.phone.proofs import SECONDS, PhoneProof, Proofs
from idp.authentication.phone.registration import TERMS_VERSION, More, Registrant, Registration
from idp.authentication.phone.steps import LAPSED, PhoneStep, PhoneSteps, StepRefused
from idp.authentication.service import Authentication
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.masking import masked_name
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.site import YEAR
from idp.sessions.model import SMS

LOGIN_SMS = "/login/sms"
ACCOUNT = "/login/sms/account"
REGISTER = "/register"
DETAILS = "/register/details"
TERMS = "/terms"

STEP = PhoneStep(
    Purpose.LOGIN,
    _("短信验证码登录"),
    _("没有账号也没关系：验证手机号后就可以注册。"),
    LOGIN_SMS,
    LOGIN_SMS,
)
NOT_RIGHT = _("密码不正确，或者姓名和证件号码与账号不符。")
MOVED_ON = _("这个手机号刚刚绑定了别的账号，请重新登录。")
AGREE = _("请先阅读并同意用户协议和个人信息处理规则。")
BAD_NAME = _("姓名不能超过 50 个字，也不能有特殊符号。")
WEAK = _("密码太简单：至少 8 位，要有字母和数字，不要用手机号、姓名或常见密码。")
BUSY = _("尝试次数过多，请稍后再试。")


@dataclass(frozen=True, slots=True)
class PhoneDesk:
    """What a proved phone leads to."""

    proofs: Proofs
    phones: Phones
    registration: Registration
    devices: DeviceCookie


class SmsPages:
    """Handlers of /login/sms and /register."""

    def __init__(
        self,
        login_flow: LoginFlow,
        authentication: Authentication,
        steps: PhoneSteps,
        desk: PhoneDesk,
    ) -> None:
        self._login_flow = login_flow
        self._authentication = authentication
        self._steps = steps
        self._proofs = desk.proofs
        self._phones = desk.phones
        self._registration = desk.registration
        self._devices = desk.devices

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            LOGIN_SMS: {"GET": self.show, "POST": open_form(self.login, self._on_lapsed)},
            ACCOUNT: {"GET": self.show_account, "POST": open_form(self.account, self._on_lapsed)},
            REGISTER: {"GET": self.register},
            DETAILS: {"GET": self.show_details, "POST": open_form(self.details, self._on_lapsed)},
            TERMS: {"GET": self.terms},
        }

    async def show(self, visitor: Visitor) -> Response:
        """Ask for the phone, or for the code that was sent to it."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        sealed = self._login_flow.sealed(continuation)
        ticket = visitor.query.get("ticket", "")
        if ticket:
            return self._steps.code_page(visitor, STEP, sealed, ticket)
        return self._steps.phone_page(visitor, STEP, sealed)

    async def login(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Send a code, or check one."""
        continuation = self._login_flow.continuation(visitor, fields.get("continue", ""))
        sealed = self._login_flow.sealed(continuation)
        if "code" not in fields:
            sent = await self._steps.send(visitor, Purpose.LOGIN, fields)
            if isinstance(sent, StepRefused) and "ticket" in fields:
                return self._steps.code_page(visitor, STEP, sealed, fields["ticket"], sent)
            if isinstance(sent, StepRefused):
                return self._steps.phone_page(visitor, STEP, sealed, sent, fields.get("phone", ""))
            return visitor.redirect(f"{self._login_flow.to(LOGIN_SMS, continuation)}&ticket={sent}")
        phone = await self._steps.check(visitor, Purpose.LOGIN, fields)
        if isinstance(phone, StepRefused):
            return self._steps.code_page(visitor, STEP, sealed, fields.get("ticket", ""), phone)
        return await self._proved(visitor, continuation, phone)

    async def show_account(self, visitor: Visitor) -> Response:
        """Whose account it is: the person goes on, or says that the number has moved."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        return await self._account_page(visitor, continuation)

    async def account(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Enter the account, or take the number off it."""
        continuation = self._login_flow.continuation(visitor, fields.get("continue", ""))
        decision = fields.get("decision", "enter")
        if decision == "ask":
            return await self._account_page(visitor, continuation, confirm=True)
        proof = await self._proof(visitor)
        account = await self._phones.holder(proof.phone) if proof else None
        if proof is None or account is None or proof.is_outdated(account):
            return self._begin_again(visitor, continuation)
        caller = visitor.caller
        if decision == "release":
            if not await self._phones.release(account, proof.phone, caller.address):
                return self._begin_again(visitor, continuation, MOVED_ON)
            return visitor.redirect(self._login_flow.to(DETAILS, continuation))
        amr: tuple[str, ...] = (SMS,)
        if await self._registration.needs_more(account):
            device = visitor.device
            shown = await self._registration.more(account, More.of(fields), caller, device)
            if isinstance(shown, LoginRejected):
                return await self._account_page(visitor, continuation, not_right(visitor, shown))
            amr = (SMS, shown)
        entered = await self._registration.entered(account, proof.phone)
        if entered is None or not await self._taken(visitor):
            return self._begin_again(visitor, continuation, MOVED_ON)
        return await self._enter(visitor, continuation, entered, amr)

    async def register(self, visitor: Visitor) -> Response:
        """Registering begins as logging in does: with a phone."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        return visitor.redirect(self._login_flow.to(LOGIN_SMS, continuation))

    async def show_details(self, visitor: Visitor) -> Response:
        """The form for a new account."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        if await self._proof(visitor) is None:
            return visitor.redirect(self._login_flow.to(LOGIN_SMS, continuation))
        return self._details_page(visitor, continuation)

    async def details(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Open the account and log it in."""
        continuation = self._login_flow.continuation(visitor, fields.get("continue", ""))
        proof = await self._proof(visitor)
        if proof is None:
            return self._begin_again(visitor, continuation)
        name, password = fields.get("name", ""), fields.get("new_password", "")
        if (
            error := _fault(proof.phone, name, password, agreed=fields.get("terms") == TERMS_VERSION)
        ) is not None:
            return self._details_page(visitor, continuation, visitor.say(error), name)
        if not await self._taken(visitor):
            return self._begin_again(visitor, continuation)
        person = Registrant(proof.phone, name, password, visitor.elder)
        try:
            account = await self._registration.register(person, visitor.caller)
        except InvalidAccount:
            return self._begin_again(visitor, continuation)
        if account is None:
            return self._begin_again(visitor, continuation, MOVED_ON)
        return await self._enter(visitor, continuation, account)

    async def terms(self, visitor: Visitor) -> Response:
        """What is agreed to."""
        return visitor.page("terms.html", version=TERMS_VERSION)

    async def _proved(self, visitor: Visitor, continuation: Continuation, phone: str) -> Response:
        """On to the account at once where nothing speaks against it, else to a question."""
        account = await self._phones.holder(phone)
        if account is not None and account.state == AccountState.ACTIVE:
            known = self._devices.known(visitor.device, account.id) is not None
            if known and not await self._registration.needs_more(account):
                return await self._enter(visitor, continuation, account)
        proof = PhoneProof.of(Purpose.LOGIN, phone, account)
        token = await self._proofs.put(proof, visitor.browser)
        path = DETAILS if account is None else ACCOUNT
        response = visitor.redirect(self._login_flow.to(path, continuation))
        visitor.site.cookies.set(response, names.PHONE, token, SECONDS)
        return response

    async def _enter(
        self,
        visitor: Visitor,
        continuation: Continuation,
        account: Account,
        amr: tuple[str, ...] = (SMS,),
    ) -> Response:
        outcome = await self._authentication.proceed(
            account,
            amr,
            visitor.caller,
            await visitor.current_session(),
            visitor.device,
        )
        response = await self._login_flow.outcome(visitor, continuation, outcome)
        visitor.site.cookies.set(response, names.METHOD, login_methods.SMS.name, YEAR)
        visitor.site.cookies.clear(response, names.PHONE)
        return response

    async def _proof(self, visitor: Visitor) -> PhoneProof | None:
        token = visitor.cookie(names.PHONE)
        return await self._proofs.find(Purpose.LOGIN, token, visitor.browser)

    async def _taken(self, visitor: Visitor) -> bool:
        token = visitor.cookie(names.PHONE)
        return await self._proofs.take(Purpose.LOGIN, token, visitor.browser) is not None

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        return self._begin_again(visitor, self._login_flow.continuation(visitor, fields.get("continue", "")))

    def _begin_again(self, visitor: Visitor, continuation: Continuation, text: str = LAPSED) -> Response:
        refused = StepRefused(visitor.say(text), 400 if text is LAPSED else 409)
        return self._steps.phone_page(visitor, STEP, self._login_flow.sealed(continuation), refused)

    async def _account_page(
        self,
        visitor: Visitor,
        continuation: Continuation,
        refused: StepRefused | None = None,
        *,
        confirm: bool = False,
    ) -> Response:
        proof = await self._proof(visitor)
        account = await self._phones.holder(proof.phone) if proof else None
        if account is None:
            return self._begin_again(visitor, continuation)
        active = account.state == AccountState.ACTIVE
        response = visitor.page(
            "phone_account.html",
            refused.status if refused else 200,
            action=ACCOUNT,
            continue_=self._login_flow.sealed(continuation),
            name_masked=masked_name(account.name),
            system=self._login_flow.system(continuation),
            active=active,
            releasable=account.state != AccountState.FROZEN,
            more=active and await self._registration.needs_more(account),
            confirm=confirm,
            error=refused.error if refused else None,
        )
        if refused and refused.retry_after:
            response.headers["retry-after"] = str(refused.retry_after)
        return response

    def _details_page(
        self, visitor: Visitor, continuation: Continuation, error: str | None = None, name: str = ""
    ) -> Response:
        return visitor.page(
            "register.html",
            400 if error else 200,
            action=DETAILS,
            continue_=self._login_flow.sealed(continuation),
            name=name,
            terms=TERMS,
            version=TERMS_VERSION,
            error=error,
        )


def not_right(visitor: Visitor, wrong: LoginRejected) -> StepRefused:
    """What a page says when what was asked for beside the code is not right."""
    if wrong.retry_after:
        return StepRefused(visitor.say(BUSY), 429, wrong.retry_after)
    return StepRefused(visitor.say(NOT_RIGHT), 401)


def _fault(phone: str, name: str, password: str, *, agreed: bool) -> str | None:
    """What is wrong with a registration, if anything is."""
    if not agreed:
        return AGREE
    try:
        if name.strip():
            normalized_name(name)
        if password:
            strong_password(password, phone, name)
    except WeakPassword:
        return WEAK
    except InvalidName:
        return BAD_NAME
    return None
