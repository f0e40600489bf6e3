"""Reads what is kept about a person in the tables of other rooms, for the copy that they may ask for."""

from collections.abc import Sequence

from sqlalchemy import Integer, Text, bindparam, literal_column, or_, select

from idp.accounts.store import accounts
from idp.infrastructure.database import Row, Statement, Transaction
from idp.oauth.store import grants
from idp.organizations.store import legal_persons, mandates
from idp.sessions.device_store import devices
from idp.sessions.store import sessions

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

    def sessions(self, account_id: str) -> Transaction[Sequence[Row]]:
        """Every login that is still known, latest first."""
        return (yield SESSIONS(the_account=account_id))

    def devices(self, account_id: str) -> Transaction[Sequence[Row]]:
        """Every device, those that were forgotten too."""
        return (yield DEVICES(the_account=account_id))

    def grants(self, account_id: str) -> Transaction[Sequence[Row]]:
        """What was granted to systems."""
        return (yield GRANTS(the_account=account_id))

    def mandates(self, account_id: str) -> Transaction[Sequence[Row]]:
        """Every mandate that the person gave or has, in whatever state."""
        return (yield MANDATES(the_account=account_id))

    def organizations(self, account_id: str) -> Transaction[Sequence[Row]]:
        """The legal persons that the person represents."""
        return (yield ORGANIZATIONS(the_account=account_id))

    def merged(self, account_id: str) -> Transaction[Sequence[Row]]:
        """The accounts that became part of this one."""
        return (yield MERGED(the_account=account_id))
