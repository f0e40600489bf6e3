"""Counter-based one-time passwords (RFC 4226): a factor that comes to the product with this file and its page."""

import hmac
from base64 import b32encode

import pyotp

from idp.accounts.authenticator_store import AuthenticatorStore
from idp.accounts.model import Authenticator
from idp.authentication.methods.interface import AnswerField, FactorTexts
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.sources import Sources
from idp.sessions.model import ONE_TIME_PASSWORD

LOOK_AHEAD = 5  # §7.4: the button may have been pressed without logging in


class HotpEnrolment:
    """See `EnrolmentMethod`."""

    template = "security_hotp.html"
    wrong = "口令不正确，请再按一次令牌。"

    def new_secret(self, sources: Sources) -> str:
        """160 bits (§4)."""
        return b32encode(sources.new_bytes(20)).decode()

    def uri(self, secret: str, username: str) -> str:
        """otpauth://hotp/…"""
        return pyotp.HOTP(secret).provisioning_uri(name=username, issuer_name="湛河")

    def first_step(self, secret: str, answer: str, now: float) -> int | None:
        """The counter that the first answer spends."""
        return _matching(secret, answer, 0)


class Hotp:
    """A token with a button."""

    kind = "hotp"
    alone = True
    amr = ONE_TIME_PASSWORD
    texts = FactorTexts(
        title="按键令牌",
        add="添加按键令牌",
        added="您的账号新增了一个按键令牌。",
        removed="您的账号移除了一个按键令牌。",
    )
    field = AnswerField(
        word="hotp",
        heading="输入令牌口令",
        label="令牌口令",
        hint="按一下令牌，输入显示的数字。",
        wrong="令牌口令不正确或已使用过。",
        instead="改用按键令牌",
    )
    enrolment = HotpEnrolment()

    def verify(
        self, store: AuthenticatorStore, authenticator: Authenticator, answer: str, now: float
    ) -> Transaction[bool]:
        """See `SecondFactor.verify`."""
        counter = _matching(store.secret(authenticator), answer, authenticator.last_used_step + 1)
        return counter is not None and (yield from store.use_step(authenticator.id, counter, now))


def _matching(secret: str, answer: str, first: int) -> int | None:
    tokens, digits = pyotp.HOTP(secret), typed.compact(answer).encode()
    counters = range(first, first + LOOK_AHEAD)
    return next((each for each in counters if hmac.compare_digest(tokens.at(each).encode(), digits)), None)


METHOD = Hotp()
