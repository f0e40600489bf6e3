"""The shared table catalogue and the few column types every table is made of."""

from sqlalchemy import Double, LargeBinary, MetaData
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Values cross to the driver as they are (text, bytes, int, float): nothing needs converting on the hot path.
Instant: type[TypeEngine[float]] = Double
"""Unix time in seconds."""


class Sealed(LargeBinary):
    """An encrypted field (infrastructure.vault): what `idp secret reencrypt` finds."""
