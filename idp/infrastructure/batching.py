"""Gathers what many requests ask for at the same moment, so that they share one trip to a server."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

SILENT_SECONDS = 1.0
"""Nothing has been answered for so long: whoever comes now would only wait."""
MOST_UNANSWERED = 256
"""So many wait meanwhile, until it has failed; the others are told at once."""

Flush = Callable[[Sequence[Item]], Awaitable[Sequence[Result | BaseException]]]


class Batcher(Generic[Item, Result]):
    """Hands items to `flush` in batches; while `lanes` batches are under way, newcomers wait and gather.

    `flush` answers with one result or exception per item, in order. An idle lane takes what one turn of the
    event loop has brought, so a lone request waits for nobody. While the other side says nothing the queue is
    bounded, and once `flush` has failed by that, nobody waits but the batch that tries again: `silent` makes what
    the others are told.
    """

    def __init__(
        self,
        flush: Flush[Item, Result],
        *,
        silent: Callable[[str], Exception] = ConnectionError,
        lanes: int = 1,
        most: int = 256,
    ) -> None:
        self._flush = flush
        self._silent = silent
        self._heard_at = 0.0
        self._failed = False
        self._most = most
        self._idle = lanes
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._scheduled = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, item: Item) -> Result:
        """Wait for the batch that holds this item; raises what `flush` gave for it."""
        if not self._idle and self._is_silent():
            if self._failed:
                raise self._silent("nothing is answered, and one asks already")
            if len(self._waiting) >= MOST_UNANSWERED:
                raise self._silent("nothing is answered, and many wait already")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if self._idle and not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._start)
        return await future

    async def drain(self) -> None:
        """Wait until nothing is asked or under way."""
        while self._scheduled or self._tasks:
            await asyncio.sleep(0)
            if self._tasks:
                await asyncio.wait(self._tasks)

    def _is_silent(self) -> bool:
        return asyncio.get_running_loop().time() - self._heard_at > SILENT_SECONDS

    def _start(self) -> None:
        self._scheduled = False
        while self._idle and self._waiting:
            self._idle -= 1
            if not self._failed:  # nothing was asked, so nothing was owed an answer
                self._heard_at = asyncio.get_running_loop().time()
            task = asyncio.get_running_loop().create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = min(self._most, len(self._waiting))
                await self._carry([self._waiting.popleft() for _ in range(size)])
                if self._failed and self._is_silent():
                    self._refuse_waiting()
        finally:
            self._idle += 1

    def _refuse_waiting(self) -> None:
        """Who has waited behind a batch that heard nothing would wait as long again."""
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(self._silent("nothing was answered"))

    async def _carry(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._flush([item for item, _ in batch])
        except BaseException as error:
            self._failed = True
            for _, future in batch:
                if not future.done():
                    future.set_exception(
                        error if isinstance(error, Exception) else ConnectionError("stopped")
                    )
            if not isinstance(error, Exception):
                raise
            return
        self._failed, self._heard_at = False, asyncio.get_running_loop().time()
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
