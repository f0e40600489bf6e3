"""The tables of legal persons and of mandates to act for somebody."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text

from idp.infrastructure.database import metadata
from idp.infrastructure.database.schema import Instant, Sealed

legal_persons = Table(
    "legal_persons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unified_social_credit_code", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("representative_account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("represented_since", Instant),
    Column("method", Text, nullable=False),
    Column("evidence_reference", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

mandates = Table(
    "mandates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("relation", Text, nullable=False),
    Column("principal_legal_person_id", Text, ForeignKey("legal_persons.id"), index=True),
    Column("principal_account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("agent_legal_person_id", Text, ForeignKey("legal_persons.id")),
    Column("agent_account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("parent_mandate_id", Text, ForeignKey("mandates.id"), index=True),
    Column("invitee_name", Text),
    Column("invitee_phone", Sealed),
    Column("invitee_phone_index", LargeBinary),
    Column("role", Text, nullable=False),
    Column("systems", Text, nullable=False),
    Column("items", Text, nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_until", Instant),
    Column("state", Text, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("evidence_reference", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("ended_at", Instant),
    Column("end_reason", Text),
    Index("ix_mandates_invitee_phone_index", "invitee_phone_index"),
)
