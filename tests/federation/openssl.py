"""Digests, ciphers and signatures by the program `openssl`: neither the product's code nor the simulator's."""

import base64
import subprocess
from pathlib import Path

_EC, _SM2 = bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06082a811ccf5501822d")
"""The object identifiers id-ecPublicKey and 1.2.156.10197.1.301."""
_BLOCK_CIPHERS = {"aes": "-aes-128-ecb", "sm4": "-sm4-ecb"}


class Differs(Exception):
    """The program refused: a signature, a key or a padding is not what it should be."""


def digest(name: str, text: str) -> bytes:
    """`name` is md5, sha256 or sm3."""
    return _run("dgst", f"-{name}", "-binary", given=text.encode())


def hmac_sha256(key: str, text: str) -> bytes:
    """RFC 2104."""
    key_option = f"hexkey:{key.encode().hex()}"
    return _run("dgst", "-sha256", "-mac", "HMAC", "-macopt", key_option, "-binary", given=text.encode())


def opened(cipher: str, key: str, sealed: str) -> str:
    """What `aes` or `sm4` made unreadable in ECB with padding; hexadecimal."""
    plain = _run("enc", "-d", _BLOCK_CIPHERS[cipher], "-K", key.encode().hex(), given=bytes.fromhex(sealed))
    return plain.decode(errors="replace")


def sm2_opened(private_key: str, sealed: str, folder: Path) -> str:
    """What was sealed for a private number, C1 C3 C2 in hexadecimal."""
    data, key = bytes.fromhex(sealed), folder / "sm2.der"
    key.write_bytes(_private_key(bytes.fromhex(private_key)))
    x, y, c3, c2 = data[1:33], data[33:65], data[65:97], data[97:]
    content = _sequence(_integer(x), _integer(y), _tagged(0x04, c3), _tagged(0x04, c2))
    return _run("pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", str(key), given=content).decode()


def rsa_verified(public_key: str, text: str, signature: str, folder: Path) -> bool:
    """SHA256withRSA; the key is base64 of SPKI, the signature base64."""
    pem, signed = folder / "rsa.pem", folder / "signature"
    lines = [public_key[at : at + 64] for at in range(0, len(public_key), 64)]
    pem.write_text("\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]))
    signed.write_bytes(base64.b64decode(signature))
    _run("dgst", "-sha256", "-verify", str(pem), "-signature", str(signed), given=text.encode())
    return True


def _run(*arguments: str, given: bytes) -> bytes:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=False)
    if done.returncode:
        raise Differs(done.stderr.decode(errors="replace"))
    return done.stdout


def _private_key(number: bytes) -> bytes:
    """PKCS #8 of a private number on the SM2 curve."""
    inner = _sequence(_tagged(0x02, b"\x01"), _tagged(0x04, number))
    return _sequence(_tagged(0x02, b"\x00"), _sequence(_EC, _SM2), _tagged(0x04, inner))


def _integer(number: bytes) -> bytes:
    bare = number.lstrip(b"\x00") or b"\x00"
    return _tagged(0x02, b"\x00" + bare if bare[0] & 0x80 else bare)


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _tagged(tag: int, content: bytes) -> bytes:
    """DER: tag, length, content."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
