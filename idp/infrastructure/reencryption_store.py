"""The statements that find sealed values and replace them, for every column of type `Sealed`."""

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, MetaData, Text, bindparam, func, literal, select, update

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.schema import Sealed
from idp.infrastructure.messages.service import MAIL, SMS
from idp.infrastructure.outbox_store import outbox
from idp.infrastructure.vault import KEY_ID_BYTES

PAGE = 200


@dataclass(frozen=True, slots=True)
class SealedValue:
    """What stands in a sealed column of the row with a key."""

    key: str
    sealed: bytes


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values in a table with a key of one column."""

    column: Column[Any]

    @property
    def place(self) -> str:
        """`table.column`, under which the values are sealed."""
        return f"{self.column.table.name}.{self.column.name}"

    @property
    def _key(self) -> Column[Any]:
        [key] = self.column.table.primary_key.columns
        return key

    def page(self, after: str, current: bytes) -> Transaction[list[SealedValue]]:
        """The next values behind a key that another secret than the current one sealed."""
        rows = yield self._page(after=after, current=current)
        return [SealedValue(row["the_key"], row["sealed"]) for row in rows]

    def replace(self, before: SealedValue, anew: bytes) -> Transaction[bool]:
        """Put in a value that was sealed anew; False where it was changed meanwhile."""
        return bool((yield self._replace(the_key=before.key, before=before.sealed, anew=anew)))

    def count(self) -> Transaction[dict[bytes, int]]:
        """How many values each secret has sealed, by its id."""
        return {bytes(row["key_id"]): row["number"] for row in (yield self._count())}

    @cached_property
    def _page(self) -> Statement:
        prefix: ColumnElement[Any] = func.substr(self.column, 1, KEY_ID_BYTES, type_=Sealed)
        return Statement(
            select(*(self._key.label("the_key"), self.column.label("sealed")))
            .where(
                self._key > bindparam("after", type_=Text),
                func.length(self.column) > 0,
                prefix != bindparam("current", type_=Sealed),
            )
            .order_by(self._key)
            .limit(PAGE)
        )

    @cached_property
    def _replace(self) -> Statement:
        return Statement(
            update(self.column.table)
            .where(self._key == bindparam("the_key"), self.column == bindparam("before", type_=Sealed))
            .values({self.column.name: bindparam("anew", type_=Sealed)})
            .returning(self._key),
            lock_key="the_key",
        )

    @cached_property
    def _count(self) -> Statement:
        prefix: ColumnElement[Any] = func.substr(self.column, 1, KEY_ID_BYTES, type_=Sealed)
        return Statement(
            select(*(prefix.label("key_id"), func.count().label("number")))
            .where(func.length(self.column) > 0)
            .group_by(prefix)
        )


def sealed_columns(metadata: MetaData) -> list[SealedColumn]:
    """Every column that holds sealed values."""
    columns = (column for table in metadata.sorted_tables for column in table.columns)
    return [SealedColumn(column) for column in columns if isinstance(column.type, Sealed)]


def waiting_messages() -> Transaction[list[bytes]]:
    """The ids of the secrets that sealed the messages that wait, one for each.

    Messages are not sealed anew: they leave or lapse within hours.
    """
    kinds = [literal(SMS, Text), literal(MAIL, Text)]
    waiting = (outbox.c.kind.in_(kinds), outbox.c.next_attempt_at.is_not(None))
    rows = yield Statement(select(outbox.c.payload).where(*waiting))()
    return [
        base64.urlsafe_b64decode(orjson.loads(row["payload"])["sealed"][:8])[:KEY_ID_BYTES] for row in rows
    ]
