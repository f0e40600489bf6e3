"""The pages of the counter: home, the queue of what a second member of staff decides, and the owner's objection."""

from starlette.responses import Response

from idp.accounts.merges.service import BOTH, OTHER
from idp.accounts.real_names.certificate_texts import TYPE_TEXTS
from idp.accounts.real_names.certificates import stored_type
from idp.authentication.guard import on_form, on_page
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import (
    RECOVERY_WAIT_SECONDS,
    CounterRefusal,
    Disclosure,
    LookUpReason,
    OpenRequest,
    Papers,
    RequestKind,
    RequestState,
)
from idp.counter.service import Counter
from idp.counter.texts import ALARMS, CHOICE_TEXTS, DISCLOSURES, NOTICES, PAPERS, REFUSALS, SIDE_TEXTS
from idp.infrastructure.beijing import clock
from idp.infrastructure.masking import ends_shown
from idp.infrastructure.translations import mark as _
from idp.organizations.divisions import Divisions

HOME, QUEUE, OBJECTION = "/counter", "/counter/queue", "/counter/objection"
NUMBER = f"{QUEUE}/number"
KINDS = {
    RequestKind.VERIFY: _("实名核验"),
    RequestKind.RECOVER: _("找回账号"),
    RequestKind.GUARDIAN: _("登记监护人"),
    RequestKind.MERGE: _("合并账号"),
    RequestKind.UNMERGE: _("撤销合并"),
    RequestKind.LINK: _("关联平台账号"),
    RequestKind.RELEASE: _("解除手机号"),
    RequestKind.THAW: _("恢复使用"),
    RequestKind.REVIVE: _("撤销去世登记"),
    RequestKind.DECEASED: _("登记去世"),
    RequestKind.FREEZE: _("冻结"),
    RequestKind.SECURE: _("被盗处理"),
}
OTHERS = {
    RequestKind.MERGE: _("并入的账号"),
    RequestKind.UNMERGE: _("要分开的账号"),
    RequestKind.LINK: _("平台信息不符的编号"),
}
"""What the other side of a request is called."""
REMAINS = _("保留的账号")
NAME, TYPE, CERTIFICATE_NUMBER = _("姓名"), _("证件类型"), _("证件号码")
ACCOUNT, REASON = _("账号"), _("原因")
SEEN = frozenset({RequestKind.VERIFY, RequestKind.RECOVER, RequestKind.GUARDIAN})
"""The kinds for which the person stands there with a document."""


class CounterPages:
    """Handlers of /counter, /counter/queue and /counter/objection."""

    def __init__(self, guard: StaffGuard, counter: Counter, divisions: Divisions) -> None:
        self._guard = guard
        self._counter = counter
        self._divisions = divisions

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            HOME: {"GET": self._guard.show(self.home)},
            QUEUE: {"GET": self._guard.show(self.queue), "POST": self._guard.act(self.decide)},
            NUMBER: {"POST": self._guard.act(self.number)},
            OBJECTION: {
                "GET": on_page(self._guard.holder, self.show_objection),
                "POST": on_form(self._guard.holder, self.objected, self._guard.on_lapsed),
            },
        }

    async def home(self, staff: Staff) -> Response:
        """What can be done here, and how much waits."""
        pending = [
            one for one in await self._counter.open_requests(staff.id) if one.state is RequestState.PENDING
        ]
        return staff.page(
            "counter_home.html",
            here=HOME,
            done=said(staff, NOTICES, staff.query.get("done")),
            error=None,
            name=staff.session.name,
            divisions=[self._divisions.name(code) for code in staff.divisions],
            supervisor=staff.is_supervisor,
            waiting=sum(one.begun_by != staff.id for one in pending),
        )

    async def queue(self, staff: Staff) -> Response:
        """What waits for the second member of staff."""
        return await self._queue(staff)

    async def decide(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Confirm or refuse."""
        request_id = fields.get("request", "")
        try:
            if fields.get("decision") == "confirm":
                differs = "name_differs" in fields
                done = (await self._counter.confirm(request_id, staff.id, name_differs=differs)).value
            else:
                await self._counter.refuse(request_id, staff.id)
                done = RequestState.REFUSED.value
        except CounterRefusal as error:
            return await self._queue(staff, str(error), 409)
        return staff.redirect(f"{QUEUE}?done={done}")

    async def number(self, staff: Staff, fields: dict[str, str]) -> Response:
        """The whole numbers of one request, once, for a reason that is recorded."""
        request_id, why = fields.get("request", ""), fields.get("why", "")
        try:
            if why not in DISCLOSURES:
                raise CounterRefusal("why")
            await self._counter.disclose(request_id, staff.id, Disclosure(why))
        except CounterRefusal as error:
            return await self._queue(staff, str(error), 409)
        return await self._queue(staff, whole=request_id)

    async def show_objection(self, visitor: Subscriber) -> Response:
        """For the owner of an account: was it you?"""
        return visitor.page("counter_objection.html", done=visitor.query.get("done"))

    async def objected(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """The owner says no."""
        await self._counter.objected(visitor.account_id)
        return visitor.redirect(f"{OBJECTION}?done=refused")

    async def _queue(
        self, staff: Staff, error: str | None = None, status: int = 200, whole: str = ""
    ) -> Response:
        items = [
            self._item(staff, one) | self._sides(staff, one, whole=one.id == whole)
            for one in await self._counter.open_requests(staff.id)
        ]
        return staff.page(
            "counter_queue.html",
            status,
            here=QUEUE,
            done=said(staff, NOTICES, staff.query.get("done")),
            error=said(staff, REFUSALS, error),
            requests=items,
            reasons=[(word.value, staff.say(text)) for word, text in DISCLOSURES.items()],
        )

    def _item(self, staff: Staff, one: OpenRequest) -> dict[str, object]:
        own, claim = one.begun_by == staff.id, one.claim
        due_at = one.decided_at if one.state is RequestState.WAITING else None
        return {
            "id": one.id,
            "kind": staff.say(KINDS[one.kind]),
            "facts": self._facts(staff, one),
            "seen": one.kind in SEEN,
            "name": one.name,
            "phone": ends_shown(claim.phone),
            "released": ends_shown(one.phone) if one.kind is RequestKind.RELEASE else "",
            "guardian": claim.guardian,
            "papers": staff.say(PAPERS[Papers(claim.papers)]) if claim.papers else "",
            "begun_by": one.begun_by_name,
            "begun_at": clock(one.begun_at),
            "due_at": "" if due_at is None else clock(due_at + RECOVERY_WAIT_SECONDS),
            "own": own,
            "confirmable": not own and due_at is None and one.account_id != staff.id,
        }

    def _sides(self, visitor: Visitor, asked: OpenRequest, *, whole: bool) -> dict[str, object]:
        """What the record says, and what is claimed where a request names somebody."""
        one, say = self._counter.comparison(asked), visitor.say

        def number(text: str | None) -> str:
            return (text or "") if whole else ends_shown(text)

        def type_(word: str | None) -> str:
            return say(TYPE_TEXTS[stored_type(word)]) if word else ""

        was, now = one.record, one.claim
        differs = one.name_differs or one.certificate_differs
        alarm = ALARMS[
            "impossible" if one.impossible else "certificate" if one.certificate_differs else "name"
        ]
        return {
            "sides": [
                (say(NAME), was.name or "", now.name or "", one.name_differs),
                (say(TYPE), type_(was.certificate_type), type_(now.certificate_type), False),
                (
                    say(CERTIFICATE_NUMBER),
                    number(was.certificate_number),
                    number(now.certificate_number),
                    one.certificate_differs,
                ),
            ],
            "alarm": say(alarm) if differs else None,
            "tick": one.wants_tick,
            "whole": whole,
            "has_number": bool(was.certificate_number or now.certificate_number),
        }

    def _facts(self, visitor: Visitor, one: OpenRequest) -> list[tuple[str, str]]:
        """What else has to be compared before it is confirmed."""
        say, claim = visitor.say, one.claim
        account = REMAINS if one.kind is RequestKind.MERGE else ACCOUNT
        facts = [] if one.kind in SEEN else [(say(account), one.username)]
        if claim.other:
            facts.append((say(OTHERS[one.kind]), claim.other))
        for name, side in (claim.keep or {}).items():
            kept = self._side(visitor, side, one)
            if name == "name" and claim.name:
                kept = claim.name if side == OTHER else one.name
            facts.append((say(CHOICE_TEXTS[name]), kept))
        if claim.reason:
            facts.append((say(REASON), claim.reason))
        return facts

    def _side(self, visitor: Visitor, side: str, one: OpenRequest) -> str:
        if side == BOTH:
            return visitor.say(SIDE_TEXTS[BOTH])
        return one.claim.other or "" if side == OTHER else one.username


def said(visitor: Visitor, texts: dict[str, str], word: str | None) -> str | None:
    """The text of a word, in the person's language; nothing for a word that is not ours."""
    return visitor.say(texts[word]) if word in texts else None


def typed_reason(visitor: Visitor) -> str:
    """The reason that this request's form came with, for the page that refuses it: nothing typed is lost."""
    return visitor.typed.get("reason", "")


def reason_of(fields: dict[str, str]) -> LookUpReason:
    """Why somebody is looked up; of what is no reason of ours, the one that allows least."""
    try:
        return LookUpReason(fields.get("why", ""))
    except ValueError:
        return LookUpReason.ORDERED
