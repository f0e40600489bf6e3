"""QR codes as pictures for pages; drawing one takes 20 ms of a processor, so it is done beside the event loop."""

import asyncio
from functools import lru_cache

import segno

KEPT = 256


async def qr_code(content: str, *, keep: bool = False) -> str:
    """The picture as a data URI. `keep`: for a page that is shown again and again, and holds no lasting secret."""
    return await asyncio.to_thread(_kept if keep else _draw, content)


def _draw(content: str) -> str:
    return str(segno.make(content, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff"))


@lru_cache(KEPT)
def _kept(content: str) -> str:
    return _draw(content)
