"""How large files and functions are, and how many parameters they take."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import name, python_files, tree

type_of_function = ast.FunctionDef | ast.AsyncFunctionDef

ADVISED_FILE, LARGEST_FILE = 300, 400
ADVISED_FUNCTION, LARGEST_FUNCTION = 40, 60
MOST_PARAMETERS = 6


def files_over(lines: int) -> list[str]:
    """Files with more lines than that."""
    sizes = ((path, len(path.read_text(encoding="utf-8").splitlines())) for path in python_files())
    return [f"{name(path)}: {size} lines" for path, size in sizes if size > lines]


def functions_over(lines: int) -> list[str]:
    """Functions with more lines than that, decorators not counted."""
    return [
        f"{name(path)}:{function.lineno} {function.name}: {size} lines"
        for path, function in _functions()
        if (size := (function.end_lineno or 0) - function.lineno + 1) > lines
    ]


def functions_with_more_parameters_than(most: int) -> list[str]:
    """Functions that take more than that; a command's options are its surface, not parameters."""
    return [
        f"{name(path)}:{function.lineno} {function.name}: {number} parameters"
        for path, function in _functions()
        if (number := _parameters(function)) > most and not _is_command(function)
    ]


def _functions() -> Iterator[tuple[Path, type_of_function]]:
    for path in python_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, type_of_function):
                yield path, node


def _parameters(function: type_of_function) -> int:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    own = named[:1] and named[0].arg in ("self", "cls")
    return len(named) - bool(own)


def _is_command(function: type_of_function) -> bool:
    calls = (mark.func for mark in function.decorator_list if isinstance(mark, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in ("command", "callback") for call in calls)
