"""What a transform must offer."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Transform(Protocol):
    """Makes bytes unreadable for a platform and readable again."""

    name: str
    """The value of `transform` in a profile."""
    options: frozenset[str]
    """The options a profile may give."""

    def encrypt(self, plain: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """Raises ValueError where key or content cannot be used."""
        ...

    def decrypt(self, sealed: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """Raises ValueError where key or content cannot be used."""
        ...
