"""Sealing anew what an older master secret sealed: every column of type `Sealed`, a page at a time."""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, MetaData, Text, bindparam, func, literal, select, update

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.schema import Sealed
from idp.infrastructure.foundation import Foundation
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

    @cached_property
    def page(self) -> Statement:
        """The next rows after a key whose value another secret sealed."""
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
    def replace(self) -> Statement:
        """Put in the value that was sealed anew, unless it was changed meanwhile."""
        return Statement(
            update(self.column.table)
            .where(self._key == bindparam("the_key"), self.column == bindparam("before", type_=Sealed))
            .values({self.column.name: bindparam("anew", type_=Sealed)})
            .returning(self._key),
            lock_key="the_key",
        )

    @cached_property
    def count(self) -> Statement:
        """How many values each secret has sealed."""
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


async def reencrypt(base: Foundation, columns: list[SealedColumn]) -> AsyncIterator[tuple[str, int]]:
    """Seal anew what is not under the current secret; after each page, where it stood and how many there were.

    A page is a transaction, and a value that was sealed anew is not found again: whatever ends it, the next one goes
    on where this one was. Raises Unreadable.
    """
    for each in columns:
        after = ""
        while True:
            current = base.vault.current_key_id
            page = await base.database.read(fetch(each.page(after=after, current=current)))
            if not page:
                break
            values = [SealedValue(row["the_key"], row["sealed"]) for row in page]
            number = await base.database.write(partial(_anew, base, each, values))
            after = values[-1].key
            yield each.place, number


def _anew(base: Foundation, column: SealedColumn, values: list[SealedValue]) -> Transaction[int]:
    number = 0
    for each in values:
        anew = base.vault.encrypt_bytes(column.place, base.vault.decrypt_bytes(column.place, each.sealed))
        number += len((yield column.replace(the_key=each.key, before=each.sealed, anew=anew)))
    return number


async def counted(base: Foundation, columns: list[SealedColumn]) -> Mapping[str, int]:
    """How many values each secret has sealed, by its id in hex; messages that wait are among them."""
    numbers: dict[str, int] = {}
    for each in columns:
        for row in await base.database.read(fetch(each.count())):
            key_id = bytes(row["key_id"]).hex()
            numbers[key_id] = numbers.get(key_id, 0) + row["number"]
    for row in await base.database.read(fetch(_messages()())):
        key_id = base64.urlsafe_b64decode(orjson.loads(row["payload"])["sealed"][:8])[:KEY_ID_BYTES].hex()
        numbers[key_id] = numbers.get(key_id, 0) + 1
    return numbers


def _messages() -> Statement:
    """Messages that wait are sealed too, and are not sealed anew: they leave or lapse within hours."""
    kinds = [literal(SMS, Text), literal(MAIL, Text)]
    waiting = (outbox.c.kind.in_(kinds), outbox.c.next_attempt_at.is_not(None))
    return Statement(select(outbox.c.payload).where(*waiting))
