"""SM2 encryption (GB/T 32918.4): for the platform with its public key, for us with our private key."""

from collections.abc import Mapping

from gmalg import SM2
from gmalg.errors import GMError

_C1_BYTES = 65
_C3_BYTES = 32
_POINT = b"\x04"


class Sm2:
    """See `Transform`. Keys in hex.

    Options `order`: C1C3C2 (the standard, default) or C1C2C3 (before 2012); `point`: `bare` where the platform
    leaves out the leading 04. It is not guessed, because a bare point may begin with 04 too.
    """

    name = "sm2"
    options = frozenset({"order", "point"})

    def encrypt(self, plain: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.encrypt`; `key` is the platform's public key, 04 and 64 bytes."""
        try:
            sealed: bytes = SM2(pk=bytes.fromhex(key)).encrypt(plain)
        except GMError as error:
            raise ValueError("SM2 public key") from error
        c1, c3, c2 = (
            sealed[:_C1_BYTES],
            sealed[_C1_BYTES : _C1_BYTES + _C3_BYTES],
            sealed[_C1_BYTES + _C3_BYTES :],
        )
        ordered = c1 + c2 + c3 if options.get("order") == "C1C2C3" else sealed
        return ordered[1:] if options.get("point") == "bare" else ordered

    def decrypt(self, sealed: bytes, key: str, options: Mapping[str, str]) -> bytes:
        """See `Transform.decrypt`; `key` is our private key."""
        if options.get("point") == "bare":
            sealed = _POINT + sealed
        if len(sealed) <= _C1_BYTES + _C3_BYTES:
            raise ValueError("too short for SM2")
        c1, rest = sealed[:_C1_BYTES], sealed[_C1_BYTES:]
        if options.get("order") == "C1C2C3":
            rest = rest[-_C3_BYTES:] + rest[:-_C3_BYTES]
        try:
            plain: bytes = SM2(sk=bytes.fromhex(key)).decrypt(c1 + rest)
        except GMError as error:
            raise ValueError("SM2 decryption") from error
        return plain


TRANSFORM = Sm2()
