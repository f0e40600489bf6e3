"""The HTTP server: one process, or several that share a port and a supervisor."""

import contextlib
import gc
import signal
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess

from idp.infrastructure.web.one_write import OneWrite
from idp.settings import Settings

GRACE_SECONDS = 10
STARTUP_FAILURE = 3


class Supervisor(Multiprocess):
    """Starts workers and replaces those that die.

    It lets the port go before it ends them: what the system took in its name after the last one has closed would be
    answered by nobody.
    """

    def terminate_all(self) -> None:
        """Ask every worker to end."""
        for socket in self.sockets:
            socket.close()
        super().terminate_all()


def run(settings: Settings) -> None:
    """Serve until asked to end; exits with STARTUP_FAILURE where a lone worker could not begin."""
    # uvicorn stops gracefully, then raises the signal again: having been asked to end is no failure.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    gc.disable()  # until the application stands (idp.server.app)
    config = uvicorn.Config(
        "idp.server.app:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=OneWrite,
        ws="none",
        lifespan="on",
        proxy_headers=False,  # infrastructure.web.address reads them, from known proxies only
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=65,
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
    )
    if settings.workers > 1:
        Supervisor(config, [config.bind_socket()]).run()
        return
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
