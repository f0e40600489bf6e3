"""Every statement that changes by what an account is entered, or what it is worth, raises its security version."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from sqlalchemy.sql.dml import Update

import idp
from idp.accounts.merges.store import FOLLOW, FOLLOW_BACK
from idp.accounts.store import REHASH, accounts
from idp.infrastructure.database.statement import Statement

PROTECTING = {
    "password_hash",
    "phone",
    "phone_index",
    "phone_verified_at",
    "login_choices",
    "state",
    "real_name_level",
    "merged_into",
}
"""What a proof is judged by. A name, an address or a language is none of it."""
EXCEPT = (REHASH, FOLLOW, FOLLOW_BACK)
"""The same password, hashed anew; and what was merged before, into which nobody comes any more."""


def test_no_change_of_what_protects_an_account_forgets_the_version() -> None:
    changing = {name: changed(one) for name, one in statements() if one not in EXCEPT}
    changing = {name: columns for name, columns in changing.items() if columns & PROTECTING}
    assert len(changing) > 12, "the statements are not where they were"
    assert {name for name, columns in changing.items() if "security_version" not in columns} == set()


def test_the_same_password_hashed_anew_is_no_change() -> None:
    assert "security_version" not in changed(REHASH)


def statements() -> Iterator[tuple[str, Statement]]:
    """Every statement of the product with its name."""
    for module in walk_packages(idp.__path__, "idp."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(import_module(module.name)).items():
            if isinstance(value, Statement):
                yield f"{module.name}.{name}", value


def changed(statement: Statement) -> set[str]:
    """The columns of accounts that a statement writes into a row that is there."""
    core = statement._core
    if not isinstance(core, Update) or core.table is not accounts:
        return set()
    return {getattr(column, "name", str(column)) for column in core._values or {}}
