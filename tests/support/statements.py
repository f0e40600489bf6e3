"""The statements of the product, each by its name."""

import pkgutil
from importlib import import_module

import idp
from idp.infrastructure.database import Statement


def every_statement() -> dict[str, Statement]:
    """All statements of the product by module and name, those in tuples and dictionaries too."""
    found: dict[str, Statement] = {}
    for module in pkgutil.walk_packages(idp.__path__, "idp."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(import_module(module.name)).items():
            for place, each in enumerate(_within(value)):
                if each not in found.values():
                    found[f"{module.name.removeprefix('idp.')}.{name}{f'[{place}]' * bool(place)}"] = each
    return found


def _within(value: object) -> list[Statement]:
    values = tuple(value.values()) if isinstance(value, dict) else value
    several = values if isinstance(values, (tuple, list)) else (values,)
    return [each for each in several if isinstance(each, Statement)]
