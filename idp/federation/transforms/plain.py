"""No encryption: for JSON that stands as a text inside JSON."""

from collections.abc import Mapping


class Plain:
    """See `Transform`."""

    name = "plain"
    options: frozenset[str] = frozenset()

    def encrypt(self, plain: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.encrypt`."""
        return plain

    def decrypt(self, sealed: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.decrypt`."""
        return sealed


TRANSFORM = Plain()
