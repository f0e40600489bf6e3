"""Network addresses as text: how they are written, and which of them are one subscriber's."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

UNKNOWN = "0.0.0.0"


def neighbourhood(address: str) -> str:
    """The network that one subscriber usually has: IPv4 as it is, IPv6 by its /64."""
    if not is_address(address):
        return UNKNOWN
    parsed = ip_address(plain(address))
    return str(parsed) if parsed.version == 4 else str(ip_network(f"{parsed}/64", strict=False))


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """An IPv4 address as a socket for both families writes it, ::ffff:192.0.2.1, written as IPv4."""
    if not is_address(text):
        return text
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return text if mapped is None else str(mapped)


def is_address(text: str) -> bool:
    """Whether it is an address of IPv4 or IPv6."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
