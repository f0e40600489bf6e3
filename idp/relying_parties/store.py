"""The table of registered clients."""

from sqlalchemy import Column, LargeBinary, Table, Text, bindparam, insert, select, update

from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.revision_store import bump
from idp.relying_parties.model import Client
from idp.relying_parties.stored import Registered, UnreadableClient, read

REVISION = "clients"

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("document", Text, nullable=False),
    Column("secret_hash", LargeBinary),
    Column("previous_secret_hash", LargeBinary),
    Column("previous_secret_expires_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

ADD = Statement(insert(clients))
ALL = Statement(select(clients).order_by(clients.c.created_at))
ROTATE_SECRET = Statement(
    update(clients)
    .where(clients.c.client_id == bindparam("the_client"), clients.c.secret_hash.is_not(None))
    .values(
        previous_secret_hash=clients.c.secret_hash,
        previous_secret_expires_at=bindparam("overlap_ends_at"),
        secret_hash=bindparam("new_hash"),
    )
    .returning(clients.c.client_id)
)
DISABLE = Statement(
    update(clients)
    .where(clients.c.client_id == bindparam("the_client"), clients.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("now"))
    .returning(clients.c.client_id)
)


def _registered(row: Row) -> Registered | UnreadableClient:
    stored = read(row["document"])
    if stored is None:
        return UnreadableClient(row["client_id"])
    return Registered(
        client=stored.client,
        secret_hash=row["secret_hash"],
        previous_secret_hash=row["previous_secret_hash"],
        previous_secret_expires_at=row["previous_secret_expires_at"] or 0.0,
        disabled=row["disabled_at"] is not None,
        ignored=stored.ignored,
    )


class ClientStore:
    """One statement per method."""

    def add(self, client: Client, secret_hash: bytes | None, now: float) -> Transaction[None]:
        """Add a client and tell the workers."""
        yield ADD(
            client_id=client.client_id,
            document=client.model_dump_json(exclude_none=True),
            secret_hash=secret_hash,
            previous_secret_hash=None,
            previous_secret_expires_at=None,
            created_at=now,
            disabled_at=None,
        )
        yield bump(REVISION)

    def all(self) -> Transaction[list[Registered | UnreadableClient]]:
        """Every client, disabled ones too, oldest first."""
        return [_registered(row) for row in (yield ALL())]

    def rotate_secret(self, client_id: str, new_hash: bytes, overlap_ends_at: float) -> Transaction[bool]:
        """Replace the secret, keep the old one until the overlap ends; False when the client has none."""
        rows = yield ROTATE_SECRET(the_client=client_id, new_hash=new_hash, overlap_ends_at=overlap_ends_at)
        yield bump(REVISION)
        return bool(rows)

    def disable(self, client_id: str, now: float) -> Transaction[bool]:
        """Disable a client; False when it is unknown or was disabled before."""
        rows = yield DISABLE(the_client=client_id, now=now)
        yield bump(REVISION)
        return bool(rows)
