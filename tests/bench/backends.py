"""PostgreSQL and Redis for one bench run: given by URL, or private copies that end with the run."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.postgres import Postgres
from tests.support.redis import Redis


@dataclass(frozen=True, slots=True)
class Backends:
    """Where they listen."""

    database_url: str
    redis_url: str


@contextlib.contextmanager
def backends(database_url: str | None, redis_url: str | None) -> Iterator[Backends]:
    """Start what is not given; the caller's pinning goes to what is started."""
    with contextlib.ExitStack() as stack:
        if database_url is None:
            postgres = Postgres.start()
            stack.callback(postgres.stop)
            database_url = postgres.url
        if redis_url is None:
            redis = Redis.start()
            stack.callback(redis.stop)
            redis_url = redis.url
        yield Backends(database_url, redis_url)
