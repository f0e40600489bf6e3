"""RSA in blocks with PKCS #1 v1.5 padding, as Java libraries of the field do it."""

import base64
from collections.abc import Mapping

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PADDING_BYTES = 11


class RsaBlock:
    """See `Transform`. Keys are base64 of DER, public (SPKI) to encrypt, private (PKCS #8) to decrypt."""

    name = "rsa_block"
    options: frozenset[str] = frozenset()

    def encrypt(self, plain: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.encrypt`."""
        public = serialization.load_der_public_key(base64.b64decode(key))
        if not isinstance(public, rsa.RSAPublicKey):
            raise ValueError("not an RSA key")
        size = public.key_size // 8 - _PADDING_BYTES
        blocks = (plain[at : at + size] for at in range(0, len(plain), size))
        return b"".join(public.encrypt(block, padding.PKCS1v15()) for block in blocks)

    def decrypt(self, sealed: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.decrypt`. A wrong block gives noise that parses as nothing."""
        private = serialization.load_der_private_key(base64.b64decode(key), None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ValueError("not an RSA key")
        size = private.key_size // 8
        if not sealed or len(sealed) % size:
            raise ValueError("not whole blocks")
        blocks = (sealed[at : at + size] for at in range(0, len(sealed), size))
        return b"".join(private.decrypt(block, padding.PKCS1v15()) for block in blocks)


TRANSFORM = RsaBlock()
