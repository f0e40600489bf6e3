"""The statements by which a person changes how to be reached."""

from sqlalchemy import bindparam, literal, update
from sqlalchemy.types import LargeBinary, Text

from idp.accounts.model import AccountState
from idp.accounts.store import ADDRESS as POSTAL_ADDRESS
from idp.accounts.store import EMAIL, accounts
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.vault import Vault

# Both, or none: two forms sent at once leave one of them, not half of each.
SET_CONTACT = Statement(
    update(accounts)
    .where(
        accounts.c.id == bindparam("the_id", type_=Text),
        accounts.c.state == literal(AccountState.ACTIVE.value),
    )
    .values(
        email=bindparam("new_email", type_=LargeBinary),
        address=bindparam("new_address", type_=LargeBinary),
        updated_at=bindparam("now", type_=Instant()),
    )
    .returning(accounts.c.id),
    lock_key="the_id",
)


class ContactStore:
    """One statement per method."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def set(self, account_id: str, email: str | None, address: str | None, now: float) -> Transaction[bool]:
        """Set mail and postal address of an open account; False where it is not open."""
        call = SET_CONTACT(
            the_id=account_id,
            new_email=self._sealed(EMAIL, email),
            new_address=self._sealed(POSTAL_ADDRESS, address),
            now=now,
        )
        return bool((yield call))

    def _sealed(self, place: str, value: str | None) -> bytes | None:
        return None if value is None else self._vault.encrypt(place, value)
