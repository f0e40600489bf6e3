"""What may not stand in the repository."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import ROOT, name, python_files, repository_files, tree

MACHINE_PATH = re.compile(rf"(?<![\w.])/({'|'.join(['tmp', 'work', 'root', 'farm', 'home'])})/")
"""A path of somebody's machine; put together so that this file does not find itself."""

SECRET = re.compile(
    "|".join([r"-----BEGIN [A-Z ]*PRIVATE " + "KEY-----", r"\bz(?:cs|rt|ac)_[A-Za-z0-9_-]{40,}"])
)

FORBIDDEN_IMPORTS = {
    "authlib.jose": "deprecated by its authors: joserfc does all JOSE",
    "httpx": "httpx2 is the maintained one",
    "requests": "httpx2, which can be awaited",
    "pytest_asyncio": "the anyio plugin runs the tests",
}

TEST = re.compile(r"tests\.(\w+\.)*test_\w+")

SKIPS = re.compile(r"\bpytest\.(?:skip|importorskip|xfail)\(|\bmark\.(?:skip|skipif|xfail)\b")


def test_no_file_names_a_path_of_a_machine() -> None:
    assert _lines_with(MACHINE_PATH) == []


def test_no_file_holds_a_private_key_or_a_live_token() -> None:
    assert _lines_with(SECRET) == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    found = [
        line for line in _lines_with(SKIPS) if not line.startswith("tests/architecture/test_repository.py")
    ]
    assert found == []


def test_nothing_forbidden_is_imported() -> None:
    found = [
        f"{name(path)}: {module} ({reason})"
        for path in python_files()
        for module in _imports(tree(path))
        for forbidden, reason in FORBIDDEN_IMPORTS.items()
        if f"{module}.".startswith(f"{forbidden}.")
    ]
    assert found == []


def test_nothing_is_imported_from_a_test() -> None:
    """What tests share stands in a module beside them, or in `tests/support`: a test is read by itself."""
    found = [
        f"{name(path)}: {module}"
        for path in python_files()
        for module in _imports(tree(path))
        if TEST.fullmatch(module)
    ]
    assert found == []


@pytest.mark.parametrize("package", ["idp", "clients"])
def test_every_module_says_in_a_sentence_what_it_is_for(package: str) -> None:
    modules = [path for path in python_files() if path.is_relative_to(ROOT / package)]
    silent = [name(path) for path in modules if not _is_sentence(ast.get_docstring(tree(path)))]
    assert modules != []
    assert silent == []


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name(path)}:{number}: {line.strip()[:100]}"
        for path in repository_files()
        if path.suffix not in {".png", ".lock", ".woff2", ".ico"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def _imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_sentence(docstring: str | None) -> bool:
    first = (docstring or "").split("\n\n")[0].strip()
    return first.endswith((".", "!", "?", "。", ":")) and " " in first
