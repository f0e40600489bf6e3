"""`idp serve` again and again, forked from one interpreter that has read the program: a restart without the wait.

Run as a module: each line of its input begins a server, whose number it prints.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self

from tests.support.instance import ROOT, Instance
from tests.support.ports import listens
from tests.support.processes import PATIENCE


@dataclass
class Template:
    """Starts and kills servers of one instance."""

    instance: Instance
    _parent: subprocess.Popen[str]
    _server: int = 0

    @classmethod
    def of(cls, instance: Instance) -> Self:
        """Ready to start servers."""
        with (instance.folder / "serve.log").open("a") as log:
            parent = subprocess.Popen(
                [sys.executable, "-m", "tests.resilience.template"], cwd=ROOT, env=dict(instance.environment),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip
        return cls(instance, parent)

    def start(self) -> None:
        """A server that answers."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        print(file=self._parent.stdin, flush=True)
        self._server = int(self._parent.stdout.readline())
        self._wait(listening=True)

    def kill(self) -> None:
        """End the server as kill -9 does."""
        if self._server:
            os.killpg(self._server, signal.SIGKILL)
            self._server = 0
            self._wait(listening=False)

    def close(self) -> None:
        """End everything."""
        self.kill()
        self._parent.communicate("", timeout=PATIENCE)

    def _wait(self, *, listening: bool) -> None:
        until = time.monotonic() + PATIENCE
        while listens(self.instance.port) is not listening:
            assert time.monotonic() < until, (self.instance.folder / "serve.log").read_text()[-2000:]
            time.sleep(0.01)


def main() -> None:
    """Fork a server for each line."""
    import idp.commands.cli  # noqa: PLC0415
    import idp.server.app  # noqa: PLC0415 - only the interpreter that forks needs the program

    for _ in sys.stdin:
        server = os.fork()
        if server == 0:
            os.setsid()
            sys.argv = ["idp", "serve"]
            try:
                idp.commands.cli.main()
            finally:
                os._exit(1)
        print(server, flush=True)
        os.waitpid(server, 0)


if __name__ == "__main__":
    main()
