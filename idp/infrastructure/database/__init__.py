"""One narrow database: statements written in SQLAlchemy Core, run on the driver in shared transactions."""

from idp.infrastructure.database.connect import connect
from idp.infrastructure.database.interface import Database, DatabaseUnavailable, Transaction
from idp.infrastructure.database.schema import metadata
from idp.infrastructure.database.statement import Row, Statement

__all__ = ["Database", "DatabaseUnavailable", "Row", "Statement", "Transaction", "connect", "metadata"]
