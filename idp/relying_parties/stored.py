"""Registrations as they are stored: whichever release wrote them, this one reads what it can and stops at none."""

from dataclasses import dataclass

import orjson
from pydantic import ValidationError

from idp.relying_parties.model import Client


@dataclass(frozen=True, slots=True)
class Stored:
    """What was understood of a registration; `ignored` are the names that this release does not know."""

    client: Client
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A client as the registry keeps it; `previous_secret_expires_at` in Unix seconds, 0 where there is no such secret.

    `ignored`: what another release has written of it, and this one does not know.
    """

    client: Client
    secret_hash: bytes | None
    previous_secret_hash: bytes | None
    previous_secret_expires_at: float
    disabled: bool
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadableClient:
    """A client that another release has registered with what this one cannot read."""

    client_id: str


def read(document: str) -> Stored | None:
    """None where a later release wrote a value that this one cannot read: here, there is no such client."""
    metadata = orjson.loads(document)
    ignored = tuple(sorted(metadata.keys() - Client.model_fields.keys()))
    try:
        client = Client.model_validate(
            {name: value for name, value in metadata.items() if name not in ignored}
        )
    except ValidationError:
        return None
    return Stored(client, ignored)
