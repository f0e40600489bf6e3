"""Compares redirect URIs: to the letter, but for the port of an app on loopback."""

from urllib.parse import urlsplit

_LOOPBACK_IPS = frozenset({"127.0.0.1", "::1"})


def matches(presented: str, registered: tuple[str, ...], *, native: bool) -> bool:
    """Exact comparison (RFC 9700 §4.1.3); a native app chooses its loopback port when it runs (RFC 8252 §7.3)."""
    if presented in registered:
        return True
    if any(character <= " " for character in presented):  # a parser of addresses would drop some of them
        return False
    return native and any(_same_but_for_port(presented, uri) for uri in registered)


def unclaimed(uri: str, *, native: bool) -> bool:
    """Whether any program on the device could receive the answer in the app's name (RFC 8252 §8.6).

    An app that keeps no secret is known by its claimed `https` address alone; loopback and private schemes are open
    to every other app on the same device, so that an earlier consent says nothing about who asks now.
    """
    return native and not uri.startswith("https://")


def _same_but_for_port(presented: str, registered: str) -> bool:
    try:
        left, right = urlsplit(presented), urlsplit(registered)
        if left.port is None or left.port == 0 or left.username is not None:
            return False
    except ValueError:
        return False
    if left.scheme != "http" or right.scheme != "http" or right.hostname not in _LOOPBACK_IPS:
        return False
    return (left.hostname, left.path, left.query, "#" in presented) == (
        right.hostname,
        right.path,
        right.query,
        False,
    )
