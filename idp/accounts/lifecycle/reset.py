"""Gives an account back to the owner who stands at a counter: every old proof ends, a new phone begins."""

from sqlalchemy import bindparam, literal, null, update
from sqlalchemy.types import LargeBinary, Text

from idp.accounts.lifecycle.hooks import AccountLifecycleHooks
from idp.accounts.lifecycle.store import NO_PASSWORD, LifecycleStore
from idp.accounts.model import Account, AccountState
from idp.accounts.store import PHONE, RAISED, account_of, accounts
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.foundation import Foundation

_now = bindparam("now", type_=Instant())

RESET = Statement(
    update(accounts)
    .where(
        accounts.c.id == bindparam("the_id", type_=Text),
        accounts.c.state == literal(AccountState.ACTIVE.value),
    )
    .values(
        password_hash=literal(NO_PASSWORD, Text),
        phone=bindparam("new_phone", type_=LargeBinary),
        phone_index=bindparam("new_index", type_=LargeBinary),
        phone_verified_at=bindparam("verified_at", type_=Instant()),
        email=null(),
        closes_at=null(),
        updated_at=_now,
        **RAISED,
    )
    .returning(accounts),
    lock_key="the_id",
)


class Reset:
    """Part of the transaction in which a recovery takes effect."""

    def __init__(self, foundation: Foundation, lifecycle_hooks: AccountLifecycleHooks) -> None:
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._store = LifecycleStore()
        self._lifecycle_hooks = lifecycle_hooks

    def done(self, account_id: str, phone: str | None) -> Transaction[Account | None]:
        """No password, mail, factor, link, session or device is left, only this phone; None if the account is closed.

        Mandates stay: who has lost a phone has not lost a firm.
        """
        now = self._sources.now()
        call = RESET(
            the_id=account_id,
            new_phone=None if phone is None else self._vault.encrypt(PHONE, phone),
            new_index=None if phone is None else self._vault.blind_index(PHONE, phone),
            verified_at=None if phone is None else now,
            now=now,
        )
        account = first_as(account_of, (yield call))
        if account is not None:
            yield from self._store.drop_factors(account_id, 0.0)
            yield from self._lifecycle_hooks.recover(account_id, now)
        return account
