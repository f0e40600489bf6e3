"""SM4 (GB/T 32907) with a shared key, ECB or CBC: Gansu's city platforms."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from idp.federation.exchange import block_modes


class Sm4:
    """See `Transform`. Options: see `block_modes`."""

    name = "sm4"
    options = block_modes.OPTIONS

    def encrypt(self, plain: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.encrypt`."""
        return block_modes.encrypt(SM4, plain, key, options)

    def decrypt(self, sealed: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.decrypt`."""
        return block_modes.decrypt(SM4, sealed, key, options)


TRANSFORM = Sm4()
