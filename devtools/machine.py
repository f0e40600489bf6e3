"""What the tests need of the machine beside Python: where it is, and installing it where that is possible."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devtools.problem import Problem

APACHE_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True, slots=True)
class Need:
    """A program of the operating system, and the Debian packages that bring it."""

    name: str
    packages: tuple[str, ...]
    find: Callable[[], object]


def postgresql(program: str) -> Path | None:
    """A program of the newest PostgreSQL server; Debian keeps them out of PATH, one directory per version."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{program}")
    newest = max(versions, key=lambda path: int(path.parts[-3]), default=None)
    return newest or _on_path(program)


def redis() -> Path | None:
    """The server, or its fork under the other name."""
    return _on_path("redis-server", "valkey-server")


def chromium() -> Path | None:
    """The browser of the journeys."""
    return _on_path("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def nginx() -> Path | None:
    """The proxy in front of several processes."""
    return _on_path("nginx")


def apache() -> Path | None:
    """The web server, where the module that makes it an OpenID Connect client is there too."""
    return _on_path("apache2") if (APACHE_MODULES / "mod_auth_openidc.so").exists() else None


def node() -> Path | None:
    """The runtime of the independent counterpart and of the peer in the benchmark."""
    return _on_path("node") if _on_path("npm") else None


@dataclass(frozen=True, slots=True)
class Jdk:
    """The programs of a Java development kit, and Maven."""

    runtime: Path
    compiler: Path
    maven: Path


def java() -> Jdk | None:
    """The runtime of another counterpart; whoever has the compiler has all of it."""
    runtime, compiler, maven = _on_path("java"), _on_path("javac"), _on_path("mvn")
    return Jdk(runtime, compiler, maven) if runtime and compiler and maven else None


def chinese_font() -> bool:
    """Without one a page renders as boxes, and a screenshot shows nothing."""
    listing = shutil.which("fc-list")
    command = [listing or "", ":lang=zh-cn"]
    return listing is not None and bool(subprocess.run(command, check=False, capture_output=True).stdout)


NEEDS = (
    Need("PostgreSQL", ("postgresql",), lambda: os.environ.get("TEST_DATABASE_URL") or postgresql("initdb")),
    # Tests stop and start a Redis of their own, so a URL in the environment does not replace the program.
    Need("Redis", ("redis-server",), redis),
    Need("Chromium", ("chromium",), chromium),
    Need("a Chinese font", ("fontconfig", "fonts-noto-cjk"), chinese_font),
    Need("nginx", ("nginx",), nginx),
    Need("Apache with mod_auth_openidc", ("libapache2-mod-auth-openidc",), apache),
    Need("Node.js with npm", ("nodejs", "npm"), node),
    Need("a JDK with Maven", ("default-jdk-headless", "maven"), java),
)


def ensure() -> None:
    """Install what is missing, or say in one line what to install."""
    missing = _missing()
    if not missing:
        return
    packages = " ".join(package for need in missing for package in need.packages)
    names = ", ".join(need.name for need in missing)
    if shutil.which("apt-get") is None:
        raise Problem(f"the tests need {names}; please install it (Debian's packages: {packages})")
    if os.geteuid() != 0:
        raise Problem(f"the tests need {names}: sudo apt-get install {packages}")
    print(f"dev: installing {names} with apt-get …", file=sys.stderr, flush=True)
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *packages.split())
    still = ", ".join(need.name for need in _missing())
    if still:
        raise Problem(f"apt-get ran, yet these cannot be found: {still}")


def _missing() -> list[Need]:
    return [need for need in NEEDS if not need.find()]


def _apt(*arguments: str) -> None:
    # Debian starts a server that it installs, unless the run level says not to; the tests start their own.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command = ["apt-get", "-qq", *arguments]
    done = subprocess.run(command, check=False, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        last = "\n".join(f"  | {line}" for line in done.stdout.decode(errors="replace").splitlines()[-6:])
        raise Problem(f"apt-get {arguments[0]} failed\n{last}")


def _on_path(*programs: str) -> Path | None:
    places = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin"
    found = (shutil.which(program, path=places) for program in programs)
    return next((Path(program) for program in found if program), None)
