"""Block ciphers with PKCS #7 padding as platforms use them: ECB or CBC, keys as text, hex or base64.

ECB hides little and neither mode proves integrity: what they carry is believed because it came over TLS from the
platform, never because it could be decrypted.
"""

import base64
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, modes
from cryptography.hazmat.primitives.padding import PKCS7

BITS = 128
OPTIONS = frozenset({"mode", "iv", "key_encoding"})


def encrypt(
    algorithm: Callable[[bytes], BlockCipherAlgorithm], plain: bytes, key: str, options: Mapping[str, str]
) -> bytes:
    """Raises ValueError for a key or an initialisation vector of the wrong length."""
    padder = PKCS7(BITS).padder()
    encryptor = Cipher(algorithm(key_bytes(key, options)), _mode(options)).encryptor()
    padded = padder.update(plain) + padder.finalize()
    return encryptor.update(padded) + encryptor.finalize()


def decrypt(
    algorithm: Callable[[bytes], BlockCipherAlgorithm], sealed: bytes, key: str, options: Mapping[str, str]
) -> bytes:
    """Raises ValueError for a wrong key, a wrong length or wrong padding."""
    decryptor = Cipher(algorithm(key_bytes(key, options)), _mode(options)).decryptor()
    padded = decryptor.update(sealed) + decryptor.finalize()
    unpadder = PKCS7(BITS).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def key_bytes(key: str, options: Mapping[str, str]) -> bytes:
    """The key of a text; raises ValueError."""
    encoding = options.get("key_encoding", "text")
    if encoding == "hex":
        return bytes.fromhex(key)
    if encoding == "base64":
        return base64.b64decode(key, validate=True)
    return key.encode()


def _mode(options: Mapping[str, str]) -> modes.ECB | modes.CBC:
    if is_ecb(options):
        return modes.ECB()  # noqa: S305 - the platform's choice, see above
    return modes.CBC(options["iv"].encode())


def is_ecb(options: Mapping[str, str]) -> bool:
    """Whether blocks are enciphered each by itself: what a platform means when it says nothing of a mode."""
    return options.get("mode", "ecb") != "cbc"
