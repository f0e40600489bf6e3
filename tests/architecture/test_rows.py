"""Rows stay where they are read: what leaves a store is a record with named fields, which mypy sees."""

import ast
from pathlib import Path

from tests.architecture.sources import ROOT, name, python_files, tree

ROW = "Row"
DATABASE = ROOT / "idp" / "infrastructure" / "database"


def test_a_row_leaves_no_store() -> None:
    assert sorted(_with_rows()) == []


def test_stores_do_read_rows() -> None:
    assert any(_names_a_row(path) for path in _modules() if _may_read(path))


def _with_rows() -> frozenset[str]:
    return frozenset(name(path) for path in _modules() if not _may_read(path) and _names_a_row(path))


def _modules() -> list[Path]:
    return [path for path in python_files() if path.is_relative_to(ROOT / "idp")]


def _may_read(path: Path) -> bool:
    return path.name.endswith("store.py") or path.is_relative_to(DATABASE)


def _names_a_row(path: Path) -> bool:
    """As a type, imported or by its module; or as the variable `row`, of which a column is asked."""
    return any(
        (isinstance(node, ast.alias) and node.name == ROW)
        or (isinstance(node, ast.Name) and node.id == ROW)
        or (isinstance(node, ast.Attribute) and node.attr == ROW)
        or (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "row")
        for node in ast.walk(tree(path))
    )
