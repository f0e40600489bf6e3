"""One worker of the server: builds the house at start-up, hands it every request, takes it down at the end."""

import asyncio
import gc
import multiprocessing
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.logs import configure
from idp.server.composition import NotMigrated, RestoreUnfinished
from idp.server.draining import Drain
from idp.server.house import house
from idp.server.routing import dispatcher
from idp.server.safety import refuse_unsafe
from idp.server.waiting import waiting
from idp.settings import Settings, read_settings

GC_THRESHOLD = 50_000
AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Application:
    """ASGI: builds the worker at start-up, hands it every request, stops it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._drain = Drain(settings.drain)
        self._handle: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._drain.begun:
            await self._drain.answer(self._handle, scope, receive, send)
        else:
            await self._handle(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            stack.callback(_end_with_the_supervisor())
            stack.callback(self._drain.watch())
            try:
                await self._begin(stack)
            except (DatabaseUnavailable, NotMigrated, RestoreUnfinished) as error:
                if not isinstance(error, DatabaseUnavailable):
                    log.error("cannot begin", reason=str(error))
                self._handle = waiting(self._settings)
                # A worker that is replaced during an outage, or after the database was changed under a server that
                # had started well, says 503 and tries on: were it to fail, the server would take it for a fault of
                # the program and end all the others too.
                trying = asyncio.create_task(self._begin_later(stack))
                stack.callback(trying.cancel)
            except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear that we did not start
                await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _begin(self, stack: AsyncExitStack) -> None:
        running = await stack.enter_async_context(house(self._settings))
        self._handle = dispatcher(running)
        # What lives as long as the process is not worth looking at again: p99 falls to a quarter.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 50)
        gc.enable()

    async def _begin_later(self, stack: AsyncExitStack) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            try:
                return await self._begin(stack)
            except Exception as error:  # noqa: BLE001 - whatever it is: it is said, and the next attempt may succeed
                log.warning("cannot begin yet", error=type(error).__name__)


def _end_with_the_supervisor() -> Callable[[], object]:
    """Stop when the process that started the workers is gone: nobody would replace or stop them, or free the port.

    What takes that back is returned.
    """
    supervisor, loop = multiprocessing.parent_process(), asyncio.get_running_loop()
    if supervisor is None:
        return lambda: None
    sentinel = supervisor.sentinel

    def stop() -> None:
        loop.remove_reader(sentinel)
        log.error("the supervisor has died, so this worker stops")
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(sentinel, stop)
    return lambda: loop.remove_reader(sentinel)


def create() -> Application:
    """For the server: the application under the settings of the environment."""
    configure()
    settings = read_settings()
    refuse_unsafe(settings)
    return Application(settings)
