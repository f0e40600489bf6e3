"""Sealing anew what an older master secret sealed: every column of type `Sealed`, a page at a time."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from functools import partial

from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.reencryption_store import SealedColumn, SealedValue, waiting_messages


async def reencrypt(base: Foundation, columns: list[SealedColumn]) -> AsyncIterator[tuple[str, int]]:
    """Seal anew what is not under the current secret; after each page, where it stood and how many there were.

    A page is a transaction, and a value that was sealed anew is not found again: whatever ends it, the next one goes
    on where this one was. Raises Unreadable.
    """
    for each in columns:
        after = ""
        while True:
            current = base.vault.current_key_id
            values = await base.database.read(partial(each.page, after, current))
            if not values:
                break
            number = await base.database.write(partial(_anew, base, each, values))
            after = values[-1].key
            yield each.place, number


def _anew(base: Foundation, column: SealedColumn, values: list[SealedValue]) -> Transaction[int]:
    number = 0
    for each in values:
        anew = base.vault.encrypt_bytes(column.place, base.vault.decrypt_bytes(column.place, each.sealed))
        number += yield from column.replace(each, anew)
    return number


async def counted(base: Foundation, columns: list[SealedColumn]) -> Mapping[str, int]:
    """How many values each secret has sealed, by its id in hex; messages that wait are among them."""
    numbers: Counter[str] = Counter()
    for each in columns:
        for key_id, number in (await base.database.read(each.count)).items():
            numbers[key_id.hex()] += number
    numbers.update(key_id.hex() for key_id in await base.database.read(waiting_messages))
    return dict(numbers)
