"""What every service stands on: where it keeps things and where its time and randomness come from."""

from dataclasses import dataclass

from idp.infrastructure.database import Database
from idp.infrastructure.key_value import KeyValue
from idp.infrastructure.sources import Sources
from idp.infrastructure.vault import Vault


@dataclass(frozen=True, slots=True)
class Foundation:
    """Made once per worker, in app.py or for one command line call."""

    database: Database
    key_value: KeyValue
    vault: Vault
    sources: Sources
