"""A refusal is an outcome of a unit of work, found before its first write: one that is raised has all that shared the
transaction run again.

`Overtaken` may be raised. It refuses nothing: another unit came in between, and whoever raises it wants to run again.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.architecture.sources import ROOT, name, python_files, tree

OVERTAKEN = "Overtaken"
MADE_THERE = "idp/federation/linking/service.py _open: calls checked"
"""It checks an account that it has made itself, of what was checked as it arrived: nobody is refused."""


def test_no_unit_of_work_raises_a_refusal() -> None:
    assert sorted({f"{name(path)} {unit.name}: {what}" for path, unit, what in _raises()}) == []


def test_no_unit_of_work_calls_what_raises_one() -> None:
    assert sorted({f"{name(path)} {unit.name}: {what}" for path, unit, what in _calls()}) == [MADE_THERE]


def test_units_of_work_are_found_by_what_they_return() -> None:
    assert len(list(_units())) > 300


def test_some_are_overtaken() -> None:
    assert any(_raised(node) == OVERTAKEN for _, unit in _units() for node in _own(unit))


def _raises() -> Iterator[tuple[Path, ast.FunctionDef, str]]:
    for path, unit in _units():
        for node in _own(unit):
            if isinstance(node, ast.Raise) and _raised(node) != OVERTAKEN:
                yield path, unit, ast.unparse(node)


def _calls() -> Iterator[tuple[Path, ast.FunctionDef, str]]:
    """Functions of ours, by the name by which they were imported: not methods, whose class nobody sees here."""
    for path, unit in _units():
        known = _imported(path)
        for node in _own(unit):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if known.get(called, (_module(path), called)) in _raising():
                yield path, unit, f"calls {called}"


def _units() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every generator that returns a transaction, a method or a function within another too."""
    for path in _modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and _is_unit(node):
                yield path, node


def _is_unit(function: ast.FunctionDef) -> bool:
    returns = "" if function.returns is None else ast.unparse(function.returns)
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own(function))
    return yields and "Transaction[" in returns


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What is done in a function itself, not in one that it makes."""
    left: list[ast.AST] = [*function.body]
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            left.extend(ast.iter_child_nodes(node))


def _raised(node: ast.AST) -> str:
    """What a statement raises, by its name."""
    what = node.exc if isinstance(node, ast.Raise) else None
    return ast.unparse(what.func if isinstance(what, ast.Call) else what) if what else ""


@cache
def _raising() -> frozenset[tuple[str, str]]:
    """The functions of our modules that raise something, by module and name."""
    return frozenset(
        (_module(path), function.name)
        for path in _modules()
        for function in tree(path).body
        if isinstance(function, ast.FunctionDef)
        and any(isinstance(node, ast.Raise) for node in _own(function))
    )


def _imported(path: Path) -> dict[str, tuple[str, str]]:
    return {
        each.asname or each.name: (node.module or "", each.name)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }


def _modules() -> list[Path]:
    return [path for path in python_files() if path.is_relative_to(ROOT / "idp")]


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)
