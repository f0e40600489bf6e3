"""`idp …` as it is typed, forked from an interpreter that has read the program: a command without the second before.

Run as a module: each line of its input is a command, each line of its output what came of it.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
READ = ("idp.commands.cli", "idp.server.house", "typer.rich_utils")
"""The program, and what it reads only where a command needs it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left: its exit code, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Commander:
    """The interpreter that has read the program; it ends with the process that asks it."""

    _process: subprocess.Popen[str]
    _turn: Lock

    @classmethod
    def start(cls) -> Self:
        """Begin one."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.commands"], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        atexit.register(process.communicate)  # it ends where its input ends
        return cls(process, Lock())

    def run(self, arguments: Sequence[str], environment: Mapping[str, str], stdin: str | None) -> Done:
        """One command after the other, whoever asks."""
        asked = {"arguments": list(arguments), "environment": dict(environment), "stdin": stdin or ""}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            return Done(**json.loads(self._process.stdout.readline()))


_commander = cache(Commander.start)


def run(arguments: Sequence[str], environment: Mapping[str, str], stdin: str | None = None) -> Done:
    """`idp ARGUMENTS` in a process of its own, with this environment alone, from the root of the checkout."""
    return _commander().run(arguments, environment, stdin)


def main() -> None:
    """Fork a command for each line; it goes on as `python -m idp` does, to the end of the interpreter."""
    for name in READ:
        importlib.import_module(name)
    gc.freeze()  # a look at it all would copy it into each command
    for line in sys.stdin:
        asked = json.loads(line)
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(asked["stdin"].encode())
            given.seek(0)
            child = os.fork()
            if child == 0:
                _become(asked, given, out, err)
                return
            _, status = os.waitpid(child, 0)
            said = {"stdout": _text(out), "stderr": _text(err)}
        print(json.dumps({"returncode": os.waitstatus_to_exitcode(status), **said}), flush=True)


def _become(asked: dict[str, Any], given: IO[bytes], out: IO[bytes], err: IO[bytes]) -> None:
    for stream, number in ((given, 0), (out, 1), (err, 2)):
        os.dup2(stream.fileno(), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - what the old one has read ahead is not ours
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv[1:] = asked["arguments"]
    runpy.run_module("idp", run_name="__main__", alter_sys=True)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    main()
