"""Key rotation: published before it signs, published after it signed, gone in the end; each algorithm verifies."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.keys.model import Algorithm, KeyPeriod, signing_key
from idp.keys.service import LEAD_SECONDS, OVERLAP_SECONDS, KeyRing, UntrustedToken
from tests.keys.published import published
from tests.support.inprocess import Provider
from tests.support.visits import claims_of, header_of, signed_in, sql, tokens

pytestmark = pytest.mark.anyio


def number(text: str) -> int:
    return int.from_bytes(octets(text), "big")


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def check_with_cryptography_alone(token: str, jwk: dict[str, Any]) -> None:
    """Verify by the letter of RFC 7518 and RFC 8037, without any JOSE library; raises InvalidSignature."""
    signed, _, signature_text = token.rpartition(".")
    signature = octets(signature_text)
    if jwk["kty"] == "EC":
        assert len(signature) == 64
        public = ec.EllipticCurvePublicNumbers(
            number(jwk["x"]), number(jwk["y"]), ec.SECP256R1()
        ).public_key()
        der = encode_dss_signature(
            int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        )
        public.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    elif jwk["kty"] == "RSA":
        key = rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        ed25519.Ed25519PublicKey.from_public_bytes(octets(jwk["x"])).verify(signature, signed.encode())


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_an_id_token_of_each_algorithm_verifies_in_two_independent_ways(
    house: Provider, algorithm: Algorithm
) -> None:
    client, secret = await house.register(id_token_signed_response_alg=algorithm.value)
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        token: str = made["id_token"]
        back = await someone.open(f"/end_session?id_token_hint={token}")  # and we ourselves know it again
    assert "decision" not in str(back)
    keys = await published(house)
    header = header_of(token)
    assert header["alg"] == algorithm.value
    assert jwt.decode(
        token, KeySet.import_key_set({"keys": list(keys.values())}), algorithms=[algorithm.value]
    )
    check_with_cryptography_alone(token, keys[header["kid"]])
    signed, _, signature = token.rpartition(".")
    with pytest.raises(InvalidSignature):
        check_with_cryptography_alone(f"{signed}x.{signature}", keys[header["kid"]])
    hashed = "sha512" if algorithm is Algorithm.EDDSA else "sha256"
    digest = hashlib.new(hashed, made["access_token"].encode()).digest()
    assert (
        claims_of(token)["at_hash"]
        == base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    )


async def test_access_tokens_are_es256_whatever_the_id_token_is(house: Provider) -> None:
    client, secret = await house.register(id_token_signed_response_alg="RS256")
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    assert header_of(made["access_token"])["alg"] == "ES256"
    assert header_of(made["access_token"])["typ"] == "at+jwt"


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_after(house: Provider) -> None:
    keys = house.worker.keys
    old = header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"]
    new = (await keys.rotate(Algorithm.ES256)).kid
    assert {old, new} <= set(await published(house))
    assert header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"] == old
    house.clock.forward(LEAD_SECONDS)
    assert header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"] == new
    house.clock.forward(OVERLAP_SECONDS - 1)
    assert old in await published(house)
    house.clock.forward(1)
    assert old not in await published(house)
    assert new in await published(house)


async def test_tokens_of_the_old_key_are_good_during_the_overlap_and_no_longer(house: Provider) -> None:
    keys = house.worker.keys
    far = house.clock.now + 10 * OVERLAP_SECONDS
    token = keys.sign(Algorithm.ES256, "at+jwt", {"exp": far, "sub": "a"})
    await keys.rotate(Algorithm.ES256, lead=0)
    assert keys.verify(token, "at+jwt")["sub"] == "a"
    house.clock.forward(OVERLAP_SECONDS)
    with pytest.raises(UntrustedToken):
        keys.verify(token, "at+jwt")
    assert keys.verify(token, "at+jwt", expired_too=True)["sub"] == "a"  # a hint, not a credential


async def test_a_rotation_is_seen_by_another_worker_without_a_restart(house: Provider) -> None:
    other = KeyRing(house.worker.base)
    await other.load()
    made = await other.rotate(Algorithm.EDDSA, lead=0)
    await house.worker.revisions.refresh()
    assert made.kid in await published(house)
    assert header_of(house.worker.keys.sign(Algorithm.EDDSA, "JWT", {}))["kid"] == made.kid


async def test_making_sure_of_keys_makes_no_second_ones(house: Provider) -> None:
    before = await sql(house, "select kid from signing_keys")
    await house.worker.keys.ensure()
    assert await sql(house, "select kid from signing_keys") == before


async def test_private_keys_are_sealed_in_the_database(house: Provider) -> None:
    for row in await sql(house, "select private_key, public_jwk from signing_keys"):
        assert b"PRIVATE" not in row["private_key"]
        assert not row["private_key"].startswith(b"0")  # no DER
        assert not {"d", "p", "q"} & set(json.loads(row["public_jwk"]))


def test_the_newest_key_that_may_sign_signs() -> None:
    periods = [
        KeyPeriod("retired", Algorithm.ES256, 0, 50),
        KeyPeriod("old", Algorithm.ES256, 10, 200),
        KeyPeriod("new", Algorithm.ES256, 100, None),
        KeyPeriod("other", Algorithm.RS256, 150, None),
    ]
    named = {now: signing_key(periods, Algorithm.ES256, now) for now in (5, 60, 99, 100, 300)}
    assert {now: period.kid if period else None for now, period in named.items()} == {
        5: "retired", 60: "old", 99: "old", 100: "new", 300: "new",
    }  # fmt: skip
    assert signing_key(periods, Algorithm.EDDSA, 100) is None
