"""The commands of `./dev`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from devtools import checks, environment, machine
from devtools.environment import DEV, ROOT, RUN
from devtools.problem import Problem

SETTINGS = "idp.env"


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name."""
    name, *rest = arguments or ["help"]
    command = COMMANDS.get(name.lstrip("-")) or COMMANDS.get({"h": "help"}.get(name.lstrip("-"), ""))
    try:
        if command is None:
            raise Problem(f"there is no command {name!r}; ./dev help lists them")
        return command(rest)
    except Problem as problem:
        print(f"dev: {problem}", file=sys.stderr)
    except OSError as error:
        print(f"dev: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def run(arguments: list[str]) -> int:
    """Start the provider and two demo systems on loopback; --help tells its options."""
    _become(environment.ensure(RUN), "idp.demo", arguments)


def idp(arguments: list[str]) -> int:
    """The product's command line: idp [--data DIR] ARGS…, or with IDP_… settings in the environment."""
    rest, data = _data_directory(arguments)
    settings = _settings(data) if data else {}
    _become(environment.ensure(RUN), "idp", rest, settings)


def test(arguments: list[str]) -> int:
    """All checks, then all tests with real PostgreSQL, Redis and Chromium; takes pytest's arguments."""
    python = environment.ensure(DEV)
    machine.ensure()
    checked = checks.run()
    sys.stdout.flush()
    command = [python, "-m", "pytest", "-n", "3", "--dist", "loadgroup", *arguments]
    tested = _wait(subprocess.Popen(command, cwd=ROOT, env=environment.clean_environment()))
    if checked:
        print("dev: the tests ran, but ./dev check failed: see above", file=sys.stderr)
    return tested or checked


def check(arguments: list[str]) -> int:
    """Style, types, floors, dependencies, sizes."""
    if arguments:
        raise Problem("./dev check takes no arguments")
    environment.ensure(DEV)
    return checks.run()


def bench(arguments: list[str]) -> int:
    """The hot paths against a peer on this machine; --scale among a million accounts, --notices beside a silent one."""
    python = environment.ensure(DEV)
    machine.ensure()
    _become(python, "tests.bench", arguments)


def help_(arguments: list[str]) -> int:
    """This list."""
    print("湛河统一身份认证与用户中心 / Zhanhe Unified Identity\n\nusage: ./dev COMMAND [ARGUMENTS]\n")
    for name, command in COMMANDS.items():
        print(f"  {name:6} {command.__doc__}")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "test": test,
    "check": check,
    "bench": bench,
    "idp": idp,
    "help": help_,
}


def _become(
    python: str, module: str, arguments: list[str], settings: dict[str, str] | None = None
) -> NoReturn:
    """Give way to a module; safe path, so that a file beside the caller shadows nothing."""
    variables = {**environment.clean_environment(), "PYTHONSAFEPATH": "1", **(settings or {})}
    os.execve(python, [python, "-m", module, *arguments], variables)


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Its exit code; an interrupt reaches it too, and it is left the time to put its servers away."""
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        return child.wait()
    except KeyboardInterrupt:
        return child.wait()


def _data_directory(arguments: list[str]) -> tuple[list[str], Path | None]:
    """`--data DIR` stands before the words of the command line itself."""
    first, *rest = arguments or [""]
    if first.startswith("--data="):
        return rest, Path(first.removeprefix("--data="))
    if first != "--data":
        return arguments, None
    if not rest:
        raise Problem("--data needs a directory")
    return rest[1:], Path(rest[0])


def _settings(data: Path) -> dict[str, str]:
    """The settings that `./dev run --data DIR` left there, NAME=value a line."""
    file = data / SETTINGS
    if not file.exists():
        raise Problem(f"{file} is not there: ./dev run --data {data} makes it")
    lines = (line.strip().partition("=") for line in file.read_text(encoding="utf-8").splitlines())
    return {name: value for name, sign, value in lines if sign and name.startswith("IDP_")}
