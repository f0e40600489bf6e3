"""XAES-256-GCM against the vectors of its specification (C2SP), and what was altered."""

import pytest
from cryptography.exceptions import InvalidTag

from idp.infrastructure.xaes import KEY_BYTES, NONCE_BYTES, Xaes256Gcm

NONCE = b"ABCDEFGHIJKLMNOPQRSTUVWX"
VECTORS = [
    # the two keys take the two branches of CMAC's doubling
    (b"\x01", b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
    (b"\x03", b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
]


@pytest.mark.parametrize(("byte", "associated", "sealed"), VECTORS)
def test_the_vectors_of_the_specification(byte: bytes, associated: bytes, sealed: str) -> None:
    cipher = Xaes256Gcm(byte * KEY_BYTES)
    assert cipher.encrypt(NONCE, b"XAES-256-GCM", associated).hex() == sealed
    assert cipher.decrypt(NONCE, bytes.fromhex(sealed), associated) == b"XAES-256-GCM"


@pytest.mark.parametrize("at", range(NONCE_BYTES))
def test_every_byte_of_the_nonce_counts(at: int) -> None:
    cipher = Xaes256Gcm(bytes(KEY_BYTES))
    sealed = cipher.encrypt(NONCE, b"text", b"")
    other = NONCE[:at] + bytes([NONCE[at] ^ 1]) + NONCE[at + 1 :]
    with pytest.raises(InvalidTag):
        cipher.decrypt(other, sealed, b"")


@pytest.mark.parametrize("length", [0, 12, 23, 25])
def test_a_nonce_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="nonce"):
        Xaes256Gcm(bytes(KEY_BYTES)).encrypt(bytes(length), b"text", b"")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="key"):
        Xaes256Gcm(bytes(length))
