"""One instance of our provider, set up and driven through its public command line only."""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.support import commands
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process

ROOT = Path(__file__).parents[2]
IDP = (sys.executable, "-m", "idp")


class CommandFailed(Exception):
    """The command line refused; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client; one without a secret has an empty one."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in."""

    username: str
    password: str
    account_id: str = ""
    totp_secret: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """Settings of one instance; several processes may serve it."""

    folder: Path
    port: int
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def create(cls, folder: Path, **settings: str) -> Self:
        """A migrated instance with an SQLite file, or what the settings (names without IDP_) say."""
        port = free_port()
        given = {
            "ISSUER": f"http://{LOOPBACK}:{port}",
            "DATA_DIR": str(folder),
            "HOST": LOOPBACK,
            "PORT": str(port),
            # Plain HTTP on loopback; everything else is as in production.
            "DEMO": "true",
            "DRAIN": "0",  # but an end: nobody stands in front who would have to hear of it first
            **settings,
        }
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {f"IDP_{name}": value for name, value in given.items()}
        instance = cls(folder, port, environment)
        instance.command("migrate")
        return instance

    @property
    def issuer(self) -> str:
        """Its URL."""
        return self.environment["IDP_ISSUER"]

    def command(self, *arguments: str, stdin: str | None = None) -> Any:
        """Run `idp ARGUMENTS --json`; what it printed."""
        done = commands.run([*arguments, "--json"], self.environment, stdin)
        if done.returncode != 0:
            said = f"{done.stdout}{done.stderr}"
            raise CommandFailed(f"idp {' '.join(arguments)} ended with {done.returncode}:\n{said}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def create_client(self, name: str, *arguments: str) -> Client:
        """Register a client."""
        made = self.command("client", "create", "--name", name, *arguments)
        return Client(made["client_id"], made.get("client_secret") or "")

    def create_account(self, username: str, *arguments: str) -> Account:
        """Register a person with a password made on the spot."""
        password = secrets.token_urlsafe(16)
        who = ["--username", username, "--name", "张三", "--password-stdin"]
        if "--certificate-number" not in arguments:
            who.append("--without-certificate")
        made = self.command("account", "create", *who, *arguments, stdin=password)
        return Account(username, password, made["id"], made.get("totp_secret") or "")

    def process(self) -> Process:
        """`idp serve`, not yet started."""
        return Process(
            (*IDP, "serve"), self.port, self.folder / "serve.log", self.environment, directory=ROOT
        )
