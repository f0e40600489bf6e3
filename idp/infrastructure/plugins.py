"""Reads at start what is found by its name: every file of a plug-in folder, and a file that every room may have."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

GROUND = "infrastructure"
"""The room that all others stand on."""
ASSEMBLY = "assembly"
"""The file by which a package is a room."""


class BadPlugin(Exception):
    """A file that is found by its name does not keep its contract; start-up ends."""


def load(folder: ModuleType, name: str, protocol: type[T]) -> list[T]:
    """The object called `name` of every module in the folder, each checked against a runtime-checkable Protocol."""
    found = []
    for module_info in pkgutil.iter_modules(folder.__path__):
        if module_info.name == "interface":
            continue
        module = importlib.import_module(f"{folder.__name__}.{module_info.name}")
        plugin = getattr(module, name, None)
        if not isinstance(plugin, protocol):
            raise BadPlugin(f"{module.__name__} has no {name} that is a {protocol.__name__}")
        found.append(plugin)
    return found


def of_rooms(house: ModuleType, file: str, name: str) -> Iterator[Any]:
    """The object called `name` of that file in every room that has the file: the ground floor, then by their names."""
    packages = [each.name for each in pkgutil.iter_modules(house.__path__) if each.ispkg]
    for package in sorted(packages, key=lambda package: (package != GROUND, package)):
        path = f"{house.__name__}.{package}.{file}"
        if not _is_there(f"{house.__name__}.{package}.{ASSEMBLY}") or not _is_there(path):
            continue
        found = getattr(importlib.import_module(path), name, None)
        if found is None:
            raise BadPlugin(f"{path} has no {name}")
        yield found


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
