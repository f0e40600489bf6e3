"""Reading the messages that a provider would have sent: from the development sink of its data directory."""

import asyncio
import json
import re
from typing import Any

from sqlalchemy import literal, select

from idp.infrastructure.database import Statement
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.outbox_store import outbox
from tests.support.inprocess import Provider

DUE = Statement(
    select(outbox.c.id).where(
        outbox.c.kind.in_([literal("sms"), literal("mail")]),
        outbox.c.delivered_at.is_(None),
        outbox.c.next_attempt_at.is_not(None),
        outbox.c.last_error.is_(None),
    )
)


async def messages_to(house: Provider, address: str) -> list[str]:
    """The texts sent to a phone or mail address so far, oldest first; the provider runs with message_sink=True."""
    await settled(house)
    return [line["text"] for line in await all_messages(house) if line["to"] == address]


async def last_code(house: Provider, phone: str) -> str:
    """The six digits that were sent to a phone last."""
    texts = await messages_to(house, phone)
    codes = [found.group() for text in texts if (found := re.search(r"(?<!\d)\d{6}(?!\d)", text))]
    assert codes, "no code was sent"
    return codes[-1]


async def all_messages(house: Provider) -> list[dict[str, Any]]:
    """Every line of the sink."""
    path = house.worker.settings.data_dir / "messages.jsonl"
    text = await asyncio.to_thread(lambda: path.read_text("utf-8") if path.exists() else "")
    return [json.loads(line) for line in text.splitlines()]


async def settled(house: Provider) -> None:
    """Wait until the outbox has nothing that is due."""
    for _ in range(500):
        if not await _due(house):
            return
        house.worker.outbox.kick()
        await asyncio.sleep(0.01)
    raise AssertionError("the outbox is never empty")


async def _due(house: Provider) -> bool:
    return bool(await house.worker.base.database.read(fetch(DUE())))
