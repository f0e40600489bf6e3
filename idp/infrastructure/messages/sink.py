"""The development sink: messages go into a file that its owner alone can read, and from there onto a page."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from idp.infrastructure.messages.interface import Message
from idp.infrastructure.sources import Sources

FILE = "messages.jsonl"
MOST = 100


class Sink:
    """Writes one line per message. For demonstrations: the codes stand there in clear."""

    def __init__(self, folder: Path, sources: Sources) -> None:
        self._path = folder / FILE
        self._sources = sources

    async def __call__(self, message: Message) -> None:
        """See `MessageChannel`."""
        line = {
            "at": self._sources.now(),
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
        }
        await asyncio.to_thread(self._append, json.dumps(line, ensure_ascii=False) + "\n")

    async def latest(self) -> list[dict[str, Any]]:
        """The last messages, newest first."""
        return await asyncio.to_thread(self._read)

    def _append(self, line: str) -> None:
        # One write of one line: several workers may append side by side.
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.fchmod(handle, 0o600)
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def _read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        lines = self._path.read_text("utf-8").splitlines()[-MOST:]
        return [json.loads(line) for line in reversed(lines)]
