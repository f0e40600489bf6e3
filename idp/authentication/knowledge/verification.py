"""Whether somebody tells the name and the whole certificate number of an account: asked where a code is too little."""

import hmac

from idp.accounts.model import Account
from idp.accounts.names import same_name
from idp.accounts.store import CERTIFICATE, AccountStore
from idp.infrastructure import typed


def knowledge_verified(accounts: AccountStore, account: Account, name: str, certificate_number: str) -> bool:
    """Whether both are those of the account; an account without a certificate number is told by nobody."""
    number = accounts.reveal(CERTIFICATE, account.certificate_number)
    told = typed.certificate_number(certificate_number)
    if number is None or not hmac.compare_digest(number.encode(), told.encode()):
        return False
    return same_name(account.name, name)
