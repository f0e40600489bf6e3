"""Recovery codes: printed once, each good for one login when phone or key are lost."""

import hmac

from idp.accounts.authenticator_store import RECOVERY_CODE, AuthenticatorStore
from idp.accounts.model import Authenticator
from idp.authentication.methods.interface import AnswerField, FactorTexts
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.translations import mark as _
from idp.sessions.model import ONE_TIME_PASSWORD

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs without 0, 1, I and O: a code is read from paper."""
LETTERS = 12
"""60 bits: not to be guessed, whatever the throttle lets through."""


class RecoveryCode:
    """A line of the sheet that the person keeps."""

    kind = RECOVERY_CODE
    alone = False
    amr = ONE_TIME_PASSWORD
    texts = FactorTexts(
        title=_("恢复码"),
        added=_("您的账号生成了新的恢复码，旧的已作废。如果不是您本人操作，请立即修改密码并联系服务台。"),
    )
    field = AnswerField(
        word="recovery",
        heading=_("输入恢复码"),
        label=_("恢复码"),
        hint=_("在您保存的恢复码中选一个还没有用过的，照原样输入。"),
        wrong=_("恢复码不正确或已使用过。每个恢复码只能用一次。"),
        instead=_("手机不在身边？使用恢复码"),
        numeric=False,
    )
    enrolment = None

    def verify(
        self, store: AuthenticatorStore, authenticator: Authenticator, answer: str, now: float
    ) -> Transaction[bool]:
        """See `SecondFactor.verify`; a used code is gone."""
        plain = typed.capitals(answer)
        account_id, kept = authenticator.account_id, authenticator.lookup or b""
        if len(plain) != LETTERS or not hmac.compare_digest(kept, store.lookup(code_key(account_id, plain))):
            return False
        return (yield from store.remove(account_id, authenticator.id)) is not None


def code_key(account_id: str, code: str) -> str:
    """What the keyed hash of a code is made of: two people may have the same."""
    return f"recovery:{account_id}:{code}"


METHOD = RecoveryCode()
