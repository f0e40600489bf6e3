"""Whether somebody tells the name and the whole certificate number of an account: asked where a code is too little."""

import hmac
import unicodedata

from idp.accounts.store import CERTIFICATE, AccountStore
from idp.infrastructure.database import Row
from idp.infrastructure.typed import bounded

_DOTS = str.maketrans(dict.fromkeys("•‧・⋅∙．.", "·"))


def is_known(accounts: AccountStore, account: Row, name: str, certificate_number: str) -> bool:
    """Whether both are those of the account; an account without a certificate number is told by nobody."""
    number = accounts.reveal(account, CERTIFICATE)
    told = "".join(bounded(certificate_number).split()).upper()
    if number is None or not hmac.compare_digest(number.encode(), told.encode()):
        return False
    return hmac.compare_digest(_plain(account["name"]).encode(), _plain(name).encode())


def _plain(name: str) -> str:
    """A name as it is compared: without blanks, width and the many ways to write the dot."""
    return "".join(unicodedata.normalize("NFKC", bounded(name).translate(_DOTS)).split()).upper()
