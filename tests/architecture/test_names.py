"""A class name means one thing in the whole house."""

import ast
from collections import defaultdict

from tests.architecture.sources import ROOT, name, python_files, tree

INTERFACE = "idp/selfservice/api/"
"""What programs read of the own account has the names of what it shows: they stand in its published description."""


def test_no_class_name_stands_in_two_modules() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in python_files():
        if not path.is_relative_to(ROOT / "idp") or name(path).startswith(INTERFACE):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name(path))
    assert {each: places for each, places in found.items() if len(places) > 1} == {}
