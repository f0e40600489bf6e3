"""What the demonstration consists of and what its data directory remembers; light, because every start reads it."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
KEPT = "demo.json"
MIGRATIONS = Path(__file__).parents[2] / "migrations" / "versions"

Kept = dict[str, Any]
"""What the data directory remembers of the demo: accounts with passwords, systems with secrets."""


@dataclass(frozen=True, slots=True)
class System:
    """A demo system: its module, its name, the offset of its port, what it may ask for."""

    module: str
    name: str
    offset: int
    scope: str


SYSTEMS = (
    System("clients.portal", "政务服务网门户", 1, "openid profile phone"),
    System("clients.credit", "公共信用查询", 2, "openid profile real_name"),
)

AUTHORITIES = "tests.authorities"
"""Simulated authorities that know people. They belong to the checkout: an installed provider runs without."""
AUTHORITIES_OFFSET = 3
AUTHORITIES_APP_ID = "demo"


def authorities_are_here() -> bool:
    """Whether this is a checkout, with its simulators."""
    return (Path(__file__).parents[2] / "tests" / "authorities" / "__main__.py").is_file()


def authority_settings(port: int, secret: str) -> dict[str, str]:
    """What makes the provider ask the simulators; `port` is the provider's own."""
    url = f"http://{HOST}:{port + AUTHORITIES_OFFSET}"
    named = {"IDP_NETWORK_IDENTITY_ORG_ID": "DEMO", "IDP_NETWORK_IDENTITY_APP_URL": f"{url}/app"}
    for name in ("POPULATION", "CARRIER", "LICENCE", "NETWORK_IDENTITY"):
        named |= {
            f"IDP_{name}_URL": url,
            f"IDP_{name}_APP_ID": AUTHORITIES_APP_ID,
            f"IDP_{name}_SECRET": secret,
        }
    return named


def read_kept(folder: Path) -> Kept:
    """What is remembered; empty at the first start."""
    path = folder / KEPT
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def fingerprint(issuer: str, database: str) -> Kept:
    """What must be the same for the remembered demo to be used as it is."""
    path = Path(database.removeprefix("sqlite:///"))
    there = path.exists() if database.startswith("sqlite:///") else True
    schema = max(path.name for path in MIGRATIONS.glob("[0-9]*.py"))
    return {"issuer": issuer, "database": database if there else "", "schema": schema}


def write_private(path: Path, text: str) -> None:
    """Write a file whole, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)
