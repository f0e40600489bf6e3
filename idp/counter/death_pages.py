"""The page on which a supervisor begins to record a death, with the name typed as it is on record."""

from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.model import AccountState, InvalidAccount
from idp.authentication.visitor import Pages
from idp.counter.account_pages import ACCOUNTS, DECEASED, AccountPages, shown
from idp.counter.account_requests import AccountRequests
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import CounterPerson, CounterRefusal
from idp.counter.routes import said, typed_reason
from idp.counter.service import Counter
from idp.counter.texts import REFUSALS, STATES


class DeathPages:
    """Handlers of /counter/deceased; for supervisors."""

    def __init__(
        self, guard: StaffGuard, counter: Counter, requests: AccountRequests, accounts: AccountPages
    ) -> None:
        self._guard = guard
        self._counter = counter
        self._requests = requests
        self._accounts = accounts

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            DECEASED: {"GET": self._guard.show(self.show), "POST": self._guard.act(self.ask, supervisor=True)}
        }

    async def show(self, staff: Staff) -> Response:
        """Who it is, by the full name, and what follows."""
        if not staff.is_supervisor:
            return self._guard.refused(staff, "supervisor")
        found = await self._counter.by_id(staff.query.get("account", ""), staff.id)
        return await self._page(staff, found)

    async def ask(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Ask a colleague to confirm it."""
        found = await self._counter.by_id(fields.get("account", ""), staff.id)
        if found is None:
            return await self._page(staff, None)
        try:
            if await self._counter.is_concerned(staff.id, found.id):
                raise CounterRefusal("own-account")
            if found.state not in (AccountState.ACTIVE, AccountState.FROZEN):
                raise CounterRefusal("unchanged")
            name, reason = fields.get("name", ""), fields.get("reason", "")
            await self._requests.deceased(found.id, name, reason, staff.id)
        except InvalidAccount:
            return await self._page(staff, found, "reason")
        except CounterRefusal as error:
            return await self._page(staff, found, str(error))
        return staff.redirect(shown(found.id, "asked"))

    async def _page(self, staff: Staff, found: CounterPerson | None, error: str | None = None) -> Response:
        account = None if found is None else await self._counter.account(found.id)
        if found is None or account is None:
            return await self._accounts.page(staff, None, error="not-found")
        return staff.page(
            "counter_deceased.html",
            400 if error else 200,
            here=ACCOUNTS,
            done=None,
            error=said(staff, REFUSALS, error),
            typed_reason=typed_reason(staff),
            wrong=error,
            found=found,
            full_name=account.name,
            state_text=staff.say(STATES[found.state]),
            back=f"{ACCOUNTS}?{urlencode({'account': found.id})}",
        )
