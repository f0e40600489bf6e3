"""/counter/corrections: what people say is wrong about their record; staff look into it and answer."""

from starlette.responses import Response

from idp.accounts.model import CorrectionRequest
from idp.accounts.real_names.corrections import LONGEST, BadText, Corrections
from idp.authentication.visitor import Pages
from idp.counter.guard import Staff, StaffGuard
from idp.counter.visits import Visits
from idp.infrastructure.beijing import clock
from idp.infrastructure.masking import masked_name
from idp.infrastructure.translations import mark as _

CORRECTIONS = "/counter/corrections"
DONE = "done"
ANSWERED = _("已答复，并已通知申请人。")
NO_ANSWER = _("请写明答复，最多 500 个字。")
NOT_YOURS = _("没有改动：这项申请已经有人答复，或者是您自己提交的。")


class CorrectionPages:
    """The answer is all that is done here; what has to be changed is changed under 账号处理 or 实名核验."""

    def __init__(self, guard: StaffGuard, corrections: Corrections, visits: Visits) -> None:
        self._guard = guard
        self._corrections = corrections
        self._visits = visits

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {CORRECTIONS: {"GET": self._guard.show(self.show), "POST": self._guard.act(self.answer)}}

    async def show(self, staff: Staff) -> Response:
        """What waits, oldest first."""
        done = ANSWERED if staff.query.get("done") == DONE else None
        return await self._page(staff, done=done)

    async def answer(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Close one."""
        corrected = fields.get("decision") == DONE
        if fields.get("id") not in await self._visits.corrections(staff.id):
            return await self._page(staff, error=NOT_YOURS, status=409)
        try:
            done = await self._corrections.decide(
                fields.get("id", ""), staff.id, done=corrected, answer=fields.get("answer", "")
            )
        except BadText:
            return await self._page(staff, error=NO_ANSWER, status=400)
        if not done:
            return await self._page(staff, error=NOT_YOURS, status=409)
        return staff.redirect(f"{CORRECTIONS}?done={DONE}")

    async def _page(
        self,
        staff: Staff,
        *,
        done: str | None = None,
        error: str | None = None,
        status: int = 200,
    ) -> Response:
        mine = await self._visits.corrections(staff.id)
        return staff.page(
            "counter_corrections.html",
            status,
            here=CORRECTIONS,
            done=staff.say(done) if done else None,
            error=staff.said(error),
            longest=LONGEST,
            corrections=[self._shown(each) for each in await self._corrections.waiting() if each.id in mine],
        )

    @staticmethod
    def _shown(each: CorrectionRequest) -> dict[str, str]:
        return {
            "id": each.id,
            "name": masked_name(each.name),
            "username": each.username,
            "wanted": each.wanted,
            "at": clock(each.asked_at),
        }
