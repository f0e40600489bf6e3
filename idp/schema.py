"""Every table of the product in one catalogue: importing the stores of all rooms is what fills it."""

import importlib
import pkgutil

import idp
from idp.infrastructure.database import metadata

__all__ = ["metadata"]

for _found in pkgutil.walk_packages(idp.__path__, f"{idp.__name__}."):
    if _found.name.endswith((".store", "_store")):
        importlib.import_module(_found.name)
