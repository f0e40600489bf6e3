"""The pages on which a supervisor makes one account of two, choosing what is kept, or parts them again."""

from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.merges.service import (
    BOTH,
    CHOICES,
    FACTORS,
    INTO,
    KEYS,
    OTHER,
    MergeRefused,
    Merges,
    Plan,
    proving_side,
)
from idp.accounts.model import Account, InvalidAccount
from idp.accounts.store import ADDRESS, EMAIL, PHONE
from idp.authentication.visitor import Pages, Visitor
from idp.counter.account_pages import ACCOUNTS, AccountPages
from idp.counter.account_requests import AccountRequests
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import CounterRefusal
from idp.counter.routes import said, typed_reason
from idp.counter.service import Counter
from idp.counter.texts import CHOICE_TEXTS, REFUSALS, SIDE_TEXTS

MERGE = "/counter/merge"
UNDO = f"{MERGE}/undo"


class MergePages:
    """Handlers of /counter/merge and its undoing; for supervisors."""

    def __init__(
        self,
        guard: StaffGuard,
        counter: Counter,
        requests: AccountRequests,
        merges: Merges,
        accounts: AccountPages,
    ) -> None:
        self._guard = guard
        self._counter = counter
        self._requests = requests
        self._merges = merges
        self._accounts = accounts

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            MERGE: {"GET": self._guard.show(self.show), "POST": self._guard.act(self.merge, supervisor=True)},
            f"{MERGE}/find": {"POST": self._guard.act(self.find, supervisor=True)},
            UNDO: {"POST": self._guard.act(self.undo, supervisor=True)},
        }

    async def show(self, staff: Staff) -> Response:
        """The two accounts side by side, with a choice for each thing in which they differ."""
        return await self._page(staff, dict(staff.query))

    async def find(self, staff: Staff, fields: dict[str, str]) -> Response:
        """The other account of the person, which may have no certificate yet."""
        other = await self._counter.find(fields.get("identifier", ""), staff.id)
        into = await self._counter.by_id(fields.get("into", ""), staff.id)
        if other is None or into is None:
            return await self._accounts.page(staff, into, error="not-found")
        return staff.redirect(f"{MERGE}?{urlencode({'account': other.id, 'into': into.id})}")

    async def merge(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Ask a colleague to confirm that the two become one."""
        keep = {
            name: fields[name]
            for name in (*CHOICES, FACTORS)
            if fields.get(name) in ((OTHER, INTO, BOTH) if name == FACTORS else (OTHER, INTO))
        }
        plan = Plan(fields.get("account", ""), fields.get("into", ""), keep)
        if not await self._served(staff, plan.account_id, plan.into):
            return await self._accounts.page(staff, None, error="not-found")
        try:
            await self._requests.merge(plan, fields.get("reason", ""), staff.id)
        except InvalidAccount:
            return await self._page(staff, fields, "reason")
        except (MergeRefused, CounterRefusal) as error:
            return await self._page(staff, fields, str(error))
        return staff.redirect(f"{ACCOUNTS}?{urlencode({'account': plan.into, 'done': 'asked'})}")

    async def undo(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Ask a colleague to confirm that they are parted again."""
        account_id = fields.get("account", "")
        error = ""
        merges = [merge.id for merge in await self._merges.of(account_id)]
        served = await self._counter.by_id(account_id, staff.id)
        if served is None or fields.get("merge") not in merges:
            return await self._accounts.page(staff, None, error="not-found")
        try:
            reason = fields.get("reason", "")
            await self._requests.unmerge(fields.get("merge", ""), account_id, reason, staff.id)
        except InvalidAccount:
            error = "reason"
        except CounterRefusal as refused:
            error = str(refused)
        if error:
            found = await self._counter.by_id(account_id, staff.id)
            return await self._accounts.page(staff, found, error=error)
        return staff.redirect(f"{ACCOUNTS}?{urlencode({'account': account_id, 'done': 'asked'})}")

    async def _page(self, staff: Staff, fields: dict[str, str], error: str | None = None) -> Response:
        other = await self._counter.visits.account(fields.get("account", ""), staff.id)
        into = await self._counter.visits.account(fields.get("into", ""), staff.id)
        if other is None or into is None or not staff.is_supervisor:
            return await self._accounts.page(staff, None, error="not-found")
        return staff.page(
            "counter_merge.html",
            400 if error else 200,
            here=MERGE,
            done=None,
            error=said(staff, REFUSALS, error),
            typed_reason=typed_reason(staff),
            other=self._counter.person(other),
            into=self._counter.person(into),
            days=self._merges.undo_days,
            choices=self._choices(staff, other, into, fields),
        )

    async def _served(self, staff: Staff, *account_ids: str) -> bool:
        """Whether all of them were looked up by who asks."""
        return all([await self._counter.by_id(each, staff.id) is not None for each in account_ids])

    def _choices(
        self, visitor: Visitor, other: Account, into: Account, fields: dict[str, str]
    ) -> list[dict[str, object]]:
        """Where the two differ, and what can be kept; passwords and factors are named, not shown."""
        say = visitor.say
        choices: list[dict[str, object]] = []
        settled = proving_side(other, into) is not None
        for name, columns in CHOICES.items():
            mine, theirs = self._shown(into, name), self._shown(other, name)
            if (
                not getattr(other, columns[0])
                or not getattr(into, columns[0])
                or (mine == theirs and name != "password")
            ):
                continue
            if settled and name in KEYS:
                continue
            options = [
                (INTO, f"{into.username} · {mine}" if mine else into.username),
                (OTHER, f"{other.username} · {theirs}" if theirs else other.username),
            ]
            kept = fields.get(name, INTO)
            choices.append({"name": name, "label": say(CHOICE_TEXTS[name]), "options": options, "kept": kept})
        if settled:
            return choices
        options = [
            (BOTH, say(SIDE_TEXTS[BOTH])),
            (INTO, into.username),
            (OTHER, other.username),
        ]
        kept = fields.get(FACTORS, INTO)
        label = say(CHOICE_TEXTS[FACTORS])
        return [*choices, {"name": FACTORS, "label": label, "options": options, "kept": kept}]

    def _shown(self, account: Account, name: str) -> str:
        match name:
            case "name":
                return account.name
            case "phone":
                return self._counter.masked(PHONE, account.phone)
            case "email":
                return self._counter.masked(EMAIL, account.email)
            case "address":
                return self._counter.masked(ADDRESS, account.address)
            case _:  # the username stands beside it, and nothing is told of a password
                return ""
