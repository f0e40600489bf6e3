"""/counter/conflicts: who came from an upstream platform and fitted no rule; a supervisor settles it by the papers."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.accounts.names import NameProblem
from idp.authentication.visitor import Pages, Visitor
from idp.counter.account_requests import AccountRequests
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import CounterRefusal
from idp.counter.service import Counter
from idp.federation.linking.account_links import AccountLinks, NoSuchConflict
from idp.federation.linking.outcomes import Unfit
from idp.federation.model import UpstreamConflict
from idp.infrastructure.beijing import clock
from idp.infrastructure.masking import ends_shown, masked_name
from idp.infrastructure.translations import CHINESE
from idp.infrastructure.translations import mark as _

CONFLICTS = "/counter/conflicts"
LINK, DISMISS = "link", "dismiss"
REASONS = {
    Unfit.NAME: _("证件号码相同，姓名不同"),
    Unfit.CERTIFICATE: _("这个证件已经在另一个账号上核验过"),
    Unfit.OTHER_IDENTITY: _("平台上的同一个账号换成了另一个人的证件"),
    Unfit.UNREADABLE: _("平台给出的姓名或证件不合规则，无法核对"),
    Unfit.REPRESENTATIVE: _("平台和本系统登记的法定代表人不一致"),
}
PROBLEMS = {
    NameProblem.LENGTH: _("姓名是空的或太长（最多 50 个字）"),
    NameProblem.PRIVATE: _("姓名里有自造字，只有对方系统认识"),
    NameProblem.SIGN: _("姓名里有表情、括号、数字等不能用在姓名里的符号"),
    NameProblem.NO_LETTER: _("姓名里没有文字"),
}
BAD_CERTIFICATE = _("证件类型或号码不合规则")
SETTLED = _("已处理。")
ASKED = _("申请已提交，请另一位工作人员复核。复核后从下次登录起生效。")
NOT_FOUND = _("没有改动：这一项已经有人处理。")
NO_ACCOUNT = _("没有找到这个账号，请核对用户名、手机号或证件号码。")
OWN = _("不能处理与自己账号有关的事项。")
Titles = Mapping[str, tuple[str, str]]


class ConflictPages:
    """What the platform says is masked as at every other place of the counter; whoever is there shows the papers."""

    def __init__(
        self,
        guard: StaffGuard,
        counter: Counter,
        requests: AccountRequests,
        desk: AccountLinks,
        platforms: Titles,
    ) -> None:
        self._guard = guard
        self._counter = counter
        self._requests = requests
        self._desk = desk
        self._platforms = platforms

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            CONFLICTS: {
                "GET": self._guard.show(self.show),
                "POST": self._guard.act(self.settle, supervisor=True),
            }
        }

    async def show(self, staff: Staff) -> Response:
        """What waits, oldest first."""
        return await self._page(staff)

    async def settle(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Say whose account of the platform it is, for a colleague to confirm, or leave everything as it is."""
        conflict = fields.get("id", "")
        try:
            one = await self._desk.find(conflict)
            if one.id not in await self._counter.visits.conflicts(staff.id):
                raise NoSuchConflict
            if one.account_id and await self._counter.is_concerned(staff.id, one.account_id):
                return await self._page(staff, OWN, 403)
            if fields.get("decision") == DISMISS:
                await self._desk.dismiss(conflict, staff.id)
            else:
                found = await self._counter.find(fields.get("identifier", ""), staff.id)
                if found is None:
                    return await self._page(staff, NO_ACCOUNT, 400)
                await self._requests.link(conflict, found.id, staff.id)
                return staff.redirect(f"{CONFLICTS}?done=asked")
        except CounterRefusal:
            return await self._page(staff, OWN, 403)
        except NoSuchConflict:
            return await self._page(staff, NOT_FOUND, 409)
        return staff.redirect(f"{CONFLICTS}?done=settled")

    async def _page(self, staff: Staff, error: str | None = None, status: int = 200) -> Response:
        mine, waiting = await self._counter.visits.conflicts(staff.id), await self._desk.waiting()
        done = {"settled": SETTLED, "asked": ASKED}.get(staff.query.get("done", ""))
        return staff.page(
            "counter_conflicts.html",
            status,
            here=CONFLICTS,
            done=staff.say(done) if done else None,
            error=staff.said(error),
            decides=staff.is_supervisor,
            conflicts=[await self._shown(staff, one) for one in waiting if one.id in mine],
        )

    async def _shown(self, visitor: Visitor, one: UpstreamConflict) -> dict[str, object]:
        account = await self._counter.account(one.account_id or "")
        person = None if account is None else self._counter.person(account)
        chinese, english = self._platforms.get(one.profile, (one.profile,) * 2)
        return {
            "id": one.id,
            "reference": one.reference,
            "reason": visitor.say(REASONS[Unfit(one.reason)]),
            "problem": self._problem(visitor, one.content.problem),
            "platform": chinese if visitor.language == CHINESE else english,
            "name": masked_name(one.content.name),
            "number": ends_shown(one.content.certificate_number),
            "level": one.content.level,
            "account": person,
            "at": clock(one.created_at),
        }

    def _problem(self, visitor: Visitor, word: str) -> str:
        """Which rule it breaks, for staff; "" where it breaks none, and where it was noted by an earlier release."""
        if not word:
            return ""
        text = PROBLEMS[NameProblem(word)] if word in list(NameProblem) else BAD_CERTIFICATE
        return visitor.say(text)
