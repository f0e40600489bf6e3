"""/me/mandates: for whom I may act, who may act for me, the children I am guardian of; and every decision about one."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.real_names.certificate_texts import TYPE_TEXTS
from idp.accounts.real_names.certificates import CertificateType
from idp.authentication.guard import LOGGED_IN, RECENT, STRONG, Guard, Requirement, on_page
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.infrastructure.translations import mark as _
from idp.organizations.guardians import GUARDIAN_LEVEL, Guardians
from idp.organizations.inviting import HELPER_LEVEL
from idp.organizations.mandates import Mandates
from idp.organizations.model import HELPER_DAYS, MandateRefusalReason, MandateRefused, Relation
from idp.organizations.records import NamedMandate
from idp.relying_parties.service import Registry
from idp.selfservice.representation.organization_routes import DETAILS, DONE
from idp.selfservice.representation.views import (
    GIVING,
    LAPSED,
    MANDATES,
    MISSED,
    ORGANIZATIONS,
    ShownProblem,
    Views,
    invitation,
    problem,
)
from idp.sessions.model import Session

DECIDE = f"{MANDATES}/decide"
HELPER = f"{MANDATES}/helper"
MINOR = f"{MANDATES}/minor"
CHILDREN = (
    CertificateType.RESIDENT_ID,
    CertificateType.HOUSEHOLD_REGISTER,
    CertificateType.HK_MACAU_TAIWAN_RESIDENCE,
)
"""Certificates of children: their numbers tell the birth date."""

Words = tuple[str, str, str]
DECISIONS: Mapping[str, Words] = {
    "accept": (
        _("要接受这个授权吗？"),
        _("接受后，您可以在系统里代对方办事，所办的事会记下是您办的。"),
        _("接受"),
    ),
    "decline": (_("要拒绝这个邀请吗？"), _("拒绝后，对方会收到通知。"), _("拒绝")),
    "suspend": (
        _("要暂停这个授权吗？"),
        _("暂停后，对方立即不能再代办，正在使用的系统会退出。之后可以恢复。"),
        _("暂停"),
    ),
    "resume": (_("要恢复这个授权吗？"), _("恢复后，对方可以继续代办。"), _("恢复")),
    "renew": (_("要给这个授权续期吗？"), _("从今天起，再有效同样长的时间。"), _("续期")),
    "revoke": (
        _("要撤销这个授权吗？"),
        _("撤销后，对方立即不能再代办，正在使用的系统会退出。不能恢复，只能重新邀请。"),
        _("撤销"),
    ),
    "resign": (
        _("不再代办了吗？"),
        _("确认后，您立即不能再代对方办事，正在使用的系统会退出。"),
        _("不再代办"),
    ),
}
ACCEPT = "accept"
"""Takes power: wants a login of the last minutes."""
OF_THE_AGENT = (ACCEPT, "decline", "resign")
ENDING = ("decline", "suspend", "revoke", "resign")
DONE_HERE = {
    **DONE,
    "accept": _("已接受。您现在可以代对方办事。"),
    "decline": _("已拒绝。"),
    "helper": _("邀请已发出。对方会收到短信，接受后生效。"),
    "minor": _("已添加。您现在可以代孩子办事。"),
}
Change = Callable[[str, str, str | None], Awaitable[bool]]


class MandatePages:
    """Handlers of /me/mandates."""

    def __init__(self, guard: Guard, mandates: Mandates, guardians: Guardians, registry: Registry) -> None:
        self._guard = guard
        self._mandates = mandates
        self._guardians = guardians
        self._views = Views(registry)
        self._changes: Mapping[str, Change] = {name: getattr(mandates, name) for name in DECISIONS}

    def routes(self) -> Pages:
        """Path → method → handler."""
        show, act, helper = self._guard.show, self._guard.act, STRONG.back_to(HELPER)
        return {
            MANDATES: {"GET": show(self.show)},
            DECIDE: {
                "GET": on_page(self._enter, self.show_decision),
                "POST": act(self.decide, self._lapsed_decision, LOGGED_IN.back_to(MANDATES)),
            },
            HELPER: {
                "GET": show(self.show_helper, helper),
                "POST": act(self.invite_helper, self._lapsed_helper, helper),
            },
            MINOR: {
                "GET": show(self.show_minor, RECENT),
                "POST": act(self.add_minor, self._lapsed_minor, RECENT.back_to(MINOR)),
            },
        }

    async def show(self, visitor: Subscriber) -> Response:
        """All three lists, and what waits for an answer."""
        held = self._views.mandates(visitor, await self._mandates.of_agent(visitor.account_id), to_agent=True)
        given = await self._mandates.of_person(visitor.account_id)
        mine = self._views.mandates(visitor, given, await self._mandates.decisions(visitor.account_id, given))
        invited = await self._mandates.invitations(visitor.account_id)
        return visitor.page(
            "mandates.html",
            here=MANDATES,
            done=visitor.done(DONE_HERE),
            invitations=self._views.mandates(visitor, invited, to_agent=True),
            held=[one for one in held if not one["is_guardian"]],
            children=[one for one in held if one["is_guardian"]],
            mine=[one for one in mine if one["open"]],
            past=[one for one in mine if not one["open"]],
            may_invite=visitor.session.real_name_level >= HELPER_LEVEL,
            may_add=visitor.session.real_name_level >= GUARDIAN_LEVEL,
        )

    async def show_decision(self, visitor: Subscriber) -> Response:
        """What is decided about, and the button."""
        query = visitor.query
        return await self._decision_page(visitor, query.get("id", ""), query.get("decision", ""))

    async def decide(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Do it, if the state still allows it."""
        mandate_id, decision = fields.get("id", ""), fields.get("decision", "")
        entered = await self._guard.enter(visitor, _wanted(mandate_id, decision))
        if isinstance(entered, Response):
            return entered
        change = self._changes.get(decision)
        one = await self._mandates.visible(visitor.account_id, mandate_id)
        if change is None or one is None:
            return visitor.redirect(MANDATES)
        if not await change(visitor.account_id, mandate_id, visitor.address):
            text = REFUSED_ACCEPTANCE if decision == "accept" else MISSED
            shown = ShownProblem(text, "", 409)
            return await self._decision_page(visitor, mandate_id, decision, shown)
        return visitor.redirect(_with(_back(visitor.session, one, decision), f"done={decision}"))

    async def _lapsed_decision(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        mandate_id, decision = fields.get("id", ""), fields.get("decision", "")
        return await self._decision_page(visitor, mandate_id, decision, ShownProblem(LAPSED))

    async def _enter(self, visitor: Visitor) -> Subscriber | Response:
        query = visitor.query
        return await self._guard.enter(visitor, _wanted(query.get("id", ""), query.get("decision", "")))

    async def show_helper(self, visitor: Subscriber) -> Response:
        """The form to ask a relative or friend."""
        return self._helper_page(visitor, {})

    async def invite_helper(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Send the invitation."""
        try:
            asked = invitation(fields | {"unified_social_credit_code": "", "role": ""})
            await self._mandates.invite_helper(visitor.account_id, asked, visitor.address)
        except MandateRefused as refused:
            return self._helper_page(visitor, fields, problem(refused))
        return visitor.redirect(f"{MANDATES}?done=helper")

    async def _lapsed_helper(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return self._helper_page(visitor, {}, ShownProblem(LAPSED))

    async def show_minor(self, visitor: Subscriber) -> Response:
        """The form to add a child."""
        return self._minor_page(visitor, {})

    async def add_minor(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Have name and number compared, and open the account."""
        try:
            if "statement" not in fields:
                raise MandateRefused(MandateRefusalReason.STATEMENT)
            await self._guardians.register_minor(
                visitor.account_id,
                fields.get("name", ""),
                fields.get("certificate_type", ""),
                fields.get("certificate_number", ""),
                visitor.address,
            )
        except MandateRefused as refused:
            return self._minor_page(visitor, fields, problem(refused))
        return visitor.redirect(f"{MANDATES}?done=minor")

    async def _lapsed_minor(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return self._minor_page(visitor, {}, ShownProblem(LAPSED))

    async def _decision_page(
        self, visitor: Subscriber, mandate_id: str, decision: str, error: ShownProblem | None = None
    ) -> Response:
        one = await self._mandates.visible(visitor.account_id, mandate_id)
        words = DECISIONS.get(decision)
        if one is None or words is None:
            return visitor.redirect(MANDATES)
        back = _back(visitor.session, one, decision)
        return visitor.page(
            "mandate_decide.html",
            error.status if error else 200,
            here=ORGANIZATIONS if back.startswith(ORGANIZATIONS) else MANDATES,
            again=_with(DECIDE, f"id={one.id}&decision={decision}"),
            error=visitor.said(error.text if error else None),
            mandate=self._views.mandate(visitor, one, to_agent=decision in OF_THE_AGENT),
            decision=decision,
            ending=decision in ENDING,
            words=[visitor.say(word) for word in words],
            back=back,
        )

    def _helper_page(
        self, visitor: Visitor, fields: dict[str, str], error: ShownProblem | None = None
    ) -> Response:
        return visitor.page(
            "mandate_helper.html",
            error.status if error else 200,
            here=MANDATES,
            error=visitor.said(error.text if error else None),
            wrong=error.field if error else "",
            name=fields.get("name", "")[:100],
            phone=fields.get("phone", "")[:30],
            valid_until=fields.get("valid_until", "")[:20],
            systems=self._views.choices(fields),
            days=HELPER_DAYS,
        )

    def _minor_page(
        self, visitor: Visitor, fields: dict[str, str], error: ShownProblem | None = None
    ) -> Response:
        return visitor.page(
            "mandate_minor.html",
            error.status if error else 200,
            here=MANDATES,
            error=visitor.said(error.text if error else None),
            wrong=error.field if error else "",
            name=fields.get("name", "")[:100],
            number=fields.get("certificate_number", "")[:40],
            chosen=fields.get("certificate_type", CertificateType.RESIDENT_ID),
            types=[(kind.value, visitor.say(TYPE_TEXTS[kind])) for kind in CHILDREN],
            stated="statement" in fields,
        )


REFUSED_ACCEPTANCE = _(
    "不能接受：邀请已失效，或与您的实名信息、手机号不一致。请先完成实名认证，并验证本人手机号。"
)


def _wanted(mandate_id: str, decision: str) -> Requirement:
    """A login as strong as the decision wants; from a weaker one the person comes back to the question."""
    wanted = STRONG if decision in GIVING else RECENT if decision == ACCEPT else LOGGED_IN
    return wanted.back_to(_with(DECIDE, urlencode({"id": mandate_id, "decision": decision})))


def _back(session: Session, one: NamedMandate, decision: str) -> str:
    """The page that the decision was made from: the organisation's where one is managed, else the own."""
    mine = session.account_id in (one.agent_account_id, one.principal_account_id)
    if mine or decision in ("accept", "decline", "resign") or one.relation is not Relation.AGENT:
        return MANDATES
    return f"{DETAILS}?id={one.through_id or one.principal_legal_person_id}"


def _with(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"
