"""SQLite in one file: the database for a demonstration, a test, a township with one machine."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog

from idp.infrastructure.batching import Batcher
from idp.infrastructure.database.interface import Conflict, DatabaseUnavailable, Transaction
from idp.infrastructure.database.lockstep import Lockstep, Work
from idp.infrastructure.database.statement import Call, Row

T = TypeVar("T")

BUSY_SECONDS = 5.0

_Run = Callable[[sqlite3.Connection, Sequence[Work]], Sequence[Any]]

log = structlog.get_logger(__name__)


class SQLite:
    """The `Database` on one file; a thread for the writer and one for readers, as WAL allows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._background: SQLite | None = None
        self._writer = _Thread(path)
        self._reader = _Thread(path)
        self._writes: Batcher[Work, Any] = Batcher(self._write_together, silent=DatabaseUnavailable)
        self._reads: Batcher[Work, Any] = Batcher(self._read_together, silent=DatabaseUnavailable)

    async def write(self, work: Callable[[], Transaction[T]]) -> T:
        """See `Database.write`."""
        return await self._writes.ask(work)  # type: ignore[no-any-return]

    async def add(self, call: Call) -> None:
        """See `Database.add`."""
        await self._writes.ask(call)

    async def read(self, work: Callable[[], Transaction[T]]) -> T:
        """See `Database.read`."""
        return await self._reads.ask(work)  # type: ignore[no-any-return]

    @property
    def background(self) -> "SQLite":
        """See `Database.background`."""
        self._background = self._background or SQLite(self._path)
        return self._background

    async def close(self) -> None:
        """See `Database.close`."""
        if self._background is not None:
            await self._background.close()
        await self._writes.drain()
        await self._reads.drain()
        await self._writer.close()
        await self._reader.close()

    async def _write_together(self, works: Sequence[Work]) -> Sequence[Any]:
        return await self._writer.run(_transaction, works)

    async def _read_together(self, works: Sequence[Work]) -> Sequence[Any]:
        return await self._reader.run(_drive, works)


class _Thread:
    """One connection and the one thread that touches it."""

    def __init__(self, path: Path) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        try:
            self._connection = self._pool.submit(open_file, path).result()
        except sqlite3.OperationalError as error:
            raise DatabaseUnavailable(str(error)) from error

    async def run(self, run: _Run, works: Sequence[Work]) -> Sequence[Any]:
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, _isolated, run, self._connection, works
        )

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._connection.close)
        self._pool.shutdown()


def open_file(path: Path) -> sqlite3.Connection:
    """A connection that waits for other processes, keeps foreign keys and has each commit on disk."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _isolated(run: _Run, connection: sqlite3.Connection, works: Sequence[Work]) -> Sequence[Any]:
    """Run them together; when one spoils the batch, run each alone, so that only the guilty one fails."""
    try:
        return run(connection, works)
    except Exception as error:
        if _is_busy(error):
            raise DatabaseUnavailable(str(error)) from error
        if len(works) == 1:
            return [_translate(error)]
        log.info("a batch is taken apart", reason=type(error).__name__)
    return [_alone(run, connection, work) for work in works]


def _is_busy(error: Exception) -> bool:
    """Whether another process holds the file: nobody in the batch is to blame, and each would wait as long again."""
    return isinstance(error, sqlite3.OperationalError) and (
        error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    )


def _alone(run: _Run, connection: sqlite3.Connection, work: Work) -> Any:
    try:
        return run(connection, [work])[0]
    except Exception as error:  # noqa: BLE001 - handed to whoever asked
        return _translate(error)


def _transaction(connection: sqlite3.Connection, works: Sequence[Work]) -> Sequence[Any]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = _drive(connection, works)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _drive(connection: sqlite3.Connection, works: Sequence[Work]) -> Sequence[Any]:
    steps = Lockstep(works)
    while groups := steps.round():
        for statement, asked in groups:
            for number, call in asked:
                rows = _execute(connection, call)
                if statement.returns_rows:
                    steps.answer(number, rows)
    return steps.outcomes


def _execute(connection: sqlite3.Connection, call: Call) -> Sequence[Row]:
    rows: list[Any] = connection.execute(call.statement.sqlite.text, call.names()).fetchall()
    return rows


def _translate(error: Exception) -> Exception:
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(str(error))
    if isinstance(error, sqlite3.OperationalError):
        return DatabaseUnavailable(str(error))
    return error
