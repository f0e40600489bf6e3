"""Pages on which staff change the fate of an account: freeze, thaw, death, theft, a phone that moved."""

from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.lifecycle.service import Lifecycle
from idp.accounts.merges.service import Merges
from idp.accounts.model import AccountState, InvalidAccount
from idp.authentication.visitor import Pages
from idp.counter.account_requests import AccountRequests
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import CounterPerson, CounterRefusal, LookUpReason, RequestKind
from idp.counter.routes import reason_of, said, typed_reason
from idp.counter.service import Counter
from idp.counter.texts import ACTIONS, NOTICES, REFUSALS, STATES
from idp.infrastructure.beijing import clock

ACCOUNTS = "/counter/accounts"
CHANGE = f"{ACCOUNTS}/change"
DECEASED = "/counter/deceased"
"""A page of its own: nobody is to come there by the wrong button (`idp.counter.death_pages`)."""
OPEN = ("freeze", "secure", "release")
POSSIBLE = {
    AccountState.ACTIVE: OPEN,
    AccountState.FROZEN: ("thaw", "secure", "release"),
    AccountState.DECEASED: ("thaw", "release"),
}
ALONE = frozenset({"freeze", "secure"})
"""What one member of staff does at once, unless the account is a colleague's: it lets nobody in. All else takes two."""


class AccountPages:
    """Handlers of /counter/accounts."""

    def __init__(
        self,
        guard: StaffGuard,
        counter: Counter,
        requests: AccountRequests,
        lifecycle: Lifecycle,
        merges: Merges,
    ) -> None:
        self._guard = guard
        self._counter = counter
        self._requests = requests
        self._lifecycle = lifecycle
        self._merges = merges

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            ACCOUNTS: {"GET": self._guard.show(self.show), "POST": self._guard.act(self.find)},
            CHANGE: {"POST": self._guard.act(self.change)},
        }

    async def show(self, staff: Staff) -> Response:
        """The account of the address, or the form to find one."""
        account_id = staff.query.get("account", "")
        found = await self._counter.by_id(account_id, staff.id) if account_id else None
        return await self.page(staff, found, done=staff.query.get("done"))

    async def find(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Find an account."""
        found = await self._counter.find(fields.get("identifier", ""), staff.id, reason_of(fields))
        if found is None:
            return await self.page(staff, None, error="not-found")
        await self._look_up_duplicates(found, staff, reason_of(fields))
        return staff.redirect(shown(found.id))

    async def change(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Do one of the actions that the page offers, for a reason."""
        decision, reason = fields.get("decision", ""), fields.get("reason", "")
        found = await self._counter.by_id(fields.get("account", ""), staff.id)
        if found is None:
            return await self.page(staff, None, error="not-found")
        if await self._counter.is_concerned(staff.id, found.id):
            return await self.page(staff, found, error="own-account")
        if decision not in _possible(found, staff):
            return await self.page(staff, found, error="unchanged")
        kind = await self._kind(decision, found)
        try:
            if kind is not None:
                await self._requests.change(kind, found.id, reason, staff.id)
                return staff.redirect(shown(found.id, "asked"))
            done = await self._do(decision, found.id, reason, staff.id)
        except InvalidAccount:
            return await self.page(staff, found, error="reason")
        except CounterRefusal as error:
            return await self.page(staff, found, error=str(error))
        if not done:
            return await self.page(staff, found, error="unchanged")
        return staff.redirect(shown(found.id, decision))

    async def _kind(self, decision: str, found: CounterPerson) -> RequestKind | None:
        """What a second member of staff has to confirm; None for what is done at once."""
        if decision == "thaw" and found.state == AccountState.DECEASED:
            return RequestKind.REVIVE
        if decision not in ALONE:
            return RequestKind(decision)
        # Who closes the account of a colleague silences whoever might object.
        return RequestKind(decision) if await self._requests.is_staff(found.id) else None

    async def _do(self, decision: str, account_id: str, reason: str, staff_id: str) -> bool:
        if decision == "freeze":
            return await self._lifecycle.freeze(account_id, reason, staff_id)
        return await self._lifecycle.secure(account_id, staff_id, reason) is not None

    async def page(
        self,
        staff: Staff,
        found: CounterPerson | None,
        *,
        done: str | None = None,
        error: str | None = None,
    ) -> Response:
        """The account with what can be done about it."""
        state = STATES[found.state] if found else None
        return staff.page(
            "counter_accounts.html",
            400 if error else 200,
            here=ACCOUNTS,
            done=said(staff, NOTICES, done),
            error=said(staff, REFUSALS, error),
            typed_reason=typed_reason(staff),
            found=found,
            state_text=staff.say(state) if state else "",
            actions=[(action, staff.say(ACTIONS[action])) for action in _possible(found, staff)],
            can_die=found is not None
            and found.state in (AccountState.ACTIVE, AccountState.FROZEN)
            and staff.is_supervisor,
            mergeable=found is not None and found.state == AccountState.ACTIVE and staff.is_supervisor,
            duplicates=await self._duplicates(found, staff),
            merges=await self._undoable(found, staff),
            guardians=await self._guardians(found, staff),
        )

    async def _guardians(self, found: CounterPerson | None, staff: Staff) -> list[dict[str, str | None]]:
        guardians = await self._counter.guardians(found.id) if found and staff.is_supervisor else []
        return [
            {"id": one.id, "name": one.agent_person_name, "since": clock(one.valid_from)} for one in guardians
        ]

    async def _duplicates(self, found: CounterPerson | None, staff: Staff) -> list[CounterPerson]:
        account = await self._counter.account(found.id) if found and staff.is_supervisor else None
        if account is None or account.state != AccountState.ACTIVE:
            return []
        others = await self._merges.duplicates(account)
        visited = [await self._counter.visits.account(other.id, staff.id) for other in others]
        return [self._counter.person(other) for other in visited if other is not None]

    async def _look_up_duplicates(self, found: CounterPerson, staff: Staff, reason: LookUpReason) -> None:
        """Who is shown beside somebody is looked up like them: another division's is not found, each is a line."""
        account = await self._counter.account(found.id) if staff.is_supervisor else None
        for other in [] if account is None else await self._merges.duplicates(account):
            await self._counter.visits.look_up(other.username, staff.id, reason)

    async def _undoable(self, found: CounterPerson | None, staff: Staff) -> list[dict[str, str]]:
        if found is None or not staff.is_supervisor:
            return []
        now = staff.site.sources.now()
        return [
            {"id": merge.id, "at": clock(merge.merged_at), "until": clock(merge.undo_until)}
            for merge in await self._merges.of(found.id)
            if merge.undone_at is None and merge.undo_until > now
        ]


def _possible(found: CounterPerson | None, staff: Staff) -> list[str]:
    """What this member of staff can do about the account now."""
    if found is None:
        return []
    actions = POSSIBLE.get(AccountState(found.state), ())
    # Opening again the account of somebody who was taken for dead is for supervisors.
    hard = {"thaw"} if found.state == AccountState.DECEASED else set()
    if not found.phone:
        actions = tuple(action for action in actions if action != "release")
    return [action for action in actions if staff.is_supervisor or action not in hard]


def shown(account_id: str, done: str = "") -> str:
    """The address of an account, and of what was done about it."""
    query = {"account": account_id} | ({"done": done} if done else {})
    return f"{ACCOUNTS}?{urlencode(query)}"
