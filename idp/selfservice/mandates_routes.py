"""/me/mandates: for whom I may act, who may act for me, the children I am guardian of; and every decision about one."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.certificate_texts import TYPE_TEXTS
from idp.accounts.certificates import CertificateType
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged
from idp.organizations.guardians import GUARDIAN_LEVEL, Guardians
from idp.organizations.inviting import HELPER_LEVEL
from idp.organizations.mandates import Mandates
from idp.organizations.model import HELPER_DAYS, Reason, Refused, Relation
from idp.organizations.records import NamedMandate
from idp.relying_parties.service import Registry
from idp.selfservice.organizations_routes import DETAILS, DONE
from idp.selfservice.representation import (
    GIVING,
    LAPSED,
    MANDATES,
    MISSED,
    ORGANIZATIONS,
    Problem,
    Views,
    invitation,
    problem,
)
from idp.selfservice.security_door import SecurityDoor
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

    def __init__(
        self, door: SecurityDoor, mandates: Mandates, guardians: Guardians, registry: Registry
    ) -> None:
        self._door = door
        self._site = door.site
        self._centre = door.centre
        self._mandates = mandates
        self._guardians = guardians
        self._views = Views(door.site, registry)
        self._changes: Mapping[str, Change] = {name: getattr(mandates, name) for name in DECISIONS}

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            MANDATES: {"GET": self.show},
            DECIDE: {"GET": self.show_decision, "POST": self.decide},
            HELPER: {"GET": self.show_helper, "POST": self.invite_helper},
            MINOR: {"GET": self.show_minor, "POST": self.add_minor},
        }

    async def show(self, visitor: Visitor) -> Response:
        """All three lists, and what waits for an answer."""
        session = await self._centre.enter(visitor)
        if isinstance(session, Response):
            return session
        done = DONE_HERE.get(visitor.query.get("done", ""))
        held = self._views.mandates(visitor, await self._mandates.of_agent(session.account_id), to_agent=True)
        given = await self._mandates.of_person(session.account_id)
        mine = self._views.mandates(visitor, given, await self._mandates.decisions(session.account_id, given))
        invited = await self._mandates.invitations(session.account_id)
        return visitor.page(
            "mandates.html",
            here=MANDATES,
            done=visitor.say(done) if done else None,
            invitations=self._views.mandates(visitor, invited, to_agent=True),
            held=[one for one in held if not one["is_guardian"]],
            children=[one for one in held if one["is_guardian"]],
            mine=[one for one in mine if one["open"]],
            past=[one for one in mine if not one["open"]],
            may_invite=session.real_name_level >= HELPER_LEVEL,
            may_add=session.real_name_level >= GUARDIAN_LEVEL,
        )

    async def show_decision(self, visitor: Visitor) -> Response:
        """What is decided about, and the button."""
        query = visitor.query
        session = await self._enter(visitor, query.get("id", ""), query.get("decision", ""))
        if isinstance(session, Response):
            return session
        return await self._decision_page(visitor, session, query.get("id", ""), query.get("decision", ""))

    async def decide(self, visitor: Visitor) -> Response:
        """Do it, if the state still allows it."""
        session = await self._centre.enter(visitor, back=MANDATES)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except Forged as forged:
            mandate_id, decision = forged.fields.get("id", ""), forged.fields.get("decision", "")
            return await self._decision_page(visitor, session, mandate_id, decision, Problem(LAPSED))
        except UnreadableForm:
            return self._site.redirect(MANDATES)
        mandate_id, decision = fields.get("id", ""), fields.get("decision", "")
        session = await self._enter(visitor, mandate_id, decision)
        if isinstance(session, Response):
            return session
        change = self._changes.get(decision)
        one = await self._mandates.visible(session.account_id, mandate_id)
        if change is None or one is None:
            return self._site.redirect(MANDATES)
        if not await change(session.account_id, mandate_id, visitor.caller.address):
            text = REFUSED_ACCEPTANCE if decision == "accept" else MISSED
            shown = Problem(text, "", 409)
            return await self._decision_page(visitor, session, mandate_id, decision, shown)
        return self._site.redirect(_with(_back(session, one, decision), f"done={decision}"))

    async def _enter(self, visitor: Visitor, mandate_id: str, decision: str) -> Session | Response:
        """The session, as strong as the decision wants; else to the login and back to the question."""
        back = _with(DECIDE, urlencode({"id": mandate_id, "decision": decision}))
        if decision in GIVING:
            return await self._door.enter(visitor, back)
        return await self._centre.enter(visitor, fresh=decision == ACCEPT, back=back)

    async def show_helper(self, visitor: Visitor) -> Response:
        """The form to ask a relative or friend."""
        session = await self._door.enter(visitor, HELPER)
        return session if isinstance(session, Response) else self._helper_page(visitor, {})

    async def invite_helper(self, visitor: Visitor) -> Response:
        """Send the invitation."""
        session = await self._door.enter(visitor, HELPER)
        if isinstance(session, Response):
            return session
        fields: dict[str, str] = {}
        try:
            fields = await visitor.form()
            asked = invitation(fields | {"unified_social_credit_code": "", "role": ""})
            address = visitor.caller.address
            await self._mandates.invite_helper(session.account_id, asked, address)
        except (Forged, UnreadableForm):
            return self._helper_page(visitor, {}, Problem(LAPSED))
        except Refused as refused:
            return self._helper_page(visitor, fields, problem(refused))
        return self._site.redirect(f"{MANDATES}?done=helper")

    async def show_minor(self, visitor: Visitor) -> Response:
        """The form to add a child."""
        session = await self._centre.enter(visitor, fresh=True)
        return session if isinstance(session, Response) else self._minor_page(visitor, {})

    async def add_minor(self, visitor: Visitor) -> Response:
        """Have name and number compared, and open the account."""
        session = await self._centre.enter(visitor, fresh=True, back=MINOR)
        if isinstance(session, Response):
            return session
        fields: dict[str, str] = {}
        try:
            fields = await visitor.form()
            if "statement" not in fields:
                raise Refused(Reason.STATEMENT)
            await self._guardians.register_minor(
                session.account_id,
                fields.get("name", ""),
                fields.get("certificate_type", ""),
                fields.get("certificate_number", ""),
                visitor.caller.address,
            )
        except (Forged, UnreadableForm):
            return self._minor_page(visitor, {}, Problem(LAPSED))
        except Refused as refused:
            return self._minor_page(visitor, fields, problem(refused))
        return self._site.redirect(f"{MANDATES}?done=minor")

    async def _decision_page(
        self, visitor: Visitor, session: Session, mandate_id: str, decision: str, error: Problem | None = None
    ) -> Response:
        one = await self._mandates.visible(session.account_id, mandate_id)
        words = DECISIONS.get(decision)
        if one is None or words is None:
            return self._site.redirect(MANDATES)
        back = _back(session, one, decision)
        return visitor.page(
            "mandate_decide.html",
            error.status if error else 200,
            here=ORGANIZATIONS if back.startswith(ORGANIZATIONS) else MANDATES,
            again=_with(DECIDE, f"id={one.id}&decision={decision}"),
            error=visitor.say(error.text) if error else None,
            mandate=self._views.mandate(visitor, one, to_agent=decision in OF_THE_AGENT),
            decision=decision,
            ending=decision in ENDING,
            words=[visitor.say(word) for word in words],
            back=back,
        )

    def _helper_page(
        self, visitor: Visitor, fields: dict[str, str], error: Problem | None = None
    ) -> Response:
        return visitor.page(
            "mandate_helper.html",
            error.status if error else 200,
            here=MANDATES,
            error=visitor.say(error.text) if error else None,
            wrong=error.field if error else "",
            name=fields.get("name", "")[:100],
            phone=fields.get("phone", "")[:30],
            valid_until=fields.get("valid_until", "")[:20],
            systems=self._views.choices(fields),
            days=HELPER_DAYS,
        )

    def _minor_page(self, visitor: Visitor, fields: dict[str, str], error: Problem | None = None) -> Response:
        return visitor.page(
            "mandate_minor.html",
            error.status if error else 200,
            here=MANDATES,
            error=visitor.say(error.text) if error else None,
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


def _back(session: Session, one: NamedMandate, decision: str) -> str:
    """The page that the decision was made from: the organisation's where one is managed, else the own."""
    mine = session.account_id in (one.agent_account_id, one.principal_account_id)
    if mine or decision in ("accept", "decline", "resign") or one.relation is not Relation.AGENT:
        return MANDATES
    return f"{DETAILS}?id={one.through_id or one.principal_legal_person_id}"


def _with(path: str, query: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{query}"
