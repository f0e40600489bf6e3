"""Legal persons, mandates and roles of staff as they are kept; instants are Unix seconds."""

from dataclasses import dataclass

from idp.organizations.model import LegalPersonKind, LegalPersonState, MandateState, Relation, Role, Scope


@dataclass(frozen=True, slots=True)
class LegalPerson:
    """An organisation; `kind` is GB/T 39046 A.4, `method` the registry that vouched for it last, by which evidence."""

    id: str
    name: str
    kind: LegalPersonKind
    unified_social_credit_code: str
    state: LegalPersonState
    method: str
    evidence_reference: str
    created_at: float
    updated_at: float
    representative_account_id: str | None = None
    represented_since: float | None = None


@dataclass(frozen=True, slots=True)
class StoredMandate:
    """Who acts for whom, by what right; the principal and the agent are an account or a legal person each.

    Empty `systems` and `items` mean all of them. `granted_by` is an account or a registry; `suspended_by_rank` how
    high whoever let it rest stood (`Rank`). An invitation to a person has `invitee_name` and no agent.
    """

    id: str
    relation: Relation
    role: Role
    state: MandateState
    granted_by: str
    evidence_reference: str
    valid_from: float
    created_at: float
    valid_until: float | None = None
    systems: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    principal_legal_person_id: str | None = None
    principal_account_id: str | None = None
    agent_legal_person_id: str | None = None
    agent_account_id: str | None = None
    parent_mandate_id: str | None = None
    invitee_name: str | None = None
    decided_at: float | None = None
    ended_at: float | None = None
    end_reason: str | None = None
    suspended_by_rank: int | None = None

    @property
    def scope(self) -> Scope:
        """What it covers."""
        return Scope(self.systems, self.items, self.valid_until)

    @property
    def principal_id(self) -> str | None:
        """The legal person or the account for which somebody acts."""
        return self.principal_legal_person_id or self.principal_account_id


@dataclass(frozen=True, slots=True)
class NamedMandate(StoredMandate):
    """A mandate with the names that people know; `through`: the legal person that passed it on."""

    principal_organization_name: str | None = None
    principal_code: str | None = None
    principal_person_name: str | None = None
    agent_organization_name: str | None = None
    agent_person_name: str | None = None
    through_id: str | None = None
    through_name: str | None = None

    @property
    def principal_name(self) -> str | None:
        """For whom somebody acts."""
        return self.principal_organization_name or self.principal_person_name

    @property
    def agent_name(self) -> str | None:
        """Who acts, or is asked to."""
        return self.agent_person_name or self.agent_organization_name or self.invitee_name


@dataclass(frozen=True, slots=True)
class OwnOrganization:
    """A legal person that somebody represents or acts for, and the mandate by which they do."""

    organization: LegalPerson
    mandate_id: str
    relation: Relation
    role: Role
    mandate_state: MandateState
    valid_until: float | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class StaffRole:
    """As what somebody works for which division; `role` is a word of `roles.Role`, or of a later release."""

    account_id: str
    role: str
    division: str
    granted_by: str
    granted_at: float
