"""A private nginx in front of several processes of the provider."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from devtools import machine
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process, Server

CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {served}
}}
"""


SERVED = """
upstream provider {{
    {servers}
    keepalive 32;
}}
server {{
    listen {address}:{port}{tls};
    location / {{
        proxy_pass http://provider;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_next_upstream error timeout;
    }}
}}
"""


class Nginx(Server):
    """A running proxy."""

    @classmethod
    def start(
        cls,
        upstreams: Sequence[int],
        certificate: Path | None = None,
        key: Path | None = None,
        *,
        written: Callable[[int, Path], str] | None = None,
    ) -> Self:
        """Spread requests over the ports of the loopback address; with a certificate it speaks TLS.

        `written` makes the content of `http` for a port and a folder of its own, where it shall be another.
        """
        program = machine.nginx()
        if program is None:
            raise FileNotFoundError("nginx is not installed; ./dev test installs it")
        directory, port = Path(tempfile.mkdtemp(prefix="zhanhe-nginx-")), free_port()
        tls = (
            f" ssl;\n        ssl_certificate {certificate};\n        ssl_certificate_key {key}"
            if certificate
            else ""
        )
        settings = directory / "nginx.conf"
        servers = "\n    ".join(f"server {LOOPBACK}:{upstream};" for upstream in upstreams)
        served = SERVED.format(servers=servers, address=LOOPBACK, port=port, tls=tls)
        # the directory is closed to everybody else, so root's workers stay root
        user = "user root;" if os.geteuid() == 0 else ""
        if written is not None:
            served = written(port, directory)
        settings.write_text(CONFIGURATION.format(user=user, directory=directory, served=served))
        process = Process(
            [program, "-e", directory / "log", "-c", settings], port, directory / "output"
        ).start()
        return cls(f"{'https' if certificate else 'http'}://{LOOPBACK}:{port}", process, directory)
