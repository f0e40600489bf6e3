"""The page on which staff begin to act for a person who is present, and the end of it."""

from starlette.responses import Response

from idp.authentication.guard import open_form
from idp.authentication.visitor import Pages, Visitor
from idp.counter.acting import PresenceActing
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import CounterPerson, CounterRefusal
from idp.counter.routes import reason_of, said
from idp.counter.service import Counter
from idp.counter.texts import NOTICES, REFUSALS, STATES
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.presence import END

ACT = "/counter/act"
ACTING = "/acting"
"""Where somebody chooses for whom to act (area of representation)."""


class ActPages:
    """Handlers of /counter/act."""

    def __init__(self, guard: StaffGuard, counter: Counter, acting: PresenceActing) -> None:
        self._guard = guard
        self._counter = counter
        self._acting = acting

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            ACT: {"GET": self._guard.show(self.show), "POST": self._guard.act(self.act)},
            END: {"POST": open_form(self.end, self._guard.on_lapsed)},
        }

    async def show(self, staff: Staff) -> Response:
        """The form to find the person."""
        return self._page(staff, done=staff.query.get("done"))

    async def act(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Find the person; then begin, and go on to where the counter's principal is chosen."""
        if fields.get("step") == "find":
            found = await self._counter.find(fields.get("identifier", ""), staff.id, reason_of(fields))
            return self._page(staff, found, None if found else "not-found")
        found = await self._counter.by_id(fields.get("account", ""), staff.id)
        try:
            if found is None:
                raise CounterRefusal("not-found")
            if "seen" not in fields:
                raise CounterRefusal("not-seen")
            own = staff.cookie(names.SESSION) or ""
            caller = staff.caller
            token, presence = await self._acting.begin(found.id, staff.session, own, caller)
        except CounterRefusal as error:
            return self._page(staff, found, str(error))
        response = staff.redirect(ACTING)
        staff.site.cookies.set(response, names.SESSION, token)
        staff.site.cookies.set(response, names.PRESENCE, presence.sealed(staff.site.vault))
        return response

    async def end(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """The visit is over; the own session goes on where it was. For whoever carries the presence, late too."""
        presence = visitor.presence
        if presence is None:
            return visitor.redirect(ACT)
        await self._acting.end(presence, visitor.caller)
        response = visitor.redirect(f"{ACT}?done=act-ended")
        visitor.site.cookies.set(response, names.SESSION, presence.own)
        visitor.site.cookies.clear(response, names.PRESENCE)
        return response

    def _page(
        self,
        visitor: Visitor,
        found: CounterPerson | None = None,
        error: str | None = None,
        done: str | None = None,
    ) -> Response:
        return visitor.page(
            "counter_act.html",
            400 if error else 200,
            here=ACT,
            done=said(visitor, NOTICES, done),
            error=said(visitor, REFUSALS, error),
            found=found,
            state_text=visitor.say(STATES[found.state]) if found else "",
        )
