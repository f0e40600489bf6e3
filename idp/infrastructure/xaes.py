"""XAES-256-GCM (C2SP): AES-256-GCM under a key of its own for each message, so that random nonces never run out.

Plain AES-GCM takes 2³² messages under a key before two random nonces of 96 bits may meet (NIST SP 800-38D §8.3); with
192 bits it takes 2⁸⁰.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 24
_HALF = 12
_BLOCK_BITS = 128
_REDUCTION = 0x87


class Xaes256Gcm:
    """One key, from which the key of each message is derived by CMAC (NIST SP 800-108r1)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key must be {KEY_BYTES} bytes")
        # Encrypting single blocks is all that CMAC needs; nothing is sealed by it.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        zero = int.from_bytes(self._blocks(bytes(16)))
        doubled = zero << 1 & (1 << _BLOCK_BITS) - 1
        self._subkey = doubled ^ (_REDUCTION if zero >> _BLOCK_BITS - 1 else 0)

    def encrypt(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        """The ciphertext and its tag."""
        return self._of(nonce).encrypt(nonce[_HALF:], plain, associated)

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The plain text; raises InvalidTag, or ValueError where the nonce was cut."""
        return self._of(nonce).decrypt(nonce[_HALF:], sealed, associated)

    def _of(self, nonce: bytes) -> AESGCM:
        """The cipher of one message."""
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"the nonce must be {NONCE_BYTES} bytes")
        inputs = (bytes([0, counter, ord("X"), 0]) + nonce[:_HALF] for counter in (1, 2))
        masked = ((int.from_bytes(block) ^ self._subkey).to_bytes(16) for block in inputs)
        return AESGCM(self._blocks(b"".join(masked)))

    def _blocks(self, data: bytes) -> bytes:
        encryptor = self._cipher.encryptor()
        return encryptor.update(data) + encryptor.finalize()
