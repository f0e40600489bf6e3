"""A room builds itself, and no module knows too many others."""

import ast
from pathlib import Path

from idp.infrastructure import assembly as ground
from tests.architecture.sources import ROOT, name, python_files, tree

IDP = ROOT / "idp"
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
    rooms = {path.parent for path in python_files() if path.parent.parent == IDP}
    assert Path(ground.__file__).parent in rooms
    assert [name(room) for room in sorted(rooms) if not (room / "assembly.py").is_file()] == []


def test_no_module_imports_too_many_others() -> None:
    numbers = {name(path): len(imported(path)) for path in python_files() if path.is_relative_to(IDP)}
    assert {path: number for path, number in numbers.items() if number > MOST_IMPORTS} == KNOW_MORE
