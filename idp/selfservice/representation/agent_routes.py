"""/me/organizations/invite: an organisation asks somebody to act for it."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.authentication.guard import STRONG, Guard
from idp.authentication.visitor import Pages, Subscriber
from idp.organizations.mandates import Mandates
from idp.organizations.model import MandateRefused, Relation
from idp.organizations.records import LegalPerson, NamedMandate
from idp.organizations.service import Organizations
from idp.relying_parties.service import Registry
from idp.selfservice.representation.organization_routes import DETAILS
from idp.selfservice.representation.views import (
    LAPSED,
    ORGANIZATIONS,
    ShownProblem,
    Views,
    invitation,
    problem,
)

INVITE = f"{ORGANIZATIONS}/invite"
ORGANIZATION = "organization"
ASKED = ("id", "through", "kind")
FIELDS = ("name", "phone", "unified_social_credit_code", "role", "items", "valid_until")


class AgentPages:
    """Handlers of /me/organizations/invite."""

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
            INVITE: {
                "GET": self._guard.show(self.show, STRONG.back_to(lambda visitor: _address(visitor.query))),
                "POST": self._guard.act(self.invite, self._lapsed, STRONG.back_to(ORGANIZATIONS)),
            }
        }

    async def show(self, visitor: Subscriber) -> Response:
        """The form: `id` the organisation, `through` a mandate that it holds and passes on, `kind` whom to ask."""
        return await self._page(
            visitor, {name: visitor.query[name] for name in ASKED if name in visitor.query}
        )

    async def invite(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Send the invitation."""
        try:
            await self._send(visitor, fields)
        except MandateRefused as refused:
            return await self._page(visitor, fields, problem(refused))
        return visitor.redirect(f"{DETAILS}?id={fields['id']}&done=invited")

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._page(visitor, fields, ShownProblem(LAPSED))

    async def _send(self, visitor: Subscriber, fields: dict[str, str]) -> None:
        if fields.get("kind") != ORGANIZATION:
            fields = fields | {"unified_social_credit_code": ""}
        asked, actor = invitation(fields), visitor.account_id
        address, organization_id = visitor.caller.address, fields.get("id", "")
        if through := fields.get("through"):
            await self._mandates.pass_on(actor, through, organization_id, asked, address)
        else:
            await self._mandates.invite(actor, organization_id, asked, address)

    async def _page(
        self, visitor: Subscriber, fields: Mapping[str, str], error: ShownProblem | None = None
    ) -> Response:
        managed = await self._organizations.managed(visitor.account_id, fields.get("id", ""))
        if managed is None:
            return visitor.redirect(ORGANIZATIONS)
        found, by = managed
        through = await self._through(found, fields.get("through", ""))
        is_organization = fields.get("kind") == ORGANIZATION and through is None
        return visitor.page(
            "organization_invite.html",
            error.status if error else 200,
            here=ORGANIZATIONS,
            again=_address(fields),
            error=visitor.said(error.text if error else None),
            wrong=error.field if error else "",
            organization=found,
            through=self._views.mandate(visitor, through) if through else None,
            is_organization=is_organization,
            may_appoint=by.relation is Relation.LEGAL_REPRESENTATIVE and not is_organization and not through,
            fields={name: fields.get(name, "")[:200] for name in FIELDS},
            systems=self._views.choices(fields),
            back=f"{DETAILS}?id={found.id}",
        )

    async def _through(self, organization: LegalPerson, mandate_id: str) -> NamedMandate | None:
        held = await self._organizations.held(organization.id) if mandate_id else []
        return next((one for one in held if one.id == mandate_id), None)


def _address(fields: Mapping[str, str]) -> str:
    """The form again; ids only, so that nothing typed stands in an address."""
    parts = [
        f"{name}={value}"
        for name in ASKED
        if (value := fields.get(name, ""))
        and len(value) <= 40
        and value.replace("-", "").isalnum()
        and value.isascii()
    ]
    return f"{INVITE}?{'&'.join(parts)}"
