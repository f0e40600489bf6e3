"""Where a secret may be found that must be nowhere."""

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from redis import Redis

from idp.infrastructure.database.connect import sqlite_path
from tests.support import raw_sql
from tests.support.browserless import Browserless, Page
from tests.support.visits import form, page

BACK_ENDS = ("sqlite + sql", "postgresql + redis", "postgresql + sql")


async def sent(someone: Browserless, path: str, known_by: str, **fields: str) -> Page:
    """Open a page, fill its form."""
    return page(await someone.submit(form(page(await someone.open(path)), known_by), **fields))


def writings(secret: str) -> Iterator[bytes]:
    """The ways in which a text may stand in a file, and what anybody could compute of it by trying all numbers."""
    plain = secret.encode()
    yield from (plain, plain.hex().encode(), plain.hex().upper().encode())
    yield from (secret.encode("utf-16-le"), secret.encode("utf-16-be"))
    for shift in range(3):  # a text inside a longer one, by its place modulo three
        inner = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]
        yield from (inner, inner.translate(bytes.maketrans(b"+/", b"-_")))
    for algorithm in ("md5", "sha1", "sha256", "sm3"):
        digest = hashlib.new(algorithm, plain).digest()
        yield from (digest, digest.hex().encode(), base64.b64encode(digest))


def found(secrets: list[str], place: str, content: bytes) -> list[str]:
    """Which of them stand in a place."""
    return [f"{secret} in {place}" for secret in secrets if any(text in content for text in writings(secret))]


def dumped(stores: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of everything that is kept."""
    url = stores["database_url"]
    for table in _tables(url):
        for row in raw_sql.rows(url, f'SELECT * FROM "{table}"'):  # noqa: S608
            for column, value in row.items():
                content = value if isinstance(value, bytes) else str(value).encode()
                yield f"{table}.{column}", content
    path = sqlite_path(url)
    if path is not None:
        for file in sorted(path.parent.glob(f"{path.name}*")):
            yield file.name, file.read_bytes()
    if stores["key_value_url"].startswith("redis"):
        with Redis.from_url(stores["key_value_url"]) as client:
            for key in client.scan_iter():
                yield "redis key", bytes(key)
                yield f"redis {key.decode()}", bytes(client.get(key) or b"")


def _tables(url: str) -> list[str]:
    path = sqlite_path(url)
    if path is None:
        listed = raw_sql.rows(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row["tablename"] for row in listed]
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
