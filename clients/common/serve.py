"""Starts a demo system as a process of its own."""

import os
import sys
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from clients.common.settings import About, BadSettings, Settings, read_settings


def serve(about: About, build: Callable[[Settings], ASGIApp]) -> None:
    """Read the settings, serve until told to stop; exit with 2 and a list of what is wrong with them."""
    try:
        settings = read_settings(os.environ, about)
    except BadSettings as error:
        sys.stderr.write(f"{about.title}: 设置有误 / bad settings\n{error}\n")
        raise SystemExit(2) from None
    uvicorn.run(
        build(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,  # an access line of /callback would hold the code
        server_header=False,
        proxy_headers=False,
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
        timeout_graceful_shutdown=5,
    )
