"""The login pages: plain forms, a password first, then a second factor where there is one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.authenticator_store import PASSKEY, STAND_INS
from idp.accounts.passwords.hashing import BUSY_SECONDS, Overloaded
from idp.authentication.guard import open_form
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LOGIN, OTP, RESUME, SECURITY, LoginFlow
from idp.authentication.login.methods import PASSKEY as PASSKEY_WAY
from idp.authentication.login.methods import PASSWORD, SMS
from idp.authentication.methods.interface import WRONG_CODE, AnswerField
from idp.authentication.model import FactorAnswer, LoginRejected
from idp.authentication.service import Authentication
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure import typed
from idp.infrastructure.masking import masked_name
from idp.infrastructure.translations import mark as _
from idp.sessions.model import MULTIPLE, Session, session_level

__all__ = ["LOGIN", "OTP", "RESUME", "LoginPages"]

SLOW_DOWN = _("尝试次数过多，请稍后再试。")


class LoginPages:
    """Handlers of /login and /login/otp."""

    def __init__(self, login_flow: LoginFlow, authentication: Authentication) -> None:
        self._login_flow = login_flow
        self._authentication = authentication

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            LOGIN: {"GET": self.show_login, "POST": open_form(self.login, self._on_lapsed)},
            OTP: {"GET": self.show_otp, "POST": open_form(self.otp, self._on_lapsed)},
        }

    async def show_login(self, visitor: Visitor) -> Response:
        """The login form; somebody whose session only lacks a second factor goes straight to that."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        session = await visitor.current_session()
        if session is None or _must_log_in_again(continuation, session):
            return self._login_page(visitor, continuation, username=continuation.login_hint)
        if not _is_too_weak(continuation, session):
            return visitor.redirect(self._login_flow.next(continuation))
        pending = await self._authentication.step_up(session)
        if pending is not None:
            return await self._login_flow.outcome(visitor, continuation, pending)
        if session_level(session.real_name_level, (MULTIPLE,)) > session.level or not _lacks_level(
            continuation, session
        ):
            return self._no_factor_page(visitor, continuation)
        return self._login_page(visitor, continuation, username=continuation.login_hint)

    async def login(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Check a password."""
        continuation = self._login_flow.continuation(visitor, fields.get("continue", ""))
        username, password = typed.line(fields.get("username", "")), fields.get("password", "")
        if not username or not password:
            error = visitor.say("请输入用户名和密码。")
            return self._login_page(visitor, continuation, username=username, error=error, status=400)
        device = visitor.device
        before = await visitor.current_session()
        try:
            outcome = await self._authentication.password(username, password, visitor.caller, device, before)
        except Overloaded:
            outcome = LoginRejected(BUSY_SECONDS)
        if isinstance(outcome, LoginRejected):
            return self._refused(visitor, continuation, username, outcome)
        return await self._login_flow.outcome(visitor, continuation, outcome)

    async def show_otp(self, visitor: Visitor) -> Response:
        """The form for the second factor; whoever comes back to it when it is done goes on."""
        continuation = self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        if await self._authentication.pending_account(visitor.pending_login) is None:
            session = await visitor.current_session()
            if session is not None and not _must_log_in_again(continuation, session):
                return visitor.redirect(self._login_flow.next(continuation))
        return await self._otp_page(visitor, continuation, visitor.query.get("way", ""))

    async def otp(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Check a second factor."""
        continuation = self._login_flow.continuation(visitor, fields.get("continue", ""))
        outcome = await self._authentication.second_factor(
            visitor.pending_login,
            FactorAnswer(fields.get("otp", ""), trust_device="trust" in fields),
            visitor.caller,
            await visitor.current_session(),
            visitor.device,
        )
        if outcome is None:
            return self._begin_again(visitor, fields.get("continue", ""))
        if not isinstance(outcome, LoginRejected):
            return await self._login_flow.outcome(visitor, continuation, outcome)
        response = await self._otp_page(visitor, continuation, fields.get("way", ""), outcome)
        if outcome.retry_after:
            response.headers["retry-after"] = str(outcome.retry_after)
        return response

    def _refused(
        self, visitor: Visitor, continuation: Continuation, username: str, wrong: LoginRejected
    ) -> Response:
        if wrong.retry_after:
            error = visitor.say("尝试次数过多，请稍后再试。")
            status = 429
        else:
            error = visitor.say("用户名或密码不正确。")
            status = 401
        response = self._login_page(
            visitor,
            continuation,
            username=username,
            error=error,
            status=status,
            retry_after=wrong.retry_after,
        )
        if wrong.retry_after:
            response.headers["retry-after"] = str(wrong.retry_after)
        return response

    async def _on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        return self._begin_again(visitor, fields.get("continue", ""))

    def _begin_again(self, visitor: Visitor, sealed: str) -> Response:
        """The form was not ours or has lapsed: show a new one rather than an error nobody can act on."""
        error = visitor.say("页面已过期，请重新登录。")
        continuation = self._login_flow.continuation(visitor, sealed)
        return self._login_page(visitor, continuation, username="", error=error, status=400)

    def _login_page(
        self,
        visitor: Visitor,
        continuation: Continuation,
        *,
        username: str,
        error: str | None = None,
        status: int = 200,
        retry_after: int = 0,
    ) -> Response:
        sealed = self._login_flow.sealed(continuation)
        offers = self._login_flow.offers(visitor, sealed, PASSWORD.name)
        return visitor.page(
            "login.html",
            status,
            action=LOGIN,
            continue_=sealed,
            username=username,
            error=error,
            system=self._login_flow.system(continuation),
            retry_after=retry_after or None,
            offers=offers,
            offers_first=bool(offers)
            and (offers[0].last or (visitor.elder and SMS in self._login_flow.ways.all)),
        )

    async def _otp_page(
        self, visitor: Visitor, continuation: Continuation, way: str, refused: LoginRejected | None = None
    ) -> Response:
        account = await self._authentication.pending_account(visitor.pending_login)
        sealed = self._login_flow.sealed(continuation)
        if account is None:
            return self._begin_again(visitor, sealed)
        kinds = await self._authentication.factors(account.id)
        typed_ones = self._authentication.typed_factors(kinds)
        shown = _shown(typed_ones, way)
        error, status = _refusal(refused, shown)
        return visitor.page(
            "otp.html",
            status,
            action=OTP,
            continue_=sealed,
            error=visitor.said(error),
            name_masked=masked_name(account.name),
            system=self._login_flow.system(continuation),
            field=self._field(visitor, shown) if shown else None,
            others=[
                (visitor.say(each.instead), _otp_query(sealed, each))
                for each in typed_ones.values()
                if each is not shown
            ],
            by_passkey=PASSKEY in kinds and PASSKEY_WAY in self._login_flow.ways.all,
            passkey_href=f"{PASSKEY_WAY.path}?{urlencode({'continue': sealed, 'confirm': 1})}",
            offers_trust=await self._authentication.offers_trust(account),
        )

    def _field(self, visitor: Visitor, field: AnswerField) -> dict[str, Any]:
        texts = {name: visitor.say(getattr(field, name)) for name in ("heading", "label", "hint")}
        return {**texts, "word": field.word, "numeric": field.numeric}

    def _no_factor_page(self, visitor: Visitor, continuation: Continuation) -> Response:
        """What the person came for wants a second factor, and the account has none: how to get one."""
        return visitor.page(
            "no_factor.html",
            system=self._login_flow.system(continuation),
            security_href=self._login_flow.to(SECURITY, continuation),
            next_href=self._login_flow.to(LOGIN, continuation),
        )


def _must_log_in_again(continuation: Continuation, session: Session) -> bool:
    """A login that came after the request satisfies it, also when the person goes back to this page."""
    if continuation.account_id not in ("", session.account_id):
        return True
    # Whoever is there for an organisation and wants to log in again, wants to do so as themselves.
    return continuation.again and (not session.is_person or session.authenticated_at < continuation.asked_at)


def _lacks_level(continuation: Continuation, session: Session) -> bool:
    return continuation.level > session.level


def _is_too_weak(continuation: Continuation, session: Session) -> bool:
    return _lacks_level(continuation, session) or (continuation.strong and MULTIPLE not in session.amr)


def _shown(fields: Mapping[str, AnswerField], way: str) -> AnswerField | None:
    """The field that was asked for, else that of a factor that stands alone; of stand-ins none unasked."""
    asked = next((field for field in fields.values() if way and field.word == way), None)
    return asked or next((field for kind, field in fields.items() if kind not in STAND_INS), None)


def _refusal(refused: LoginRejected | None, shown: AnswerField | None) -> tuple[str | None, int]:
    if refused is None:
        return None, 200
    if refused.retry_after:
        return SLOW_DOWN, 429
    return (shown.wrong if shown else WRONG_CODE), 401


def _otp_query(sealed: str, field: AnswerField) -> str:
    way = {"way": field.word} if field.word else {}
    return f"?{urlencode({'continue': sealed, **way})}"
