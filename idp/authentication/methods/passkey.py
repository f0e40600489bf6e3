"""Passkeys (WebAuthn) as a second factor: shown to the browser in a ceremony (`passkeys.py`), never typed."""

from idp.accounts.authenticator_store import PASSKEY, AuthenticatorStore
from idp.accounts.model import Authenticator
from idp.authentication.methods.interface import FactorTexts
from idp.infrastructure.database import Transaction
from idp.infrastructure.translations import mark as _
from idp.sessions.model import USER_PRESENT


class Passkey:
    """A key of a phone, a computer or a stick."""

    kind = PASSKEY
    alone = True
    amr = USER_PRESENT
    texts = FactorTexts(
        title=_("通行密钥"),
        add=_("添加通行密钥"),
        added=_("您的账号新增了一个通行密钥。如果不是您本人操作，请立即修改密码并联系服务台。"),
        removed=_("您的账号移除了一个通行密钥。如果不是您本人操作，请立即修改密码并联系服务台。"),
    )
    field = None
    enrolment = None

    def verify(
        self, store: AuthenticatorStore, authenticator: Authenticator, answer: str, now: float
    ) -> Transaction[bool]:
        """Nothing that is typed is one."""
        yield from ()
        return False


METHOD = Passkey()
