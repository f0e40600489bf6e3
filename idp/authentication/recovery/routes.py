"""Pages for whoever cannot log in any more: forgotten password, lost phone, or both."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.contacts.phones import checked_phone
from idp.accounts.model import InvalidAccount
from idp.accounts.passwords.hashing import Overloaded
from idp.accounts.passwords.rule import WeakPassword, strong_password
from idp.authentication.guard import open_form
from idp.authentication.login.flow import LoginFlow
from idp.authentication.phone.codes import Purpose
from idp.authentication.phone.proofs import SECONDS, PhoneProof, Proofs
from idp.authentication.phone.routes import BUSY, WEAK
from idp.authentication.phone.steps import (
    BAD_PHONE,
    LAPSED,
    TOO_OFTEN,
    PhoneStep,
    PhoneSteps,
    StepRefused,
    refusing_page,
)
from idp.authentication.recovery.service import Lost, NotRecovered, Recovery, RecoveryClaim
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web import cookies as names

RECOVER = "/recover"
PASSWORD = "/recover/password"  # noqa: S105
DETAILS = "/recover/details"
PHONE = "/recover/phone"
PHONE_CODE = "/recover/phone/code"
DONE = "/recover/done"
OVERLOADED_SECONDS = 10

FORGOTTEN = PhoneStep(
    Purpose.RECOVER,
    _("重设密码"),
    _("请输入账号绑定的手机号，先用短信证明号码在您手里。"),
    PASSWORD,
    PASSWORD,
)
LOST = PhoneStep(Purpose.CHANGE_PHONE, _("换绑手机号"), _("请输入新的手机号。"), PHONE_CODE, PHONE)

NOT_MATCHING = _("填写的内容与账号不符，或者这个账号不能这样找回。请核对后重试，或到政务服务窗口办理。")
PHONE_TAKEN = _("换绑没有成功：这个手机号已属于另一个账号，或者您的账号刚刚有变动。请核对后重新开始。")


@dataclass(frozen=True, slots=True)
class RecoveryDesk:
    """What the pages hand over to."""

    steps: PhoneSteps
    proofs: Proofs
    recovery: Recovery


class RecoveryPages:
    """Handlers of /recover…; `continue` goes along, so that the person arrives where they wanted to go."""

    def __init__(self, login_flow: LoginFlow, desk: RecoveryDesk) -> None:
        self._login_flow = login_flow
        self._steps = desk.steps
        self._proofs = desk.proofs
        self._recovery = desk.recovery

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            RECOVER: {"GET": self.show},
            PASSWORD: {"GET": self.show_password, "POST": open_form(self.password, self._on_lapsed)},
            DETAILS: {"GET": self.show_details, "POST": open_form(self.details, self._on_lapsed)},
            PHONE: {"GET": self.show_phone, "POST": open_form(self.phone, self._on_lapsed)},
            PHONE_CODE: {"GET": self.show_phone_code, "POST": open_form(self.phone_code, self._on_lapsed)},
            DONE: {"GET": self.done},
        }

    async def show(self, visitor: Visitor) -> Response:
        """The three ways back."""
        return visitor.page("recover.html", sealed=visitor.query.get("continue", ""))

    async def show_password(self, visitor: Visitor) -> Response:
        """Ask for the phone, or for the code."""
        sealed, ticket = visitor.query.get("continue", ""), visitor.query.get("ticket", "")
        if ticket:
            return self._steps.code_page(visitor, FORGOTTEN, sealed, ticket)
        return self._steps.phone_page(visitor, FORGOTTEN, sealed)

    async def password(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Send a code, or check one."""
        sealed = fields.get("continue", "")
        if "code" not in fields:
            sent = await self._steps.send(visitor, Purpose.RECOVER, fields)
            if isinstance(sent, StepRefused) and "ticket" in fields:
                return self._steps.code_page(visitor, FORGOTTEN, sealed, fields["ticket"], sent)
            if isinstance(sent, StepRefused):
                return self._steps.phone_page(visitor, FORGOTTEN, sealed, sent, fields.get("phone", ""))
            return self._to(visitor, PASSWORD, sealed, ticket=sent)
        phone = await self._steps.check(visitor, Purpose.RECOVER, fields)
        if isinstance(phone, StepRefused):
            return self._steps.code_page(visitor, FORGOTTEN, sealed, fields.get("ticket", ""), phone)
        proof = await self._recovery.proof(phone)
        return await self._with_proof(visitor, proof, self._to(visitor, DETAILS, sealed))

    async def show_details(self, visitor: Visitor) -> Response:
        """Ask for what else proves the person, the same of everybody, and for the new password."""
        sealed = visitor.query.get("continue", "")
        if await self._proof(visitor, Purpose.RECOVER) is None:
            return self._to(visitor, PASSWORD, sealed)
        return self._details_page(visitor, sealed)

    async def details(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Set the new password."""
        sealed = fields.get("continue", "")
        proof = await self._proof(visitor, Purpose.RECOVER)
        if proof is None:
            return self._lapsed(visitor, sealed)
        claim = RecoveryClaim(
            fields.get("name", ""),
            fields.get("certificate_number", ""),
            fields.get("otp", ""),
            fields.get("new_password", ""),
        )
        try:
            strong_password(claim.new_password, proof.phone, claim.name, claim.certificate_number)
            caller, device = visitor.caller, visitor.device
            refusal = await self._recovery.by_phone(proof, claim, caller, device)
        except WeakPassword:
            return self._details_page(visitor, sealed, StepRefused(visitor.say(WEAK), 400), claim)
        except Overloaded:
            refusal = NotRecovered(OVERLOADED_SECONDS)
        if refusal is not None:
            return self._details_page(visitor, sealed, self._said(visitor, refusal), claim)
        await self._take(visitor, Purpose.RECOVER)
        return self._to(visitor, DONE, sealed, done="password")

    async def show_phone(self, visitor: Visitor) -> Response:
        """Ask for password, second factor and the new phone."""
        return self._phone_page(visitor, visitor.query.get("continue", ""))

    async def phone(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Check what the person knows and has; then a code goes to the new phone."""
        sealed = fields.get("continue", "")
        try:
            phone = checked_phone(fields.get("phone", ""))
        except InvalidAccount:
            return self._phone_page(visitor, sealed, StepRefused(visitor.say(BAD_PHONE), 400), fields)
        lost = Lost(fields.get("username", ""), fields.get("password", ""), fields.get("otp", ""))
        try:
            caller, device = visitor.caller, visitor.device
            found = await self._recovery.by_factor(lost, caller, device)
        except Overloaded:
            found = NotRecovered(OVERLOADED_SECONDS)
        if isinstance(found, NotRecovered):
            return self._phone_page(visitor, sealed, self._said(visitor, found), fields)
        proof = PhoneProof.of(Purpose.CHANGE_PHONE, phone, found)
        sent = await self._steps.send(visitor, Purpose.CHANGE_PHONE, {"phone": phone})
        # Where the code cannot be sent yet, the page has a button to ask for it again.
        ticket = (
            self._steps.ticket(visitor, Purpose.CHANGE_PHONE, phone)
            if isinstance(sent, StepRefused)
            else sent
        )
        wait = "wait" if isinstance(sent, StepRefused) else ""
        return await self._with_proof(
            visitor, proof, self._to(visitor, PHONE_CODE, sealed, ticket=ticket, wait=wait)
        )

    async def show_phone_code(self, visitor: Visitor) -> Response:
        """Ask for the code that went to the new phone."""
        sealed, ticket = visitor.query.get("continue", ""), visitor.query.get("ticket", "")
        late = visitor.query.get("wait") == "wait"
        refused = StepRefused(visitor.say(TOO_OFTEN), 200) if late else None
        if await self._proof(visitor, Purpose.CHANGE_PHONE) is None:
            return self._to(visitor, PHONE, sealed)
        return self._steps.code_page(visitor, LOST, sealed, ticket, refused)

    async def phone_code(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Give the account its new phone, or send the code again."""
        sealed, ticket = fields.get("continue", ""), fields.get("ticket", "")
        proof = await self._proof(visitor, Purpose.CHANGE_PHONE)
        if proof is None or proof.account_id is None:
            return self._lapsed_phone(visitor, sealed)
        if "code" not in fields:
            sent = await self._steps.send(visitor, Purpose.CHANGE_PHONE, {"phone": proof.phone})
            refused = sent if isinstance(sent, StepRefused) else None
            return self._steps.code_page(visitor, LOST, sealed, ticket, refused)
        phone = await self._steps.check(visitor, Purpose.CHANGE_PHONE, fields)
        if isinstance(phone, StepRefused):
            return self._steps.code_page(visitor, LOST, sealed, ticket, phone)
        if phone != proof.phone or await self._take(visitor, Purpose.CHANGE_PHONE) is None:
            return self._lapsed_phone(visitor, sealed)
        caller = visitor.caller
        if not await self._recovery.new_phone(proof, caller):
            return self._phone_page(visitor, sealed, StepRefused(visitor.say(PHONE_TAKEN), 409))
        return self._to(visitor, DONE, sealed, done="phone")

    async def done(self, visitor: Visitor) -> Response:
        """What to do now."""
        phone = visitor.query.get("done") == "phone"
        sealed = visitor.query.get("continue", "")
        return visitor.page("recovered.html", phone=phone, sealed=sealed)

    def _to(self, visitor: Visitor, path: str, sealed: str, **query: str) -> Response:
        given = {"continue": sealed, **query}
        return visitor.redirect(
            f"{path}?{urlencode({name: value for name, value in given.items() if value})}"
        )

    async def _with_proof(self, visitor: Visitor, proof: PhoneProof, response: Response) -> Response:
        token = await self._proofs.put(proof, visitor.browser)
        visitor.site.cookies.set(response, names.PHONE, token, SECONDS)
        return response

    async def _proof(self, visitor: Visitor, purpose: Purpose) -> PhoneProof | None:
        token = visitor.cookie(names.PHONE)
        return await self._proofs.find(purpose, token, visitor.browser)

    async def _take(self, visitor: Visitor, purpose: Purpose) -> PhoneProof | None:
        token = visitor.cookie(names.PHONE)
        return await self._proofs.take(purpose, token, visitor.browser)

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        return self._lapsed(visitor, fields.get("continue", ""))

    def _said(self, visitor: Visitor, refusal: NotRecovered) -> StepRefused:
        if refusal.retry_after:
            return StepRefused(visitor.say(BUSY), 429, refusal.retry_after)
        return StepRefused(visitor.say(NOT_MATCHING), 401)

    def _lapsed(self, visitor: Visitor, sealed: str) -> Response:
        return self._steps.phone_page(visitor, FORGOTTEN, sealed, StepRefused(visitor.say(LAPSED), 400))

    def _lapsed_phone(self, visitor: Visitor, sealed: str) -> Response:
        return self._phone_page(visitor, sealed, StepRefused(visitor.say(LAPSED), 400))

    def _details_page(
        self,
        visitor: Visitor,
        sealed: str,
        refused: StepRefused | None = None,
        claim: RecoveryClaim | None = None,
    ) -> Response:
        return refusing_page(
            visitor,
            "recover_details.html",
            refused,
            action=DETAILS,
            continue_=sealed,
            name=claim.name if claim else "",
            certificate_number=claim.certificate_number if claim else "",
        )

    def _phone_page(
        self,
        visitor: Visitor,
        sealed: str,
        refused: StepRefused | None = None,
        fields: dict[str, str] | None = None,
    ) -> Response:
        typed = fields or {}
        return refusing_page(
            visitor,
            "recover_phone.html",
            refused,
            action=PHONE,
            continue_=sealed,
            username=typed.get("username", ""),
            phone=typed.get("phone", ""),
        )
