"""Whose address a request comes from, believing a proxy's header only from a proxy that we know."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from idp.infrastructure.places import UNKNOWN, is_address, plain

Network = IPv4Network | IPv6Network


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
        nearest = plain(request.client.host) if request.client else UNKNOWN
        if not self._trusted:
            return nearest
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        while self._is_trusted(nearest) and forwarded:
            candidate = forwarded.pop().strip()
            if not is_address(candidate):
                break
            nearest = plain(candidate)
        return nearest

    def _is_trusted(self, text: str) -> bool:
        if not is_address(text):
            return False
        address = ip_address(text)
        return any(address in network for network in self._trusted if network.version == address.version)
