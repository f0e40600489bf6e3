"""What the interface says and hears about those who act for others."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from idp.organizations.model import Role
from idp.selfservice.api.models import Heard, Said

Name = Annotated[str, Field(max_length=100)]
Code = Annotated[str, Field(max_length=30)]
Id = Annotated[str, Field(max_length=100)]


class Mandate(Said):
    """Who may act for whom; empty `systems` and `items` mean all."""

    id: str
    relation: str
    role: str
    state: str
    principal: str | None
    unified_social_credit_code: str | None
    agent: str | None
    systems: list[str]
    items: list[str]
    valid_from: datetime
    valid_until: datetime | None
    created_at: datetime


class Mandates(Said):
    """Those the person has, those the person gave, and what waits for an answer."""

    held: list[Mandate]
    given: list[Mandate]
    invitations: list[Mandate]


class Decision(Heard):
    """What is to become of a mandate."""

    decision: Literal["accept", "decline", "suspend", "resume", "renew", "revoke", "resign"]


class Organization(Said):
    """A legal person that the person represents or acts for."""

    id: str
    name: str
    kind: str
    unified_social_credit_code: str
    state: str
    mandate_id: str
    relation: str
    mandate_state: str
    in_force: bool


class OrganizationMandates(Said):
    """Who acts for a legal person, for whom it acts, and whom it has passed such a mandate on to."""

    agents: list[Mandate]
    held: list[Mandate]
    passed_on: list[Mandate]


class Licence(Heard):
    """A legal person as its licence has it."""

    unified_social_credit_code: Code
    name: Name


class Bound(Said):
    """The legal person that was bound."""

    id: str


class LicencePicture(Said):
    """What the QR picture for the licence app holds, and the ticket that tells what became of it."""

    content: str
    ticket: str
    expires_in: int


class LicenceTicket(Heard):
    """The ticket of a picture."""

    ticket: Annotated[str, Field(max_length=4000)]


class LicenceState(Said):
    """How far it has come; `organization_id` once it is `bound`."""

    state: Literal["created", "scanned", "expired", "cancelled", "bound"]
    organization_id: str | None


class Helper(Heard):
    """A person who is asked to act; empty `systems` and `items` mean all, as far as the inviter's own reach."""

    name: Name = ""
    phone: Annotated[str, Field(max_length=20)] = ""
    systems: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    items: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    valid_until: date | None = None


class Agent(Helper):
    """A person, or another legal person by its code; `through`: the held mandate that is passed on."""

    unified_social_credit_code: Code = ""
    role: Role = Role.AGENT
    through: Id = ""


class Minor(Heard):
    """A child without an account; `statement`: the person states to be the guardian."""

    name: Name
    certificate_type: Annotated[str, Field(max_length=40)]
    certificate_number: Annotated[str, Field(max_length=40)]
    statement: Literal[True]


class Granted(Said):
    """The mandate that came of it."""

    mandate_id: str
