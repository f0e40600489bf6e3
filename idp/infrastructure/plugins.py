"""Reads a plug-in folder at start: every file must offer what the folder's Protocol asks for."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


class BadPlugin(Exception):
    """A file in a plug-in folder does not keep its folder's contract; start-up ends."""


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
