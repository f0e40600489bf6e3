"""The locks name public hosts only, agree with each other, and pin everything."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.architecture.sources import ROOT, name, repository_files

PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org"}
EXPORTS = sorted((ROOT / "requirements").glob("*.txt"))
FOREIGN = ROOT / "tests" / "conformance" / "python" / "requirements.txt"
"""What clients of other people need, in an environment of their own: none of it is the product's."""

NODE_LOCKS = [path for path in repository_files() if path.name == "package-lock.json"]
PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
RELOCK = "uv lock, then the commands at the top of requirements/*.txt"


def test_the_developers_lock_names_public_hosts_only() -> None:
    urls = re.findall(r'https?://[^"\s]+|file:[^"\s]+', (ROOT / "uv.lock").read_text())
    assert urls != []
    assert {urlsplit(url).hostname for url in urls} == PUBLIC_HOSTS


@pytest.mark.parametrize("export", [*EXPORTS, FOREIGN], ids=name)
def test_an_export_names_no_host_and_no_index(export: Path) -> None:
    lines = [line for line in export.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if "://" in line or " @ " in line] == []
    assert [line for line in lines if line.startswith("-") or "--index" in line or "--find" in line] == []


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: path.name)
def test_an_export_pins_what_the_developers_lock_pins(export: Path) -> None:
    locked = {package["name"]: package for package in _lock()}
    for requirement in re.split(r"\n(?=\S)", export.read_text()):
        if requirement.startswith("#"):
            continue
        [(package, version)] = PIN.findall(requirement)
        files = [*locked[package].get("wheels", []), locked[package].get("sdist", {})]
        assert (package, version) == (package, locked[package]["version"]), RELOCK
        assert set(HASH.findall(requirement)) == {file["hash"] for file in files if file}, RELOCK


def test_every_package_of_the_foreign_clients_is_pinned_with_its_hashes() -> None:
    requirements = [line for line in re.split(r"\n(?=\S)", FOREIGN.read_text()) if not line.startswith("#")]
    assert len(requirements) > 10
    assert [line for line in requirements if not (PIN.match(line) and HASH.search(line))] == []


@pytest.mark.parametrize("lock", NODE_LOCKS, ids=name)
def test_every_package_of_node_is_pinned_with_its_hash_and_names_no_host(lock: Path) -> None:
    packages = {at: about for at, about in json.loads(lock.read_text())["packages"].items() if at}
    assert packages != {}
    assert [
        at for at, about in packages.items() if not about.get("integrity", "").startswith("sha512-")
    ] == []
    assert [at for at, about in packages.items() if "resolved" in about] == []


def test_every_jar_is_pinned_with_its_hash_and_no_host_is_named() -> None:
    folder = ROOT / "tests" / "conformance" / "java"
    lines = (folder / "jars.lock").read_text().splitlines()
    assert len(lines) > 10
    assert [line for line in lines if not re.fullmatch(r"[0-9a-f]{64}  [\w.-]+\.jar", line)] == []
    hosts = {
        urlsplit(url).hostname for url in re.findall(r'https?://[^"\s]+', (folder / "pom.xml").read_text())
    }
    assert hosts == {"maven.apache.org"}  # the name of the format


def test_the_locks_hold_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [ours] = [package for package in _lock() if package["name"] == project["project"]["name"]]
    declared = {_name(line) for line in project["project"]["dependencies"]}
    dev = {_name(line) for line in project["dependency-groups"]["dev"]}
    assert {need["name"] for need in ours["metadata"]["requires-dist"]} == declared, RELOCK
    assert {need["name"] for need in ours["metadata"]["requires-dev"]["dev"]} == dev, RELOCK
    assert declared <= _pinned("run.txt")
    assert declared | dev | _pinned("run.txt") <= _pinned("dev.txt")
    assert not dev & _pinned("run.txt")


def _lock() -> list[dict[str, Any]]:
    return list(tomllib.loads((ROOT / "uv.lock").read_text())["package"])


def _pinned(export: str) -> set[str]:
    return {package for package, _ in PIN.findall((ROOT / "requirements" / export).read_text())}


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower()
