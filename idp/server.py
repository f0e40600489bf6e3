"""The HTTP server: one process, or several that share a port and a supervisor."""

import contextlib
import sys

import uvicorn
from uvicorn.supervisors import Multiprocess

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


def run(config: uvicorn.Config) -> None:
    """Serve until asked to end; exits with STARTUP_FAILURE where a lone worker could not begin."""
    if config.workers > 1:
        Supervisor(config, [config.bind_socket()]).run()
        return
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
