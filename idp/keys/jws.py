"""Signing of compact JWS (RFC 7515) with a key that was parsed once."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idp.keys.model import Algorithm

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

RSA_BITS = 2048
_P256_BYTES = 32


def generate(algorithm: Algorithm) -> PrivateKey:
    """A new private key for an algorithm."""
    if algorithm is Algorithm.ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm is Algorithm.EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def to_der(key: PrivateKey) -> bytes:
    """PKCS #8, unencrypted; the caller seals it."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def from_der(data: bytes) -> PrivateKey:
    """The key that `to_der` wrote. It was made by us, so the slow RSA consistency check is left out."""
    key = serialization.load_der_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, PrivateKey)
    return key


def public_jwk(key: PrivateKey, algorithm: Algorithm) -> dict[str, Any]:
    """The public JWK with its RFC 7638 thumbprint as kid."""
    kinds: dict[Algorithm, type[ECKey | OKPKey | RSAKey]] = {
        Algorithm.ES256: ECKey,
        Algorithm.EDDSA: OKPKey,
        Algorithm.RS256: RSAKey,
    }
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    jwk = kinds[algorithm].import_key(pem)
    return {**jwk.as_dict(private=False), "kid": jwk.thumbprint(), "use": "sig", "alg": algorithm.value}


class JwsSigner:
    """Signs JSON claims with one key; headers are encoded once per `typ`."""

    def __init__(self, kid: str, algorithm: Algorithm, key: PrivateKey) -> None:
        self.kid = kid
        self.algorithm = algorithm
        self._sign = _signature_of(key)
        self._headers: dict[str, bytes] = {}

    def sign(self, typ: str, claims: dict[str, Any]) -> str:
        """The compact serialization of a JWT with this `typ` header."""
        header = self._headers.get(typ)
        if header is None:
            header = _encode(orjson.dumps({"alg": self.algorithm.value, "kid": self.kid, "typ": typ})) + b"."
            self._headers[typ] = header
        signed = header + _encode(orjson.dumps(claims))
        return (signed + b"." + _encode(self._sign(signed))).decode()


def _signature_of(key: PrivateKey) -> Callable[[bytes], bytes]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        scheme = ec.ECDSA(hashes.SHA256())

        def sign_es256(data: bytes) -> bytes:
            r, s = decode_dss_signature(key.sign(data, scheme))
            return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")  # RFC 7518 §3.4

        return sign_es256
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign


def _encode(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
