"""Servers as child processes: start, wait until they answer, stop, kill, start again."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Any, Self

from tests.support.ports import listens

PATIENCE = 60.0


class DidNotStart(Exception):
    """The process ended or did not listen in time; the message ends with its last lines."""


def identity(user: str | None) -> dict[str, Any]:
    """What makes subprocess run a child as that user; nothing for the one who runs the tests."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": ()} if user else {}


@dataclass
class Process:
    """A server that listens on `port`; its output goes to `log`. `user` is whom root becomes to run it."""

    command: Sequence[str | Path]
    port: int
    log: Path
    environment: Mapping[str, str] | None = None
    directory: Path | None = None
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """The number of the running process."""
        if self._child is None:
            raise DidNotStart("it was not started, or was stopped")
        return self._child.pid

    def start(self) -> Self:
        """Start it and wait until it listens; a session of its own, so that Ctrl-C leaves it to its owner."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.command, cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True, **identity(self.user),
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while not listens(self.port):
            if self._child.poll() is not None or time.monotonic() > until:
                self.kill()
                raise DidNotStart(f"{self.command[0]} does not listen on {self.port}:\n{self.last_lines()}")
            time.sleep(0.02)
        return self

    def stop(self) -> int:
        """Ask it to end and wait; its exit code."""
        return self._end(self.stop_signal)

    def kill(self) -> None:
        """End it and all it started at once, as kill -9 or a power cut would."""
        self._end(signal.SIGKILL)

    def leave(self) -> None:
        """Let it go on when this process is over; whoever was told its number ends it."""
        child, self._child = self._child, None
        if child is not None:
            child.returncode = 0  # a child that is forgotten while it has none is a warning

    def last_lines(self) -> str:
        """What it said last."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    def _end(self, how: signal.Signals) -> int:
        child, self._child = self._child, None
        if child is None:
            return 0
        if how == signal.SIGKILL:
            _signal_group(child.pid, how)
        elif child.poll() is None:
            child.send_signal(how)
        try:
            return child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
            raise

    def __enter__(self) -> Self:
        return self if self._child else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()


@dataclass
class Server:
    """A process with a directory of its own; `url` is where it answers. The end of a `with` stops it, come what may."""

    url: str
    process: Process
    directory: Path

    def stop(self) -> None:
        """Stop it and remove what it wrote; `process.stop()` and `process.start()` are an outage."""
        self.process.stop()
        rmtree(self.directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()


def _signal_group(pid: int, how: signal.Signals) -> None:
    try:
        os.killpg(pid, how)
    except ProcessLookupError:
        return
