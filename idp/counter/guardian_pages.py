"""The page on which staff who saw the papers begin to enter the guardian of a child, and how a supervisor ends that."""

from starlette.responses import Response

from idp.authentication.visitor import Pages, Visitor
from idp.counter.account_pages import AccountPages, shown
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import CounterPerson, CounterRefusal, Papers
from idp.counter.routes import HOME, said
from idp.counter.service import Counter
from idp.counter.texts import PAPERS, REFUSALS, STATES

GUARDIAN = "/counter/guardian"
END = f"{GUARDIAN}/end"


class GuardianPages:
    """Handlers of /counter/guardian; what is ended stands on the page of the child's account."""

    def __init__(self, guard: StaffGuard, counter: Counter, accounts: AccountPages) -> None:
        self._guard = guard
        self._counter = counter
        self._accounts = accounts

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            GUARDIAN: {"GET": self._guard.show(self.show), "POST": self._guard.act(self.act)},
            END: {"POST": self._guard.act(self.end, supervisor=True)},
        }

    async def show(self, staff: Staff) -> Response:
        """The form to find both."""
        return self._page(staff)

    async def act(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Find child and guardian; then ask a colleague to confirm."""
        if fields.get("step") == "find":
            child = await self._counter.find(fields.get("child", ""), staff.id)
            guardian = await self._counter.find(fields.get("guardian", ""), staff.id)
            missing = "child" if child is None else "guardian" if guardian is None else ""
            return self._page(staff, child, guardian, "not-found" if missing else None, missing)
        child = await self._counter.by_id(fields.get("child", ""), staff.id)
        guardian = await self._counter.by_id(fields.get("guardian", ""), staff.id)
        try:
            if child is None or guardian is None:
                raise CounterRefusal("not-found")
            if "seen" not in fields:
                raise CounterRefusal("not-seen")
            await self._counter.ask_guardian(child.id, guardian.id, _papers(fields), staff.id)
        except CounterRefusal as error:
            return self._page(staff, child, guardian, str(error))
        return staff.redirect(f"{HOME}?done=asked")

    async def end(self, staff: Staff, fields: dict[str, str]) -> Response:
        """End a guardianship, and back to the child's account."""
        child = await self._counter.by_id(fields.get("account", ""), staff.id)
        try:
            if child is None:
                raise CounterRefusal("not-found")
            if fields.get("mandate") not in [one.id for one in await self._counter.guardians(child.id)]:
                raise CounterRefusal("unchanged")
            reason = fields.get("reason", "")
            await self._counter.end_guardian(fields.get("mandate", ""), reason, staff.id)
        except CounterRefusal as error:
            return await self._accounts.page(staff, child, error=str(error))
        return staff.redirect(shown(fields.get("account", ""), "guardian-ended"))

    def _page(
        self,
        visitor: Visitor,
        child: CounterPerson | None = None,
        guardian: CounterPerson | None = None,
        error: str | None = None,
        wrong: str = "",
    ) -> Response:
        say = visitor.say
        both = {"child": child, "guardian": guardian} if child and guardian else {}
        return visitor.page(
            "counter_guardian.html",
            400 if error else 200,
            here=GUARDIAN,
            done=None,
            error=said(visitor, REFUSALS, error),
            wrong=wrong,
            found={role: (person, say(STATES[person.state])) for role, person in both.items()},
            papers=[(kind.value, say(text)) for kind, text in PAPERS.items()],
        )


def _papers(fields: dict[str, str]) -> Papers:
    """What was seen; raises CounterRefusal."""
    try:
        return Papers(fields.get("papers", ""))
    except ValueError as error:
        raise CounterRefusal("papers") from error
