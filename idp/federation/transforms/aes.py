"""AES with a shared key, ECB or CBC: the JIS family and Beijing."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.algorithms import AES

from idp.federation.exchange import block_modes


class Aes:
    """See `Transform`. Options: see `block_modes`."""

    name = "aes"
    options = block_modes.OPTIONS

    def encrypt(self, plain: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.encrypt`."""
        return block_modes.encrypt(AES, plain, key, options)

    def decrypt(self, sealed: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.decrypt`."""
        return block_modes.decrypt(AES, sealed, key, options)


TRANSFORM = Aes()
