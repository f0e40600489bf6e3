"""What a way of signing must offer."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from idp.federation.exchange.outgoing import Outgoing


@runtime_checkable
class Signer(Protocol):
    """Makes the signature of a request."""

    name: str
    """The value of `signer` in a profile."""
    options: frozenset[str]
    """The options a profile may give."""

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """The signature; `parts` and `options` are filled in. Raises ValueError where a key cannot be used."""
        ...
