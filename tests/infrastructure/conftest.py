"""Every back end, for tests that must pass on all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.infrastructure.database import Database, connect
from tests.infrastructure import items
from tests.support import raw_sql


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.sqlite3'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with the tests' table."""
    raw_sql.execute(database_url, items.CREATE)
    opened = await connect(database_url)
    yield opened
    await opened.close()
