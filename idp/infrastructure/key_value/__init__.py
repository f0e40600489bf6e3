"""What may be lost with at worst a retried login: codes, counters, replay guards; three honest back ends."""

from idp.infrastructure.key_value.connect import connect
from idp.infrastructure.key_value.interface import KeyValue, KeyValueUnavailable

__all__ = ["KeyValue", "KeyValueUnavailable", "connect"]
