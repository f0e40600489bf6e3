"""The combinations of stores that the product supports."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.migrated import migrated_sqlite

COMBINATIONS = ["sqlite + memory", "sqlite + sql", "postgresql + sql", "postgresql + redis"]


@dataclass(frozen=True, slots=True)
class Storage:
    """Where a provider keeps things."""

    database_url: str
    key_value_url: str

    @property
    def workers(self) -> int:
        """How many may share it."""
        return 1 if self.key_value_url == "memory" else 2


@pytest.fixture(params=COMBINATIONS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Fresh stores of each combination."""
    database, key_value = request.param.split(" + ")
    if database == "postgresql":
        database_url = request.getfixturevalue("migrated_postgres_url")
    else:
        database_url = migrated_sqlite(tmp_path / "idp.sqlite3")
    if key_value == "redis":
        key_value = request.getfixturevalue("redis_url")
    return Storage(database_url, key_value)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'idp.sqlite3'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
