"""Statements are compiled when a driver first asks; here all of them are, so that none waits for that with a fault."""

import gc
import pkgutil
from importlib import import_module

import idp
from idp.infrastructure.database import Statement


def test_every_statement_of_the_product_is_understood_by_both_databases() -> None:
    for module in pkgutil.walk_packages(idp.__path__, "idp."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    statements = [each for each in gc.get_objects() if isinstance(each, Statement)]
    assert len(statements) > 200
    for statement in statements:
        assert statement.postgresql.text
        assert statement.sqlite.text
