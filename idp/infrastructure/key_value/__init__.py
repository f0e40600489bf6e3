"""What may be lost with at worst a retried login: codes, counters, replay guards; three honest back ends."""

from idp.infrastructure.key_value.connect import connect
from idp.infrastructure.key_value.interface import (
    Get,
    Increment,
    KeyValue,
    KeyValueUnavailable,
    Operation,
    Put,
    Take,
)

__all__ = ["Get", "Increment", "KeyValue", "KeyValueUnavailable", "Operation", "Put", "Take", "connect"]
