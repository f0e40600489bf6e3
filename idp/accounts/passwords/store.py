"""The table of what imported passwords cost to check, so that every worker spends as much on everybody."""

from sqlalchemy import Column, Table, Text, select
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Statement, Transaction, metadata
from idp.infrastructure.revision_store import bump

REVISION = "password_costs"

password_costs = Table("password_costs", metadata, Column("cost", Text, primary_key=True))

ADD = Statement(insert(password_costs).on_conflict_do_nothing(), lock_key="cost")
ALL = Statement(select(password_costs))


class PasswordCostStore:
    """One statement per method."""

    def add(self, cost: str) -> Transaction[None]:
        """Remember a cost and tell the workers."""
        yield ADD(cost=cost)
        yield bump(REVISION)

    def all(self) -> Transaction[list[str]]:
        """Every cost there is."""
        return [row["cost"] for row in (yield ALL())]
