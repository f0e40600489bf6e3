"""Simulators are strangers: whatever signs, encrypts or parses in them was written apart from the product."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, name, python_files, tree

SIMULATORS = ("tests.province", "tests.authorities")
PRODUCT = ("idp", "clients", "migrations", "devtools")
ENGINES_OWN = ("gmalg", "orjson", "joserfc")
"""What the product ciphers or parses with and a simulator of platforms must not."""


@pytest.mark.parametrize("package", SIMULATORS)
def test_a_simulator_imports_nothing_of_the_product_and_no_help_of_the_tests(package: str) -> None:
    files = _programs(package)
    assert len(files) > 5
    foreign = [
        f"{name(path)}: {module}"
        for path in files
        for module in _imported(path)
        if module.split(".")[0] in PRODUCT or (module.startswith("tests") and not module.startswith(package))
    ]
    assert foreign == []


def test_the_platforms_cipher_and_parse_by_other_means_than_the_engine() -> None:
    used = {module.split(".")[0] for path in _programs("tests.province") for module in _imported(path)}
    assert used & set(ENGINES_OWN) == set()


def test_the_product_imports_nothing_of_the_tests() -> None:
    files = [path for path in python_files() if path.relative_to(ROOT).parts[0] in PRODUCT]
    assert len(files) > 100
    assert [
        name(path) for path in files for module in _imported(path) if module.split(".")[0] == "tests"
    ] == []


def _programs(package: str) -> list[Path]:
    """Its files without the tests that stand beside them."""
    folder = ROOT / package.replace(".", "/")
    return [path for path in python_files() if path.is_relative_to(folder) and path.stem[:5] != "test_"]


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0
            yield node.module
