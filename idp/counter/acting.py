"""Acting for a person who stands at the counter: the mandate behind it, which lasts as long as a visit."""

from collections.abc import Awaitable, Callable

from idp.accounts.model import State
from idp.accounts.store import AccountStore
from idp.counter.model import NotAtCounter
from idp.infrastructure.foundation import Foundation

Begin = Callable[[str, str], Awaitable[str | None]]
"""`Mandates.begin_counter`: applicant and member of staff; the mandate's id, None where it cannot be."""

Concerns = Callable[[str, str], Awaitable[bool]]
"""`Counter.is_concerned`: whether a member of staff and an account are one person."""


class Acting:
    """The counter's way into acting for somebody."""

    def __init__(self, foundation: Foundation, begin: Begin, is_concerned: Concerns) -> None:
        self._database = foundation.database
        self._accounts = AccountStore(foundation.vault)
        self._begin = begin
        self._is_concerned = is_concerned

    async def begin(self, applicant_id: str, staff_id: str) -> None:
        """Let a member of staff act for an applicant who is present. Raises NotAtCounter."""
        if await self._is_concerned(staff_id, applicant_id):
            raise NotAtCounter("own-account")
        row = await self._database.read(lambda: self._accounts.by_id(applicant_id))
        if row is None or row["state"] != State.ACTIVE:
            raise NotAtCounter("closed")
        if await self._begin(applicant_id, staff_id) is None:
            raise NotAtCounter("mandate")
