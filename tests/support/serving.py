"""An application of this process behind a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.support.ports import LOOPBACK, listens


@asynccontextmanager
async def served(app: ASGIApp, url: str) -> AsyncIterator[None]:
    """An application of this process, answering a browser."""
    port = int(url.rsplit(":", 1)[1])
    config = uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None, lifespan="auto")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server ended"
        await asyncio.sleep(0.01)
    assert listens(port)
    yield
    server.should_exit = True
    await task
