"""/me/organizations: the organisations that somebody represents or acts for, and how one is bound."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from idp.authentication.guard import LOGGED_IN, RECENT, Guard
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.pictures import qr_code
from idp.organizations.binding import REPRESENTATIVE_LEVEL, Started
from idp.organizations.mandates import Mandates
from idp.organizations.model import LegalPersonState, MandateRefused, MandateState, Relation, Role
from idp.organizations.records import NamedMandate
from idp.organizations.registries.interface import PictureState
from idp.organizations.service import Organizations
from idp.relying_parties.service import Registry
from idp.selfservice.representation.views import (
    KINDS,
    LAPSED,
    MISSED,
    ORGANIZATIONS,
    ShownProblem,
    Views,
    problem,
)

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
    PictureState.CREATED: _("还没有扫码。请先用手机扫描图案。"),
    PictureState.SCANNED: _("已经扫码，还没有确认。请在手机上点“确认”。"),
    PictureState.EXPIRED: _("图案已过期，请换一个。"),
    PictureState.CANCELLED: _("手机上选择了取消。要继续请换一个图案。"),
}


class OrganizationPages:
    """Handlers of /me/organizations, but for those about agents."""

    def __init__(
        self,
        guard: Guard,
        organizations: Organizations,
        mandates: Mandates,
        registry: Registry,
    ) -> None:
        self._guard = guard
        self._organizations = organizations
        self._mandates = mandates
        self._views = Views(registry)

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            ORGANIZATIONS: {"GET": self._guard.show(self.show)},
            BIND: {
                "GET": self._guard.show(self.show_bind, RECENT),
                "POST": self._guard.act(self.bind, self._lapsed_bind, RECENT.back_to(BIND)),
            },
            LICENCE: {
                "GET": self._guard.show(self.show_licence, RECENT),
                "POST": self._guard.act(self.licence, self._lapsed_licence, RECENT.back_to(LICENCE)),
            },
            DETAILS: {"GET": self._guard.show(self.show_details, LOGGED_IN.back_to(ORGANIZATIONS))},
            LEAVE: {
                "GET": self._guard.show(self.show_leave, LOGGED_IN.back_to(ORGANIZATIONS)),
                "POST": self._guard.act(self.leave, self._lapsed_leave, LOGGED_IN.back_to(ORGANIZATIONS)),
            },
        }

    async def show(self, visitor: Subscriber) -> Response:
        """The list."""
        return visitor.page(
            "organizations.html",
            here=ORGANIZATIONS,
            done=visitor.done(DONE),
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
                for own in await self._organizations.of_account(visitor.account_id)
            ],
            level=visitor.session.real_name_level,
            needed=REPRESENTATIVE_LEVEL,
            available=self._organizations.available,
        )

    async def show_bind(self, visitor: Subscriber) -> Response:
        """The form to bind by the register."""
        return self._bind_page(visitor, {})

    async def bind(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Ask the register."""
        try:
            await self._organizations.bind(
                visitor.account_id,
                fields.get("unified_social_credit_code", ""),
                fields.get("name", ""),
                visitor.address,
            )
        except MandateRefused as refused:
            return self._bind_page(visitor, fields, problem(refused))
        return visitor.redirect(f"{ORGANIZATIONS}?done=bound")

    async def _lapsed_bind(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return self._bind_page(visitor, {}, ShownProblem(LAPSED))

    async def show_licence(self, visitor: Subscriber) -> Response:
        """What will happen, and the button that asks for a picture."""
        return await self._licence_page(visitor)

    async def licence(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Make a picture, or look what became of the one that is shown."""
        sealed = fields.get("ticket", "")
        try:
            if not sealed:
                started = await self._organizations.start_licence(visitor.account_id)
                return await self._licence_page(visitor, started)
            address = visitor.caller.address
            outcome = await self._organizations.licence(visitor.account_id, sealed, address)
        except MandateRefused as refused:
            return await self._licence_page(visitor, error=problem(refused))
        if isinstance(outcome, PictureState):
            over = outcome in (PictureState.EXPIRED, PictureState.CANCELLED)
            shown = None if over else self._organizations.picture(visitor.account_id, sealed)
            return await self._licence_page(
                visitor, shown, error=ShownProblem(WAITING[outcome], "", 409 if over else 200)
            )
        managed = await self._organizations.managed(visitor.account_id, outcome)
        bound = managed is not None and managed[1].relation is Relation.LEGAL_REPRESENTATIVE
        return visitor.redirect(f"{ORGANIZATIONS}?done={'bound' if bound else 'appointed'}")

    async def show_details(self, visitor: Subscriber) -> Response:
        """One organisation and everybody who acts for it, for those who manage it."""
        organization_id = visitor.query.get("id", "")
        managed = await self._organizations.managed(visitor.account_id, organization_id)
        if managed is None:
            return visitor.redirect(ORGANIZATIONS)
        found, by = managed
        agents = await self._decidable(visitor, await self._organizations.agents(organization_id))
        passed_on = await self._decidable(visitor, await self._organizations.passed_on(organization_id))
        mine = visitor.account_id
        return visitor.page(
            "organization.html",
            here=ORGANIZATIONS,
            done=visitor.done(DONE),
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
        self, visitor: Subscriber, several: Sequence[NamedMandate]
    ) -> list[dict[str, object]]:
        """Mandates with what this person may do with them."""
        decisions = await self._mandates.decisions(visitor.account_id, several)
        return self._views.mandates(visitor, several, decisions)

    async def show_leave(self, visitor: Subscriber) -> Response:
        """Asks once more."""
        return await self._leave_page(visitor, visitor.query.get("id", ""))

    async def leave(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Somebody is no longer the representative."""
        organization_id = fields.get("id", "")
        if not await self._organizations.step_down(visitor.account_id, organization_id, visitor.address):
            return await self._leave_page(visitor, organization_id, ShownProblem(MISSED, "", 409))
        return visitor.redirect(f"{ORGANIZATIONS}?done=left")

    async def _lapsed_leave(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._leave_page(visitor, fields.get("id", ""), ShownProblem(LAPSED))

    async def _lapsed_licence(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._licence_page(visitor, error=ShownProblem(LAPSED))

    def _bind_page(
        self, visitor: Visitor, fields: dict[str, str], error: ShownProblem | None = None
    ) -> Response:
        return visitor.page(
            "organization_bind.html",
            error.status if error else 200,
            here=ORGANIZATIONS,
            error=visitor.said(error.text if error else None),
            wrong=error.field if error else "",
            code=fields.get("unified_social_credit_code", "")[:40],
            name=fields.get("name", "")[:200],
        )

    async def _licence_page(
        self, visitor: Visitor, started: Started | None = None, error: ShownProblem | None = None
    ) -> Response:
        picture = None
        if started is not None:
            picture = await qr_code(started.content, keep=True)
        return visitor.page(
            "organization_licence.html",
            error.status if error else 200,
            here=ORGANIZATIONS,
            error=visitor.said(error.text if error else None),
            started=started,
            picture=picture,
        )

    async def _leave_page(
        self, visitor: Subscriber, organization_id: str, error: ShownProblem | None = None
    ) -> Response:
        managed = await self._organizations.managed(visitor.account_id, organization_id)
        if managed is None or managed[1].relation is not Relation.LEGAL_REPRESENTATIVE:
            return visitor.redirect(ORGANIZATIONS)
        return visitor.page(
            "organization_leave.html",
            error.status if error else 200,
            here=ORGANIZATIONS,
            error=visitor.said(error.text if error else None),
            organization=managed[0],
        )


def _manages(relation: Relation, role: Role) -> bool:
    return relation is Relation.LEGAL_REPRESENTATIVE or role is Role.ADMINISTRATOR
