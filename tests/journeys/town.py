"""The town: everything that `./dev run` starts, and the people in it."""

import json
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pyotp

from tests.support.ports import LOOPBACK

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
STEP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    username: str
    name: str
    password: str = field(repr=False)
    totp_secret: str | None = field(repr=False)

    def code(self) -> str:
        """What the authenticator app shows now."""
        assert self.totp_secret is not None
        return pyotp.TOTP(self.totp_secret).now()

    def wrong_code(self) -> str:
        """Six digits that the app shows neither now nor within two minutes."""
        assert self.totp_secret is not None
        app, now = pyotp.TOTP(self.totp_secret), int(time.time())
        shown = {app.at(now + step * STEP_SECONDS) for step in range(-4, 5)}
        return next(f"{number:06}" for number in range(10) if f"{number:06}" not in shown)


@dataclass(frozen=True, slots=True)
class Town:
    """The addresses and the people of a running demo."""

    issuer: str
    portal: str
    credit: str
    people: dict[str, Person]
    cli: list[str]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    def command(self, *arguments: str, stdin: str | None = None) -> Any:
        """Run the town's `idp ARGUMENTS --json`."""
        done = subprocess.run(
            [*self.cli, *arguments, "--json"],
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    def newcomer(self, *, level: int = 2, totp: bool = False) -> Person:
        """Somebody who has never agreed to anything, and has used no code yet."""
        username, password = f"newcomer{next(self._numbers)}", secrets.token_urlsafe(12)
        who = ("--username", username, "--name", "赵六", "--level", str(level), "--password-stdin")
        made = self.command("account", "create", *who, *(["--totp"] if totp else []), stdin=password)
        return Person(username, "赵六", password, made.get("totp_secret"))


@contextmanager
def running_town(folder: Path) -> Iterator[Town]:
    """Start a demo in a folder, and end it."""
    ready, log = folder / "ready.json", folder / "log"
    command = [sys.executable, "-m", "idp.demo", "--port", str(_three_ports())]
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [*command, "--data", str(folder / "data"), "--ready", str(ready)],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(ready, demo, log)
        yield _read(json.loads(ready.read_text("utf-8")))
    finally:
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(PATIENCE) == 0, log.read_text("utf-8")


def _three_ports() -> int:
    """The first of three free ports, below those that the kernel gives to connections on their way out."""
    while True:
        port = 20_000 + 3 * secrets.randbelow(4_000)
        if all(_is_free(port + offset) for offset in range(3)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _wait_for(ready: Path, demo: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not ready.exists():
        assert demo.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < until, log.read_text("utf-8")
        time.sleep(0.05)


NAMES = {"zhangsan": "张三", "lisi": "李四", "wangwu": "王五"}


def _read(ready: dict[str, Any]) -> Town:
    people = {
        account["username"]: Person(
            account["username"],
            NAMES[account["username"]],
            account["password"],
            account.get("totp_secret"),
        )
        for account in ready["accounts"]
    }
    portal, credit = (system["url"] for system in ready["systems"])
    return Town(ready["issuer"], portal, credit, people, ready["cli"])
