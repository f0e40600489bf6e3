"""PostgreSQL through asyncpg: the units of work of one moment share one transaction and one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import asyncpg

from idp.infrastructure.batching import Batcher
from idp.infrastructure.database.interface import Conflict, DatabaseUnavailable, Transaction
from idp.infrastructure.database.lockstep import Lockstep, Work
from idp.infrastructure.database.statement import CALL, Call, Row, Statement

T = TypeVar("T")

CONNECT_SECONDS = 3.0
HANG_SECONDS = 8.0  # longer than the server's own limits: for a server or a network that says nothing at all
RETRIES = 5
IN_TURN = 4104_12  # the advisory lock of whoever was in a deadlock: two that try again never meet in another
MOST_TIMEOUTS = 2  # of a batch taken apart: when more units time out, none of them is the guilty one
SESSION = {
    "application_name": "zhanhe-idp",
    "statement_timeout": "5s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
    "jit": "off",  # compiling a one-row statement costs more than running it
}
# Nobody waits for what is cleared away. What a crash of the server undoes of it, whole transactions of a moment, is
# found and cleared away again; and the requests' own commits need not queue behind so many small ones for the disk.
BACKGROUND = SESSION | {"synchronous_commit": "off"}

_AGAIN = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InvalidCachedStatementError,  # the schema was migrated under a running worker
)
_LINE_LOST = (  # TimeoutError is an OSError
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # the server's farewell came between two of our messages
)
_SERVER_UNWELL = (
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidTransactionStateError,  # the server became a standby, or gave up waiting for us
    asyncpg.PostgresSystemError,
)
_Run = Callable[[Sequence[Work]], Awaitable[Sequence[Any]]]
_Connection = Any  # asyncpg's own class is generic to type checkers alone


class PostgreSQL:
    """The `Database` for production."""

    def __init__(self, url: str, session: Mapping[str, str] = SESSION) -> None:
        self._url = url
        self._background: PostgreSQL | None = None
        # One line each: a second one would halve the batches, measured at a quarter more work for each request.
        self._writer = _Line(url, session)
        self._reader = _Line(url, session)
        self._writes: Batcher[Work, Any] = Batcher(self._write_together, silent=DatabaseUnavailable)
        self._reads: Batcher[Work, Any] = Batcher(self._read_together, silent=DatabaseUnavailable)

    @classmethod
    async def connect(cls, url: str) -> "PostgreSQL":
        """Connect; raises DatabaseUnavailable when nobody answers."""
        database = cls(url)
        try:
            async with database._writer, database._reader:
                return database
        except DatabaseUnavailable:
            await database.close()
            raise

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
    def background(self) -> "PostgreSQL":
        """See `Database.background`; it connects when it is first asked something."""
        self._background = self._background or PostgreSQL(self._url, BACKGROUND)
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
        return await _isolated(self._transaction, works, again=self._in_turn)

    async def _read_together(self, works: Sequence[Work]) -> Sequence[Any]:
        return await _isolated(self._reading, works, again=self._reading)

    async def _in_turn(self, works: Sequence[Work]) -> Sequence[Any]:
        return await self._transaction(works, begin=f"BEGIN; SELECT pg_advisory_xact_lock({IN_TURN})")

    async def _transaction(self, works: Sequence[Work], begin: str = "") -> Sequence[Any]:
        async with self._writer as connection, asyncio.timeout(HANG_SECONDS):
            steps = Lockstep(works)
            if steps.alone() and not begin:  # one statement, however many times, is a transaction by itself
                await _drive(connection, steps)
                return steps.outcomes
            try:
                await connection.execute(begin or "BEGIN")
                await _drive(connection, steps)
            except Exception:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
            return steps.outcomes

    async def _reading(self, works: Sequence[Work]) -> Sequence[Any]:
        async with self._reader as connection, asyncio.timeout(HANG_SECONDS):
            steps = Lockstep(works)
            await _drive(connection, steps)
            return steps.outcomes


async def _isolated(run: _Run, works: Sequence[Work], *, again: _Run) -> Sequence[Any]:
    """Run them together; when one spoils the batch, run each alone, so that only the guilty one fails.

    What others stood in the way of is run by `again`.
    """
    try:
        return await run(works)
    except DatabaseUnavailable:
        raise
    except _AGAIN:
        run = again
    except Exception as error:  # noqa: BLE001 - each is told its own below
        if len(works) == 1:
            return [_translate(error)]
    outcomes: list[Any] = []
    timeouts = 0
    for work in works:
        patient = timeouts < MOST_TIMEOUTS
        outcomes.append(
            await _alone(run, work, again) if patient else DatabaseUnavailable("others timed out")
        )
        timeouts += isinstance(outcomes[-1], DatabaseUnavailable)
    return outcomes


async def _alone(run: _Run, work: Work, again: _Run) -> Any:
    for _ in range(RETRIES):
        try:
            return (await run([work]))[0]
        except _AGAIN as error:
            last: Exception = error
            run = again
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            return _translate(error)
    return _translate(last)


class _Line:
    """A connection that is made again when it was lost; one batch at a time holds it.

    What goes wrong with the line itself leaves as DatabaseUnavailable.
    """

    def __init__(self, url: str, session: Mapping[str, str]) -> None:
        self._url = url
        self._session = dict(session)
        self._connection: _Connection | None = None

    async def __aenter__(self) -> _Connection:
        if self._connection is None or self._connection.is_closed():
            try:
                self._connection = await asyncpg.connect(
                    self._url, server_settings=self._session, timeout=CONNECT_SECONDS
                )
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise DatabaseUnavailable(type(error).__name__) from error
        return self._connection

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, asyncpg.QueryCanceledError):
            return  # one statement took too long: whose it was is found out by running each alone
        unwell = isinstance(error, _LINE_LOST + _SERVER_UNWELL)
        if unwell or isinstance(error, asyncio.CancelledError):
            # Whoever says nothing would not answer ROLLBACK either; a server undoes what loses its line.
            await self._drop()
        if unwell:
            raise DatabaseUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=CONNECT_SECONDS)

    async def _drop(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            self._connection.terminate()
            await asyncio.sleep(0)  # the socket closes at the next turn of the loop
        self._connection = None


async def _drive(connection: _Connection, steps: Lockstep) -> None:
    while groups := steps.round():
        for statement, asked in groups:
            answers = await _execute(connection, statement, asked)
            if statement.returns_rows:
                for (number, _), rows in zip(asked, answers, strict=True):
                    steps.answer(number, rows)


async def _execute(
    connection: _Connection, statement: Statement, asked: list[tuple[int, Call]]
) -> list[Sequence[Row]]:
    if len(asked) == 1:
        return [await connection.fetch(statement.postgresql.text, *asked[0][1].arguments(0))]
    arguments = [call.arguments(place) for place, (_, call) in enumerate(asked)]
    if not statement.returns_rows:
        await connection.executemany(statement.postgresql.text, arguments)
        return [()] * len(asked)
    answers: list[list[Row]] = [[] for _ in asked]
    for row in await connection.fetchmany(statement.postgresql.text, arguments):
        answers[row[CALL]].append(row)
    return list(answers)


def _translate(error: Exception) -> Exception:
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return Conflict(error.constraint_name or "constraint")
    if isinstance(error, (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, *_AGAIN)):
        return DatabaseUnavailable(type(error).__name__)
    return error
