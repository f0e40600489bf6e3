"""Alipay's RSA2: SHA256withRSA over the sorted parameters, base64."""

import base64
from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from idp.federation.exchange.outgoing import Outgoing


class Rsa2:
    """See `Signer`. Option `private_key`: PKCS #8 or PKCS #1, base64 of the DER or PEM."""

    name = "rsa2"
    options = frozenset({"private_key"})

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """See `Signer.sign`."""
        pairs = sorted(
            (name, value) for name, value in request.parameters.items() if value and name != "sign"
        )
        text = "&".join(f"{name}={value}" for name, value in pairs)
        signature = _key(options["private_key"]).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()


def _key(text: str) -> rsa.RSAPrivateKey:
    if text.lstrip().startswith("-----"):
        key = serialization.load_pem_private_key(text.encode(), None)
    else:
        key = serialization.load_der_private_key(base64.b64decode(text), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


SIGNER = Rsa2()
