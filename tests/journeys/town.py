"""The town: everything that `./dev run` starts, and the people in it."""

import asyncio
import html
import json
import os
import re
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

import httpx2
import pyotp

from tests.support import commands
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

    def next_code(self) -> str:
        """What it shows in the next half minute, which counts already: each code is good once."""
        assert self.totp_secret is not None
        return pyotp.TOTP(self.totp_secret).at(int(time.time()) + STEP_SECONDS)

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
    authorities: str
    province: str
    people: dict[str, Person]
    cli: list[str]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1), repr=False)
    _read: dict[str, int] = field(default_factory=dict, repr=False)

    def command(self, *arguments: str, stdin: str | None = None) -> Any:
        """Run the town's `idp ARGUMENTS --json`."""
        done = commands.run([*self.cli, *arguments, "--json"], os.environ, stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def phone(self) -> str:
        """A number that nobody has."""
        return f"1380001{next(self._numbers):04}"

    def tell_province(self, **said: Any) -> None:
        """Have the simulated province do something: fail, be slow, forget somebody."""
        httpx2.post(f"{self.province}/control", json={"platform": "henan", **said}).raise_for_status()

    async def message(self, phone: str) -> str:
        """The next message that a phone gets, from the page of the demonstration."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            async with httpx2.AsyncClient(headers={"accept": "text/html"}) as client:
                shown = (await client.get(f"{self.issuer}/demo/messages")).text
            texts = re.findall(rf"<strong>{re.escape(phone)}</strong>.*?<p lang=[^>]*>(.*?)</p>", shown, re.S)
            read = self._read.get(phone, 0)
            if len(texts) > read:
                self._read[phone] = read + 1
                return html.unescape(texts[-1 - read])
            await asyncio.sleep(0.1)
        raise AssertionError("no message came")

    async def code(self, phone: str) -> str:
        """The six digits of the next message that a phone gets and that has some."""
        while True:
            found = re.search(r"\b\d{6}\b", await self.message(phone))
            if found:
                return found.group()

    def newcomer(
        self,
        *,
        level: int = 2,
        totp: bool = False,
        name: str = "赵六",
        phone: str = "",
        certificate: tuple[str, str] | None = None,
    ) -> Person:
        """Somebody who has never agreed to anything, and has used no code yet; `certificate`: type and number."""
        username, password = f"newcomer{next(self._numbers)}", secrets.token_urlsafe(12)
        who = ["--username", username, "--name", name, "--level", str(level), "--password-stdin"]
        who += ["--phone", phone, "--phone-verified"] if phone else []
        who += [] if certificate else ["--without-certificate"]
        if certificate:
            who += ["--certificate-type", certificate[0], "--certificate-number", certificate[1]]
        made = self.command("account", "create", *who, *(["--totp"] if totp else []), stdin=password)
        return Person(username, name, password, made.get("totp_secret"))

    def representative(self) -> Person:
        """The one who represents a company, says the simulated register; the same whenever asked."""
        if "representative" not in self.people:
            known = ("HMT", "810000199001010019")
            self.people["representative"] = self.newcomer(
                name="陈港生", phone=self.phone(), certificate=known
            )
        return self.people["representative"]

    def staff(self, *roles: str) -> Person:
        """Somebody who works at the counter, with a second factor as the rules want it."""
        person = self.newcomer(totp=True, name="孙七")
        for role in roles:
            self.command("account", "role", "add", person.username, role, "--division", "410411")
        return person


@contextmanager
def running_town(folder: Path) -> Iterator[Town]:
    """Start a demo in a folder, and end it."""
    ready, log = folder / "ready.json", folder / "log"
    command = [sys.executable, "-m", "idp.demo", "--port", str(_five_ports())]
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


def _five_ports() -> int:
    """The first of five free ports, below those that the kernel gives to connections on their way out."""
    while True:
        port = 20_000 + 5 * secrets.randbelow(2_400)
        if all(_is_free(port + offset) for offset in range(5)):
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


NAMES = {"zhangsan": "张三", "lisi": "李四", "wangwu": "王五", "zhaoliu": "赵六", "sunqi": "孙七"}


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
    host, _, port = str(ready["issuer"]).rpartition(":")
    authorities, province = (f"{host}:{int(port) + offset}" for offset in (3, 4))
    python, dash, module, *cli = ready["cli"]
    assert (python, dash, module) == (sys.executable, "-m", "idp")
    return Town(ready["issuer"], portal, credit, authorities, province, people, cli)
