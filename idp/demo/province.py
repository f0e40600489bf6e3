"""The simulated province of a demonstration: started before the provider, which needs the secrets it gives out."""

import json
import os
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from idp.demo.plan import HOST, write_private

MODULE = "tests.province"
"""It belongs to the checkout: an installed provider runs without."""
OFFSET = 4
SECRETS_FILE = "upstream-secrets.toml"
SHOWN = ("henan",)
"""The platforms on the demo's login page; the simulator knows all."""
_ROOT = Path(__file__).parents[2]
_CONTENT = "/control/apps"
_ANSWER_SECONDS = 5.0


class NotStarted(Exception):
    """The simulator does not answer."""


def is_here() -> bool:
    """Whether this is a checkout, with its simulator."""
    return (_ROOT / "tests" / "province" / "__main__.py").is_file()


def province_settings(folder: Path) -> dict[str, str]:
    """What makes the provider use the platforms."""
    return {"IDP_UPSTREAM_SECRETS_FILE": str(folder / SECRETS_FILE)}


def start(port: int, issuer: str) -> subprocess.Popen[bytes]:
    """Start it at its own port for a provider of this address, which is the only one that it sends people back to."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    command = [sys.executable, "-m", MODULE, "--port", str(port), "--callback", f"{issuer}/upstream/"]
    return subprocess.Popen(command, env=environment, cwd=_ROOT)


def write_secrets(child: subprocess.Popen[bytes], port: int, folder: Path, seconds: float) -> None:
    """Wait until it answers, and write down what it gave us. Raises NotStarted."""
    deadline = time.monotonic() + seconds
    while (given := _given(port)) is None:
        if child.poll() is not None or time.monotonic() > deadline:
            raise NotStarted(f"{MODULE} does not answer")
        time.sleep(0.05)
    sections = [f"[{name}]\n{_lines(given[name])}" for name in SHOWN if name in given]
    write_private(folder / SECRETS_FILE, "\n".join(sections))


def _given(port: int) -> dict[str, Any] | None:
    connection = HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", _CONTENT)
        response = connection.getresponse()
        return dict(json.loads(response.read())) if response.status == 200 else None
    except (OSError, ValueError):
        return None
    finally:
        connection.close()


def _lines(values: dict[str, str]) -> str:
    """JSON writes these texts as TOML does."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
