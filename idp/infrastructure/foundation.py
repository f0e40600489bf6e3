"""What every service stands on: where it keeps things and where its time and randomness come from."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from idp.infrastructure.database import Database
from idp.infrastructure.key_value import KeyValue
from idp.infrastructure.sources import Sources
from idp.infrastructure.tally import Tally
from idp.infrastructure.vault import Vault


@dataclass(frozen=True, slots=True)
class Foundation:
    """Made once per worker, in server/app.py or for one command line call."""

    database: Database
    key_value: KeyValue
    vault: Vault
    sources: Sources
    refusals: Tally[Hashable] = field(default_factory=Tally)
    """What was refused to nobody in particular, until it is written in the audit record."""
