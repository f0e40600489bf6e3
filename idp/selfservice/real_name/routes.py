"""/me/real-name: how real the account is, what it rests on, and how to raise it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import orjson
from starlette.responses import Response

from idp.accounts.control import ProvenControl
from idp.accounts.invalid import InvalidAccount
from idp.accounts.model import Account
from idp.accounts.real_names.certificate_texts import PROBLEM_TEXTS, TYPE_TEXTS
from idp.accounts.real_names.certificates import CertificateType, InvalidCertificate
from idp.accounts.real_names.proof import HIGHEST_LEVEL
from idp.accounts.real_names.service import RealNames
from idp.accounts.real_names.verification import (
    NETWORK_IDENTITY,
    Duplicate,
    NotVerifiedReason,
    Outcome,
    Throttled,
    Unavailable,
    Verification,
    Verified,
)
from idp.accounts.verifiers.interface import IdentityClaim, Verifier, VerifierPage
from idp.accounts.verifiers.network_identity import Mode
from idp.authentication.factors.session_control import proven_by
from idp.authentication.guard import LOGGED_IN, Guard, Requirement
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import REAL_NAME, LoginFlow
from idp.authentication.visitor import Page, Pages, Subscriber, Visitor
from idp.infrastructure.typed import is_readable
from idp.selfservice.real_name import texts
from idp.selfservice.real_name.going import Going
from idp.selfservice.real_name.view import RealNameView
from idp.sessions.model import QR_CODE

NETWORK = f"{REAL_NAME}/network"
ANSWER = f"{NETWORK}/answer"
"""What the app brought back for the method that is chosen there."""
_ANSWER_FIELDS = ("bizSeq", "resultCode", "idCardAuthData", "certPwdData")
_RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """What a form shows beside its fields: an error and the field that it is about."""

    error: str | None = None
    field: str = ""
    status: int = 200
    retry_after: int = 0
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Which system asks for which level, and where to go for whoever will not raise theirs now."""

    system: str
    level: int
    declined_href: str


RAISING = Requirement(recent=True, second_factor=True, without=QR_CODE)
"""A login of the last minutes, with the second factor where there is one: it decides what stays."""


class RealNamePages:
    """Handlers of /me/real-name."""

    def __init__(
        self,
        guard: Guard,
        login_flow: LoginFlow,
        real_names: RealNames,
        verification: Verification,
        view: RealNameView,
        going: Going,
    ) -> None:
        self._guard = guard
        self._login_flow = login_flow
        self._going = going
        self._real_names = real_names
        self._verification = verification
        self._view = view
        self._methods = {
            f"{REAL_NAME}/{one.page.segment}": (one, one.page)
            for one in sorted(verification.offered.values(), key=lambda one: one.level)
            if one.page is not None
        }

    def routes(self) -> Pages:
        """Path → method → handler."""
        show, act = self._guard.show, self._guard.act
        raising = RAISING.back_to(lambda visitor: self._from(visitor.path)(visitor))
        form = {"GET": show(self.show_form, raising), "POST": act(self.submit, self._lapsed, raising)}
        pages: dict[str, Mapping[str, Page]] = {
            REAL_NAME: {"GET": show(self.show, LOGGED_IN.back_to(self._from(REAL_NAME)))},
            **dict.fromkeys(self._methods, form),
        }
        if NETWORK_IDENTITY in self._verification.offered:
            answering = LOGGED_IN.back_to(self._from(NETWORK))
            pages[ANSWER] = {"POST": act(self.answer, self._lapsed, answering)}
        return pages

    async def show(self, visitor: Subscriber) -> Response:
        """The level, its history, and the ways up."""
        asking = self._asking(visitor)
        account = await self._verification.account(visitor.account_id)
        history = await self._real_names.history(visitor.account_id)
        level = account.real_name_level
        enough = max(asking.level if asking else 0, level + 1)
        say = visitor.say
        return visitor.page(
            "real_name.html",
            here=REAL_NAME,
            done=say(texts.DONE) if "done" in visitor.query else None,
            level=level,
            highest=HIGHEST_LEVEL,
            level_text=say(texts.LEVELS[level]),
            identity=self._view.identity(visitor, self._verification.identity(account)),
            until=self._view.until(history, level, visitor.site.sources.now()),
            ways=[
                (say(page.title), say(page.about), self._address(path, asking))
                for path, (verifier, page) in self._methods.items()
                if verifier.level >= enough
            ],
            asking=self._asked_for(asking),
            history=[self._view.row(visitor, record) for record in history],
        )

    async def show_form(self, visitor: Subscriber) -> Response:
        """The form of a method."""
        return await self._form(visitor, FormOutcome())

    async def submit(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Have what was typed verified, or begin with the app."""
        verifier, chosen = self._chosen(visitor)
        account = await self._verification.account(visitor.account_id)
        try:
            claim = self._known(account) or self._verification.claim(
                fields.get("name", ""),
                fields.get("certificate_type", ""),
                fields.get("certificate_number", ""),
            )
        except InvalidCertificate as error:
            field = (
                "certificate_type" if error.problem.startswith(("certificate-is", "certificate-type")) else ""
            )
            shown = FormOutcome(PROBLEM_TEXTS[error.problem], field or "certificate_number", 400)
            return await self._form(visitor, shown, fields)
        except InvalidAccount:
            return await self._form(visitor, FormOutcome(texts.BAD_NAME, "name", 400), fields)
        if chosen.through_app:
            return await self._begin_app(visitor, claim, fields)
        outcome = await self._verification.verify(
            visitor.account_id,
            verifier.method,
            claim,
            visitor.address,
            self._shown(visitor, account),
        )
        return await self._told(visitor, outcome, fields)

    async def answer(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """What the app brought back."""
        answer = _answer(fields.get("answer", ""))
        if answer is None:
            return await self._form(visitor, FormOutcome(texts.UNREADABLE_ANSWER, status=400))
        outcome = await self._verification.finish(
            visitor.account_id,
            answer | {"bizSeq": fields.get("biz_seq", "")},
            visitor.caller.address,
            self._shown(visitor, await self._verification.account(visitor.account_id)),
        )
        return await self._told(visitor, outcome, {})

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._form(visitor, FormOutcome(texts.LAPSED_FORM, status=400))

    def _asking(self, visitor: Visitor) -> Continuation | None:
        """The request of the system that asks for a higher level, where the person came from one."""
        sealed = visitor.query.get("continue", "")
        continuation = self._login_flow.continuation(visitor, sealed) if sealed else None
        return None if continuation is None or continuation.query is None else continuation

    def _from(self, path: str) -> Callable[[Visitor], str]:
        """The way back to a page, with what the person came for."""
        return lambda visitor: self._address(path, self._asking(visitor))

    def _address(self, path: str, asking: Continuation | None) -> str:
        """A page of the verification, with what the person came for."""
        return path if asking is None else self._login_flow.to(path, asking)

    def _asked_for(self, asking: Continuation | None) -> AskedFor | None:
        if asking is None:
            return None
        login_flow = self._login_flow
        back = login_flow.next(replace(asking, declined=True))
        return AskedFor(login_flow.system(asking) or "", asking.level, back)

    def _shown(self, visitor: Subscriber, account: Account) -> ProvenControl:
        return proven_by(visitor.session, account, visitor.site.sources.now())

    async def _begin_app(self, visitor: Subscriber, claim: IdentityClaim, fields: dict[str, str]) -> Response:
        mode = (
            Mode.CREDENTIAL_PASSWORD
            if fields.get("mode") == Mode.CREDENTIAL_PASSWORD
            else Mode.CREDENTIAL_FACE
        )
        call = await self._verification.start(visitor.account_id, mode, claim)
        return visitor.page(
            "real_name_app.html",
            here=REAL_NAME,
            call=call,
            app_url=self._view.app_url,
            action=self._address(ANSWER, self._asking(visitor)),
            back=self._address(NETWORK, self._asking(visitor)),
        )

    async def _told(self, visitor: Subscriber, outcome: Outcome, fields: dict[str, str]) -> Response:
        if isinstance(outcome, Verified):
            asking = self._asking(visitor)
            onward = self._login_flow.next(asking) if asking else f"{REAL_NAME}?done=verified"
            return visitor.redirect(onward)
        if isinstance(outcome, Throttled):
            text = visitor.say(texts.THROTTLED, minutes=outcome.retry_after // 60)
            shown = FormOutcome(text, status=429, retry_after=outcome.retry_after)
        elif isinstance(outcome, Unavailable):
            shown = FormOutcome(texts.UNAVAILABLE, status=503, retry_after=_RETRY_SECONDS)
        elif isinstance(outcome, Duplicate):
            shown = FormOutcome(texts.DUPLICATE, status=409, duplicate=True)
        else:
            status = (
                409
                if outcome.why
                in (NotVerifiedReason.OTHER_IDENTITY, NotVerifiedReason.NO_PHONE, NotVerifiedReason.CLOSED)
                else 400
            )
            shown = FormOutcome(texts.REASONS[outcome.why], "certificate_number", status)
        return await self._form(visitor, shown, fields)

    async def _form(
        self, visitor: Subscriber, shown: FormOutcome, fields: Mapping[str, str] | None = None
    ) -> Response:
        (verifier, chosen), fields = self._chosen(visitor), fields or {}
        account = await self._verification.account(visitor.account_id)
        types = verifier.types
        asking = self._asking(visitor)
        say = visitor.say
        response = visitor.page(
            "real_name_form.html",
            shown.status,
            here=REAL_NAME,
            action=self._address(f"{REAL_NAME}/{chosen.segment}", asking),
            back=self._address(REAL_NAME, asking),
            asking=self._asked_for(asking),
            title=say(chosen.title),
            about=say(chosen.about),
            error=say(shown.error) if shown.error else None,
            wrong=shown.field,
            duplicate=shown.duplicate,
            identity=self._view.identity(visitor, self._known(account)),
            name=fields.get("name", "") or ("" if account.name == account.username else account.name),
            certificate_type=fields.get("certificate_type", CertificateType.RESIDENT_ID.value),
            certificate_number=fields.get("certificate_number", ""),
            types=[(type_.value, say(TYPE_TEXTS[type_])) for type_ in TYPE_TEXTS if type_ in types],
            needs_phone=verifier.needs_phone,
            has_phone=account.phone_verified_at is not None,
            with_app=chosen.through_app,
            going=await self._going.of(visitor, account) if chosen.through_app else [],
        )
        if shown.retry_after:
            response.headers["retry-after"] = str(shown.retry_after)
        return response

    def _chosen(self, visitor: Visitor) -> tuple[Verifier, VerifierPage]:
        """The method that the path is about, and how it stands on the page."""
        return self._methods[NETWORK if visitor.path == ANSWER else visitor.path]

    def _known(self, account: Account) -> IdentityClaim | None:
        """The identity that is verified already, and so is not typed again."""
        return self._verification.identity(account) if account.real_name_level else None


def _answer(text: str) -> dict[str, str] | None:
    """The JSON that the app's client calls back with, as far as it is known; None for anything else."""
    try:
        said = orjson.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    fields = {name: said.get(name) for name in _ANSWER_FIELDS}
    return {name: value for name, value in fields.items() if isinstance(value, str) and is_readable(value)}
