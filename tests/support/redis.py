"""A private Redis that forgets all when it ends: the key-value store holds nothing that may not be lost."""

import secrets
import tempfile
from pathlib import Path
from typing import Self

from devtools import machine
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process, Server

DATABASES = 64


class Redis(Server):
    """A running server; `url` is that of its database 0."""

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
