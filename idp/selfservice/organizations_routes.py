"""/me/organizations: the organisations that somebody represents or acts for, and how one is bound."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import Response

from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.pictures import qr_code
from idp.infrastructure.web.site import Forged, Site
from idp.organizations.binding import REPRESENTATIVE_LEVEL, Started
from idp.organizations.mandates import Mandates
from idp.organizations.model import LegalPersonState, MandateState, Refused, Relation, Role
from idp.organizations.records import NamedMandate
from idp.organizations.registries.interface import Wait
from idp.organizations.service import Organizations
from idp.relying_parties.service import Registry
from idp.selfservice.centre import Centre
from idp.selfservice.representation import (
    KINDS,
    LAPSED,
    MISSED,
    ORGANIZATIONS,
    Problem,
    Views,
    problem,
)
from idp.sessions.model import Session

BIND = f"{ORGANIZATIONS}/bind"
LICENCE = f"{ORGANIZATIONS}/licence"
DETAILS = f"{ORGANIZATIONS}/details"
LEAVE = f"{ORGANIZATIONS}/leave"

DONE = {
    "bound": _("已绑定。您现在可以代表这家单位办事。"),
    "appointed": _("已核对电子营业执照。您现在可以为这家单位办事。"),
    "left": _("已解除绑定。"),
    "invited": _("邀请已发出。对方会收到短信，接受后生效。"),
    "suspend": _("已暂停，对方立即不能再代办。"),
    "resume": _("已恢复。"),
    "revoke": _("已撤销，对方立即不能再代办。"),
    "renew": _("已续期。"),
    "resign": _("已结束。"),
}
WAITING = {
    Wait.CREATED: _("还没有扫码。请先用手机扫描图案。"),
    Wait.SCANNED: _("已经扫码，还没有确认。请在手机上点“确认”。"),
    Wait.EXPIRED: _("图案已过期，请换一个。"),
    Wait.CANCELLED: _("手机上选择了取消。要继续请换一个图案。"),
}
Show = Callable[[Visitor, Session, Problem | None], Awaitable[Response]]


class OrganizationPages:
    """Handlers of /me/organizations, but for those about agents."""

    def __init__(
        self,
        site: Site,
        centre: Centre,
        organizations: Organizations,
        mandates: Mandates,
        registry: Registry,
    ) -> None:
        self._site = site
        self._centre = centre
        self._organizations = organizations
        self._mandates = mandates
        self._views = Views(site, registry)

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            ORGANIZATIONS: {"GET": self.show},
            BIND: {"GET": self.show_bind, "POST": self.bind},
            LICENCE: {"GET": self.show_licence, "POST": self.licence},
            DETAILS: {"GET": self.show_details},
            LEAVE: {"GET": self.show_leave, "POST": self.leave},
        }

    async def show(self, visitor: Visitor) -> Response:
        """The list."""
        session = await self._centre.enter(visitor)
        if isinstance(session, Response):
            return session
        done = DONE.get(visitor.query.get("done", ""))
        return visitor.page(
            "organizations.html",
            here=ORGANIZATIONS,
            done=visitor.say(done) if done else None,
            organizations=[
                {
                    "id": own.organization.id,
                    "name": own.organization.name,
                    "code": own.organization.unified_social_credit_code,
                    "dissolved": own.organization.state is not LegalPersonState.ACTIVE,
                    "suspended": own.mandate_state is MandateState.SUSPENDED,
                    "relation": own.relation,
                    "is_administrator": own.role is Role.ADMINISTRATOR,
                    "manages": _manages(own.relation, own.role) and own.in_force,
                }
                for own in await self._organizations.of_account(session.account_id)
            ],
            level=session.real_name_level,
            needed=REPRESENTATIVE_LEVEL,
            available=self._organizations.available,
        )

    async def show_bind(self, visitor: Visitor) -> Response:
        """The form to bind by the register."""
        session = await self._centre.enter(visitor, fresh=True)
        return session if isinstance(session, Response) else self._bind_page(visitor, {})

    async def bind(self, visitor: Visitor) -> Response:
        """Ask the register."""
        session = await self._centre.enter(visitor, fresh=True, back=BIND)
        if isinstance(session, Response):
            return session
        fields: dict[str, str] = {}
        try:
            fields = await visitor.form()
            await self._organizations.bind(
                session.account_id,
                fields.get("unified_social_credit_code", ""),
                fields.get("name", ""),
                visitor.caller.address,
            )
        except (Forged, UnreadableForm):
            return self._bind_page(visitor, {}, Problem(LAPSED))
        except Refused as refused:
            return self._bind_page(visitor, fields, problem(refused))
        return self._site.redirect(f"{ORGANIZATIONS}?done=bound")

    async def show_licence(self, visitor: Visitor) -> Response:
        """What will happen, and the button that asks for a picture."""
        session = await self._centre.enter(visitor, fresh=True)
        return session if isinstance(session, Response) else await self._licence_page(visitor)

    async def licence(self, visitor: Visitor) -> Response:
        """Make a picture, or look what became of the one that is shown."""
        session = await self._centre.enter(visitor, fresh=True, back=LICENCE)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except (Forged, UnreadableForm):
            return await self._licence_page(visitor, error=Problem(LAPSED))
        sealed = fields.get("ticket", "")
        try:
            if not sealed:
                started = await self._organizations.start_licence(session.account_id)
                return await self._licence_page(visitor, started)
            address = visitor.caller.address
            outcome = await self._organizations.licence(session.account_id, sealed, address)
        except Refused as refused:
            return await self._licence_page(visitor, error=problem(refused))
        if isinstance(outcome, Wait):
            over = outcome in (Wait.EXPIRED, Wait.CANCELLED)
            shown = None if over else self._organizations.picture(session.account_id, sealed)
            return await self._licence_page(
                visitor, shown, error=Problem(WAITING[outcome], "", 409 if over else 200)
            )
        managed = await self._organizations.managed(session.account_id, outcome)
        bound = managed is not None and managed[1].relation is Relation.LEGAL_REPRESENTATIVE
        return self._site.redirect(f"{ORGANIZATIONS}?done={'bound' if bound else 'appointed'}")

    async def show_details(self, visitor: Visitor) -> Response:
        """One organisation and everybody who acts for it, for those who manage it."""
        session = await self._centre.enter(visitor, back=ORGANIZATIONS)
        if isinstance(session, Response):
            return session
        organization_id = visitor.query.get("id", "")
        managed = await self._organizations.managed(session.account_id, organization_id)
        if managed is None:
            return self._site.redirect(ORGANIZATIONS)
        found, by = managed
        done = DONE.get(visitor.query.get("done", ""))
        agents = await self._decidable(visitor, session, await self._organizations.agents(organization_id))
        passed_on = await self._decidable(
            visitor, session, await self._organizations.passed_on(organization_id)
        )
        mine = session.account_id
        return visitor.page(
            "organization.html",
            here=ORGANIZATIONS,
            done=visitor.say(done) if done else None,
            organization=found,
            kind=visitor.say(KINDS[found.kind]),
            is_representative=by.relation is Relation.LEGAL_REPRESENTATIVE,
            pending=[one for one in (*agents, *passed_on) if one["pending"]],
            agents=[one for one in agents if one["open"] and not one["pending"]],
            past=[one for one in agents if not one["open"]],
            held=self._views.mandates(
                visitor, await self._organizations.held(organization_id), to_agent=True
            ),
            passed_on=[one for one in passed_on if one["open"] and not one["pending"]],
            mine=mine,
        )

    async def _decidable(
        self, visitor: Visitor, session: Session, several: Sequence[NamedMandate]
    ) -> list[dict[str, object]]:
        """Mandates with what this person may do with them."""
        decisions = await self._mandates.decisions(session.account_id, several)
        return self._views.mandates(visitor, several, decisions)

    async def show_leave(self, visitor: Visitor) -> Response:
        """Asks once more."""
        session = await self._centre.enter(visitor, back=ORGANIZATIONS)
        if isinstance(session, Response):
            return session
        return await self._leave_page(visitor, session, visitor.query.get("id", ""))

    async def leave(self, visitor: Visitor) -> Response:
        """Somebody is no longer the representative."""
        session = await self._centre.enter(visitor, back=ORGANIZATIONS)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except (Forged, UnreadableForm) as error:
            found = error.fields.get("id", "") if isinstance(error, Forged) else ""
            return await self._leave_page(visitor, session, found, Problem(LAPSED))
        address = visitor.caller.address
        if not await self._organizations.step_down(session.account_id, fields.get("id", ""), address):
            return await self._leave_page(visitor, session, fields.get("id", ""), Problem(MISSED, "", 409))
        return self._site.redirect(f"{ORGANIZATIONS}?done=left")

    def _bind_page(self, visitor: Visitor, fields: dict[str, str], error: Problem | None = None) -> Response:
        return visitor.page(
            "organization_bind.html",
            error.status if error else 200,
            here=ORGANIZATIONS,
            error=visitor.say(error.text) if error else None,
            wrong=error.field if error else "",
            code=fields.get("unified_social_credit_code", "")[:40],
            name=fields.get("name", "")[:200],
        )

    async def _licence_page(
        self, visitor: Visitor, started: Started | None = None, error: Problem | None = None
    ) -> Response:
        picture = None
        if started is not None:
            picture = await qr_code(started.content, keep=True)
        return visitor.page(
            "organization_licence.html",
            error.status if error else 200,
            here=ORGANIZATIONS,
            error=visitor.say(error.text) if error else None,
            started=started,
            picture=picture,
        )

    async def _leave_page(
        self, visitor: Visitor, session: Session, organization_id: str, error: Problem | None = None
    ) -> Response:
        managed = await self._organizations.managed(session.account_id, organization_id)
        if managed is None or managed[1].relation is not Relation.LEGAL_REPRESENTATIVE:
            return self._site.redirect(ORGANIZATIONS)
        return visitor.page(
            "organization_leave.html",
            error.status if error else 200,
            here=ORGANIZATIONS,
            error=visitor.say(error.text) if error else None,
            organization=managed[0],
        )


def _manages(relation: Relation, role: Role) -> bool:
    return relation is Relation.LEGAL_REPRESENTATIVE or role is Role.ADMINISTRATOR
