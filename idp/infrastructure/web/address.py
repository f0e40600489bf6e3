"""Whose address a request comes from, believing a proxy's header only from a proxy that we know."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

Network = IPv4Network | IPv6Network
UNKNOWN = "0.0.0.0"


def networks(texts: Sequence[str]) -> list[Network]:
    """Networks and single addresses; raises ValueError."""
    return [ip_network(text.strip(), strict=False) for text in texts if text.strip()]


class Addresses:
    """Reads client addresses."""

    def __init__(self, trusted_proxies: Sequence[Network]) -> None:
        self._trusted = tuple(trusted_proxies)

    def of(self, request: Request) -> str:
        """The nearest address that is not one of our proxies.

        X-Forwarded-For is read from the right: what stands left of the first stranger was written by that stranger.
        """
        nearest = _plain(request.client.host) if request.client else UNKNOWN
        if not self._trusted:
            return nearest
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        while self._is_trusted(nearest) and forwarded:
            candidate = forwarded.pop().strip()
            if not _is_address(candidate):
                break
            nearest = _plain(candidate)
        return nearest

    def _is_trusted(self, text: str) -> bool:
        if not _is_address(text):
            return False
        address = ip_address(text)
        return any(address in network for network in self._trusted if network.version == address.version)


def neighbourhood(address: str) -> str:
    """The network that one subscriber usually has: IPv4 as it is, IPv6 by its /64."""
    if not _is_address(address):
        return UNKNOWN
    parsed = ip_address(_plain(address))
    return str(parsed) if parsed.version == 4 else str(ip_network(f"{parsed}/64", strict=False))


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """An IPv4 address as a socket for both families writes it, ::ffff:192.0.2.1, written as IPv4."""
    if not _is_address(text):
        return text
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return text if mapped is None else str(mapped)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
