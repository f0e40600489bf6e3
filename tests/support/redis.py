"""A private Redis that forgets all when it ends: the key-value store holds nothing that may not be lost."""

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Self

from devtools import machine
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process

DATABASES = 64


@dataclass
class Redis:
    """A running server; `url` is that of its database 0."""

    url: str
    process: Process
    directory: Path

    @classmethod
    def start(cls) -> Self:
        """Start one in a directory of its own; the password stays out of the list of processes."""
        program = machine.redis()
        if program is None:
            raise FileNotFoundError("Redis is not installed; ./dev test installs it")
        directory = Path(tempfile.mkdtemp(prefix="zhanhe-redis-"))
        password, port = secrets.token_urlsafe(24), free_port()
        settings = directory / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f"bind {LOOPBACK}\nport {port}\ndir {directory}\nrequirepass {password}\n"
            f'databases {DATABASES}\nsave ""\nappendonly no\n'
        )
        process = Process([program, settings], port, directory / "log").start()
        return cls(f"redis://:{password}@{LOOPBACK}:{port}/0", process, directory)

    def stop(self) -> None:
        """Stop it and remove what it wrote; `process.stop()` and `process.start()` are an outage."""
        self.process.stop()
        rmtree(self.directory)
