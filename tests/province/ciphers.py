"""模拟 / The simulator's own keys, digests and block ciphers: written apart from the product's, on purpose."""

import base64
import hashlib
import hmac
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


def md5(text: str) -> str:
    """Lower-case hexadecimal."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sm3(data: bytes) -> bytes:
    """GB/T 32905."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sha256(key: str, text: str) -> bytes:
    """RFC 2104."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()


def same(one: str, other: str) -> bool:
    """Compared without telling where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def seal(cipher: str, key: str, plain: str) -> str:
    """ECB with PKCS #7 padding, hexadecimal; `cipher` is aes or sm4."""
    data = plain.encode()
    missing = BLOCK - len(data) % BLOCK
    machine = _machine(cipher, key).encryptor()
    return (machine.update(data + bytes([missing]) * missing) + machine.finalize()).hex()


def unseal(cipher: str, key: str, sealed: str) -> str:
    """The other way; raises ValueError for anything that was not sealed so."""
    machine = _machine(cipher, key).decryptor()
    data = machine.update(bytes.fromhex(sealed)) + machine.finalize()
    if not data or data[-1] not in range(1, BLOCK + 1) or data[-data[-1] :] != bytes([data[-1]]) * data[-1]:
        raise ValueError("padding")
    return data[: -data[-1]].decode()


def rsa_verified(public_key: str, text: str, signature: str) -> bool:
    """SHA256withRSA; the key is base64 of SPKI."""
    key = serialization.load_der_public_key(base64.b64decode(public_key))
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(base64.b64decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


@cache
def rsa_pair(name: str) -> tuple[str, str]:
    """A private key (PKCS #8) and its public one (SPKI), base64; one per name and process."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def _machine(cipher: str, key: str) -> Cipher[modes.ECB]:
    algorithm = {"aes": algorithms.AES, "sm4": algorithms.SM4}[cipher]
    return Cipher(algorithm(key.encode()), modes.ECB())  # noqa: S305 - what the platforms do
