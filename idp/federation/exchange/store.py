"""The table of calls to platforms: where to, how it went, never a value of what was said; each line is signed."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, bindparam, insert, select

from idp.federation.model import Exchange, ExchangeRecord
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.infrastructure.database.sweeping import delete_some
from idp.infrastructure.sources import Sources, first_id
from idp.infrastructure.vault import Vault

upstream_exchanges = Table(
    "upstream_exchanges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("answer_digest", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("signature", LargeBinary, nullable=False),
)

SIGNATURE = "upstream.exchange"
DIGEST = "upstream.answer"
ADD = Statement(insert(upstream_exchanges))
EARLY_SECONDS = 60.0
"""An id is made before the instant of its line is noted; ids lead to the place, the instant decides."""
SINCE = Statement(
    select(upstream_exchanges)
    .where(
        upstream_exchanges.c.id >= bindparam("the_first", type_=Text),
        upstream_exchanges.c.at >= bindparam("since", type_=Instant()),
    )
    .order_by(upstream_exchanges.c.id)
    .limit(bindparam("most", type_=Integer))
)
FORGET = delete_some(
    upstream_exchanges,
    upstream_exchanges.c.at < bindparam("before", type_=Instant()),
    oldest=upstream_exchanges.c.at,
)


class ExchangeStore:
    """Adds lines and reads them; whoever changes one without the master secret is found out."""

    def __init__(self, vault: Vault, sources: Sources) -> None:
        self._vault = vault
        self._sources = sources

    def record(self, exchange: Exchange) -> Call:
        """The call that adds a line."""
        row: dict[str, object] = {
            "id": self._sources.new_id(),
            "profile": exchange.profile,
            "step": exchange.step,
            "method": exchange.method,
            "host": exchange.host,
            "path": exchange.path,
            "status": exchange.status,
            "milliseconds": exchange.milliseconds,
            "outcome": exchange.outcome,
            "answer_digest": self._vault.token_hash(DIGEST, exchange.answer_digest),
            "at": self._sources.now(),
        }
        return ADD(**row, signature=self._signature(row))

    def is_genuine(self, line: ExchangeRecord) -> bool:
        """Whether a line is as it was written."""
        return hmac.compare_digest(line.signature, self._signature(asdict(line)))

    def since(self, instant: float, most: int) -> Transaction[list[ExchangeRecord]]:
        """The lines from an instant on, oldest first."""
        call = SINCE(the_first=first_id(instant - EARLY_SECONDS), since=instant, most=most)
        return [_exchange_of(row) for row in (yield call)]

    def forget(self, before: float) -> Transaction[int]:
        """Remove some of what is older than an instant; how many lines."""
        return len((yield FORGET(before=before)))

    def _signature(self, row: Mapping[str, object]) -> bytes:
        fields = {name: row[name] for name in sorted(upstream_exchanges.c.keys()) if name != "signature"}
        digest = fields["answer_digest"]
        assert isinstance(digest, bytes)
        return self._vault.token_hash(SIGNATURE, json.dumps(fields | {"answer_digest": digest.hex()}))


def _exchange_of(row: Row) -> ExchangeRecord:
    return ExchangeRecord(
        id=row["id"],
        profile=row["profile"],
        step=row["step"],
        method=row["method"],
        host=row["host"],
        path=row["path"],
        status=row["status"],
        milliseconds=row["milliseconds"],
        outcome=row["outcome"],
        answer_digest=row["answer_digest"],
        at=row["at"],
        signature=row["signature"],
    )
