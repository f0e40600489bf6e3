"""Closes every socket but those of the loopback: a test that reaches for the world fails."""

import ipaddress
import sys
from collections.abc import Sequence

LOCAL_NAMES = {"localhost", "", None}


class ReachedOutside(Exception):
    """A test tried to speak to another machine."""


def close_to_the_world() -> None:
    """For the rest of the process; what Python's audit hook sees, a library cannot patch away."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: Sequence[object]) -> None:
    if event == "socket.getaddrinfo":
        _refuse_unless_local(arguments[0])
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple):  # anything else is a Unix socket's path
            _refuse_unless_local(address[0])


def _refuse_unless_local(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in LOCAL_NAMES and not _is_loopback(str(name)):
        raise ReachedOutside(f"{name!r} is not this machine; tests stay on the loopback")


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
