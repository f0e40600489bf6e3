"""A room builds itself, and no module knows too many others."""

import ast
import subprocess
import sys
from pathlib import Path

from idp.infrastructure import assembly as ground
from tests.architecture.sources import ROOT, name, python_files, tree

IDP = ROOT / "idp"
ROOF = {IDP / "commands", IDP / "demo", IDP / "server"}
MOST_IMPORTS = 30
KNOW_MORE = {
    "idp/selfservice/api/gate.py": 39,
}
"""Modules that still import more; none may grow, and none may be added."""


def imported(path: Path) -> set[str]:
    """The modules that a file names in its imports; two names of one module are one."""
    found = set[str]()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return found


def test_every_room_has_its_assembly() -> None:
    rooms = {path.parent for path in python_files() if path.parent.parent == IDP} - ROOF
    assert Path(ground.__file__).parent in rooms
    assert [name(room) for room in sorted(rooms) if not (room / "assembly.py").is_file()] == []


def test_no_module_imports_too_many_others() -> None:
    numbers = {name(path): len(imported(path)) for path in python_files() if path.is_relative_to(IDP)}
    assert {path: number for path, number in numbers.items() if number > MOST_IMPORTS} == KNOW_MORE


def tables(path: Path) -> set[str]:
    """The names of the tables that a file defines."""
    return {
        node.args[0].value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Table"
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def test_every_table_is_in_the_catalogue_because_its_store_is_called_so() -> None:
    defined = set[str]().union(*(tables(path) for path in python_files() if path.is_relative_to(IDP)))
    listing = [sys.executable, "-c", "from idp.schema import metadata; print(*metadata.tables)"]
    listed = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert defined == set(listed.split())
    assert len(defined) > 30
