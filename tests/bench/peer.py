"""Starts npm oidc-provider with its Redis adapter as the peer."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from tests.bench.server import start_server
from tests.bench.target import Endpoints, Target
from tests.support.instance import Client
from tests.support.node import executable, install
from tests.support.processes import Process

FOLDER = Path(__file__).parent / "peer"
API = "urn:zhanhe:bench"


@dataclass(frozen=True, slots=True)
class Peer:
    """The running peer and how to talk to it."""

    process: Process
    start_seconds: float
    target: Target


def start_peer(port: int, redis_url: str, redirect_uri: str, cores: set[int], log: Path) -> Peer:
    """A running peer on the given cores."""
    install(FOLDER)
    client = Client("bench", secrets.token_urlsafe(32))
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "PEER_PORT": str(port),
        "PEER_REDIS_URL": redis_url,
        "PEER_CLIENT_SECRET": client.client_secret,
        "PEER_COOKIE_SECRET": secrets.token_urlsafe(32),
        "PEER_REDIRECT_URI": redirect_uri,
        "PEER_RESOURCE": API,
    }
    endpoints = Endpoints("/auth", "/token", "/me", "/token/introspection")
    command = (executable("node"), FOLDER / "server.mjs")
    process = Process(command, port, log, environment)
    start_seconds = start_server(process, endpoints.discovery, cores)
    target = Target(
        name="peer",
        host="127.0.0.1",
        port=port,
        endpoints=endpoints,
        client=client,
        resource_server=client,
        redirect_uri=redirect_uri,
        scope="openid profile offline_access api",
        pid=process.pid,
        api={"resource": API},
        client_credentials={"resource": API, "scope": "api"},
    )
    return Peer(process, start_seconds, target)
