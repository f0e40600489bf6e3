"""Time-based one-time passwords (RFC 6238): six digits, thirty seconds, each used once."""

import hmac
from base64 import b32encode

import pyotp

from idp.accounts.authenticator_store import TOTP, AuthenticatorStore
from idp.accounts.model import Authenticator
from idp.authentication.methods.interface import WRONG_CODE, AnswerField, FactorTexts
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.sources import Sources
from idp.infrastructure.translations import mark as _
from idp.sessions.model import ONE_TIME_PASSWORD

ISSUER = "湛河统一身份认证"
SECRET_BYTES = 20
STEP_SECONDS = 30
DRIFT_STEPS = 1  # a clock may be one step off either way (§5.2)


class TotpEnrolment:
    """See `EnrolmentMethod`."""

    template = "security_totp.html"
    wrong = _("验证码不正确。请等手机上的数字变化后，输入新的 6 位数字。")

    def new_secret(self, sources: Sources) -> str:
        """160 bits, as RFC 4226 §4 recommends."""
        return b32encode(sources.new_bytes(SECRET_BYTES)).decode()

    def uri(self, secret: str, username: str) -> str:
        """otpauth://totp/…, as all apps read it."""
        return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)

    def first_step(self, secret: str, answer: str, now: float) -> int | None:
        """See `matching_step`."""
        return matching_step(secret, answer, now)


class Totp:
    """The authenticator app."""

    texts = FactorTexts(
        title=_("身份验证器"),
        add=_("添加身份验证器"),
        added=_("您的账号新增了一个身份验证器。如果不是您本人操作，请立即修改密码并联系服务台。"),
        removed=_("您的账号移除了一个身份验证器。如果不是您本人操作，请立即修改密码并联系服务台。"),
    )
    field = AnswerField(
        word="",
        heading=_("输入验证码"),
        label=_("6 位验证码"),
        hint=_("打开您手机上的身份验证器，输入现在显示的数字。"),
        wrong=WRONG_CODE,
        instead=_("改用身份验证器的验证码"),
    )

    kind = TOTP
    alone = True
    amr = ONE_TIME_PASSWORD
    enrolment = TotpEnrolment()

    def verify(
        self, store: AuthenticatorStore, authenticator: Authenticator, answer: str, now: float
    ) -> Transaction[bool]:
        """See `SecondFactor.verify`."""
        step = matching_step(store.secret(authenticator), answer, now)
        if step is None:
            return False
        return (yield from store.use_step(authenticator.id, step, now))


def matching_step(secret: str, answer: str, now: float) -> int | None:
    """The time step whose digits these are, if it is near enough."""
    generator = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now) // STEP_SECONDS
    digits = typed.compact(answer).encode()
    matching = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), digits):
            matching = step
    return matching


METHOD = Totp()
