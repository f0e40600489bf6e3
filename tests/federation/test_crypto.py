"""Signers and transforms against vectors of the standards and an implementation that is not ours."""

import base64
import hashlib
import hmac
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from idp.federation.exchange.outgoing import Outgoing
from idp.federation.signers.hmac_canonical import SIGNER as HMAC_CANONICAL
from idp.federation.signers.hmac_sha256 import SIGNER as HMAC_SHA256
from idp.federation.signers.md5_concat import SIGNER as MD5_CONCAT
from idp.federation.signers.rsa2 import SIGNER as RSA2
from idp.federation.signers.sm2_sign import SIGNER as SM2_SIGN
from idp.federation.signers.sm2_sign import USER_ID
from idp.federation.signers.sm3_concat import SIGNER as SM3_CONCAT
from idp.federation.signers.sorted_md5 import SIGNER as SORTED_MD5
from idp.federation.transforms.aes import TRANSFORM as AES
from idp.federation.transforms.interface import Transform
from idp.federation.transforms.rsa_block import TRANSFORM as RSA_BLOCK
from idp.federation.transforms.sm2 import TRANSFORM as SM2
from idp.federation.transforms.sm4 import TRANSFORM as SM4

# GB/T 32918.5-2017, annex A and C: the recommended curve.
PRIVATE = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
PUBLIC = (
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
CIPHER = (
    "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
    "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
    "21886CA989CA9C7D58087307CA93092D651EFA"
)


def anything() -> Outgoing:
    return Outgoing("POST", "https://p.test/a/b?x=1", {"b": "2", "a": "1", "empty": ""}, {"c": "3"})


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_the_sm2_vector_of_the_standard_is_deciphered() -> None:
    assert SM2.decrypt(bytes.fromhex(CIPHER), PRIVATE, {}) == b"encryption standard"


def test_the_vector_in_the_old_order_and_without_its_first_byte_too() -> None:
    whole = bytes.fromhex(CIPHER)
    old = whole[:65] + whole[97:] + whole[65:97]
    assert SM2.decrypt(old[1:], PRIVATE, {"order": "C1C2C3", "point": "bare"}) == b"encryption standard"


@pytest.mark.parametrize("order", ["C1C3C2", "C1C2C3"])
@pytest.mark.parametrize("point", ["whole", "bare"])
def test_sm2_encrypts_what_it_deciphers(order: str, point: str) -> None:
    options = {"order": order, "point": point}
    sealed = SM2.encrypt("张三".encode(), PUBLIC, options)
    assert SM2.decrypt(sealed, PRIVATE, options).decode() == "张三"


def test_openssl_accepts_our_sm2_signature(tmp_path: Path) -> None:
    signature = base64.b64decode(SM2_SIGN.sign(anything(), ["a", "b"], {"private_key": PRIVATE}))
    assert len(signature) == 64
    spki = bytes.fromhex("3059301306072A8648CE3D020106082A811CCF5501822D034200" + PUBLIC)
    (tmp_path / "key.der").write_bytes(spki)
    (tmp_path / "message").write_bytes(b"ab")
    (tmp_path / "signature").write_bytes(der_pair(signature))
    command = [
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-rawin", "-digest", "sm3",
        "-in", "message", "-sigfile", "signature", "-pkeyopt", f"distid:{USER_ID}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Successfully" in done.stdout, done.stderr


def der_pair(signature: bytes) -> bytes:
    numbers = b"".join(as_der(signature[at : at + 32]) for at in (0, 32))
    return b"\x30" + bytes([len(numbers)]) + numbers


def as_der(number: bytes) -> bytes:
    plain = number.lstrip(b"\0")
    if plain[0] >= 0x80:
        plain = b"\0" + plain
    return b"\x02" + bytes([len(plain)]) + plain


def test_sm3_gives_the_vector_of_the_standard() -> None:
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905 A.1
    assert SM3_CONCAT.sign(anything(), ["a", "bc"], {}) == expected
    assert SM3_CONCAT.sign(anything(), ["abc"], {"case": "upper"}) == expected.upper()


def test_sm4_gives_the_vector_of_the_standard() -> None:
    key = "0123456789abcdeffedcba9876543210"  # GB/T 32907 A.1; the second block is padding
    sealed = SM4.encrypt(bytes.fromhex(key), key, {"key_encoding": "hex"})
    assert sealed[:16].hex() == "681edf34d206965e86b3e94f536e4246"


@pytest.mark.parametrize("transform", [AES, SM4])
@pytest.mark.parametrize("options", [{}, {"mode": "cbc", "iv": "0123456789abcdef"}])
def test_a_block_cipher_opens_what_openssl_sealed(transform: Transform, options: dict[str, str]) -> None:
    key = "a key of 16 byte"
    name = {"aes": "aes-128", "sm4": "sm4"}[transform.name]
    command = ["openssl", "enc", f"-{name}-{options.get('mode', 'ecb')}", "-K", key.encode().hex()]
    if options:
        command += ["-iv", options["iv"].encode().hex()]
    sealed = subprocess.run(command, input="张三丰".encode(), capture_output=True, check=True).stdout
    assert transform.decrypt(sealed, key, options).decode() == "张三丰"
    assert transform.encrypt("张三丰".encode(), key, options) == sealed


@pytest.mark.parametrize("transform", [AES, SM4, SM2])
def test_what_is_broken_is_a_value_error(transform: Transform) -> None:
    key = PRIVATE if transform is SM2 else "a key of 16 byte"
    for sealed in (b"", b"short", bytes(200)):
        with pytest.raises(ValueError, match=r".*"):
            transform.decrypt(sealed, key, {})


def test_rsa_goes_in_blocks() -> None:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    plain = "长".encode() * 300
    sealed = RSA_BLOCK.encrypt(plain, base64.b64encode(public).decode(), {})
    assert len(sealed) == 256 * 4
    assert RSA_BLOCK.decrypt(sealed, base64.b64encode(private).decode(), {}) == plain
    signature = base64.b64decode(
        RSA2.sign(anything(), [], {"private_key": base64.b64encode(private).decode()})
    )
    key.public_key().verify(signature, b"a=1&b=2&c=3", padding.PKCS1v15(), hashes.SHA256())


def test_md5_goes_over_the_parts_in_their_order() -> None:
    assert MD5_CONCAT.sign(anything(), ["app", "word", "20260101"], {}) == md5("appword20260101")


def test_sorted_md5_leaves_out_what_is_empty() -> None:
    expected = md5("a=1&b=2&c=3&key=s").upper()
    assert SORTED_MD5.sign(anything(), [], {"secret": "s", "secret_name": "key", "case": "upper"}) == expected
    assert SORTED_MD5.sign(anything(), [], {"secret": "s"}) == md5("a=1&b=2&c=3s")


def test_the_national_gateway_signs_service_requester_and_time() -> None:
    mac = hmac.new(b"secret", b"sidrid1700000000000", "sha256").digest()
    signed = HMAC_SHA256.sign(anything(), ["sid", "rid", "1700000000000"], {"key": "secret"})
    assert base64.b64decode(signed) == mac


def test_the_canonical_request_has_its_query_sorted() -> None:
    options = {"key": "secret", "access_key": "ak", "date": "Mon, 23 Nov 2026 00:00:00 GMT"}
    request = Outgoing("POST", "https://p.test/a/b", {"b": "2", "a": "1"})
    text = b"POST\n/a/b\na=1&b=2\nak\nMon, 23 Nov 2026 00:00:00 GMT\n"
    assert (
        base64.b64decode(HMAC_CANONICAL.sign(request, [], options))
        == hmac.new(b"secret", text, "sha256").digest()
    )
