"""Fixtures for every test: services, and sockets that reach no further than this machine."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, Page
from redis import Redis as RedisClient

from tests.support import shared
from tests.support.chromium import chromium
from tests.support.migrated import migrated_postgres, migrated_sqlite
from tests.support.network import close_to_the_world
from tests.support.postgres import create_database, drop_database

_numbers = count()

# Nothing here is timed: a busy machine is no failure.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Begin what the workers share; a request to end is an interrupt, so that servers are put away."""
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        shared.begin()
    close_to_the_world()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the workers shared."""
    if hasattr(config, "workerinput"):
        shared.leave()
    else:
        shared.end()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio alone."""
    return "asyncio"


@pytest.fixture
def postgres_url(worker: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    server = shared.postgres_server()
    url = create_database(server, f"test_{worker}_{next(_numbers)}")
    yield url
    drop_database(url, server)


@pytest.fixture
def migrated_postgres_url(worker: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the product's tables."""
    url = migrated_postgres(f"test_{worker}_{next(_numbers)}")
    yield url
    drop_database(url, shared.postgres_server())


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind with the product's tables."""
    if request.param == "sqlite":
        return migrated_sqlite(tmp_path / "migrated.sqlite3")
    url: str = request.getfixturevalue("migrated_postgres_url")
    return url


@pytest.fixture
def redis_url(worker: str) -> str:
    """A Redis database of this worker, emptied; what is published is heard in all of them."""
    number = int(worker.removeprefix("gw"))
    url = urlunsplit(urlsplit(shared.redis_server())._replace(path=f"/{number}"))
    with RedisClient.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this worker, gw0 where there is only one."""
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0")


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    """One Chromium per worker."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab of a person who has never been here before, in Chinese."""
    context = await browser.new_context(locale="zh-CN")
    yield await context.new_page()
    await context.close()
