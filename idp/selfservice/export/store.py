"""Reads what is kept about a person in the tables of other rooms, for the copy that they may ask for."""

from sqlalchemy import Integer, Text, bindparam, literal_column, or_, select

from idp.accounts.store import accounts
from idp.infrastructure.database import Row, Statement, Transaction
from idp.oauth.store import grants
from idp.organizations.model import read
from idp.organizations.store import legal_persons, mandates
from idp.selfservice.export.model import (
    KeptDevice,
    KeptGrant,
    KeptLegalPerson,
    KeptMandate,
    KeptSession,
    MergedAccount,
)
from idp.sessions.device_store import devices
from idp.sessions.store import principal_of, sessions

MOST = 5000
_account = bindparam("the_account", type_=Text)
_most = literal_column(str(MOST), Integer)

SESSIONS = Statement(
    select(sessions)
    .where(sessions.c.account_id == _account)
    .order_by(sessions.c.created_at.desc(), sessions.c.id)
    .limit(_most)
)
DEVICES = Statement(
    select(devices)
    .where(devices.c.account_id == _account)
    .order_by(devices.c.last_seen_at.desc())
    .limit(_most)
)
GRANTS = Statement(
    select(grants)
    .where(grants.c.account_id == _account)
    .order_by(grants.c.created_at.desc(), grants.c.id)
    .limit(_most)
)
_person = accounts.alias("person")
_agent = accounts.alias("agent")
MANDATES = Statement(
    select(
        mandates,
        legal_persons.c.name.label("organization_name"),
        legal_persons.c.unified_social_credit_code,
        _person.c.name.label("person_name"),
        _agent.c.name.label("agent_name"),
    )
    .select_from(
        mandates.outerjoin(legal_persons, legal_persons.c.id == mandates.c.principal_legal_person_id)
        .outerjoin(_person, _person.c.id == mandates.c.principal_account_id)
        .outerjoin(_agent, _agent.c.id == mandates.c.agent_account_id)
    )
    .where(or_(mandates.c.agent_account_id == _account, mandates.c.principal_account_id == _account))
    .order_by(mandates.c.created_at.desc(), mandates.c.id)
    .limit(_most)
)
ORGANIZATIONS = Statement(
    select(legal_persons)
    .where(legal_persons.c.representative_account_id == _account)
    .order_by(legal_persons.c.unified_social_credit_code)
)
MERGED = Statement(
    select(accounts.c.username, accounts.c.created_at)
    .where(accounts.c.merged_into == _account)
    .order_by(accounts.c.username)
)


class ExportStore:
    """One statement per method."""

    def sessions(self, account_id: str) -> Transaction[list[KeptSession]]:
        """Every login that is still known, latest first."""
        return [_session_of(row) for row in (yield SESSIONS(the_account=account_id))]

    def devices(self, account_id: str) -> Transaction[list[KeptDevice]]:
        """Every device, those that were forgotten too."""
        return [_device_of(row) for row in (yield DEVICES(the_account=account_id))]

    def grants(self, account_id: str) -> Transaction[list[KeptGrant]]:
        """What was granted to systems."""
        return [_grant_of(row) for row in (yield GRANTS(the_account=account_id))]

    def mandates(self, account_id: str) -> Transaction[list[KeptMandate]]:
        """Every mandate that the person gave or has, in whatever state."""
        return [_mandate_of(row) for row in (yield MANDATES(the_account=account_id))]

    def organizations(self, account_id: str) -> Transaction[list[KeptLegalPerson]]:
        """The legal persons that the person represents."""
        return [_legal_person_of(row) for row in (yield ORGANIZATIONS(the_account=account_id))]

    def merged(self, account_id: str) -> Transaction[list[MergedAccount]]:
        """The accounts that became part of this one."""
        rows = yield MERGED(the_account=account_id)
        return [MergedAccount(row["username"], row["created_at"]) for row in rows]


def _session_of(row: Row) -> KeptSession:
    return KeptSession(
        address=row["address"],
        user_agent=row["user_agent"],
        amr=row["amr"],
        created_at=row["created_at"],
        authenticated_at=row["authenticated_at"],
        last_seen_at=row["last_seen_at"],
        ended_at=row["ended_at"],
        principal=principal_of(row),
    )


def _device_of(row: Row) -> KeptDevice:
    return KeptDevice(
        user_agent=row["user_agent"],
        address=row["address"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        trusted_until=row["trusted_until"],
        forgotten_at=row["forgotten_at"],
    )


def _grant_of(row: Row) -> KeptGrant:
    return KeptGrant(
        client_id=row["client_id"],
        scope=row["scope"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        principal=principal_of(row),
    )


def _mandate_of(row: Row) -> KeptMandate:
    return KeptMandate(
        principal_account_id=row["principal_account_id"],
        principal_name=row["organization_name"] or row["person_name"],
        unified_social_credit_code=row["unified_social_credit_code"],
        agent_name=row["agent_name"] or row["invitee_name"],
        relation=row["relation"],
        role=row["role"],
        state=row["state"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        end_reason=row["end_reason"],
        systems=read(row["systems"]),
        items=read(row["items"]),
    )


def _legal_person_of(row: Row) -> KeptLegalPerson:
    return KeptLegalPerson(
        name=row["name"],
        unified_social_credit_code=row["unified_social_credit_code"],
        kind=row["kind"],
        state=row["state"],
        represented_since=row["represented_since"],
    )
