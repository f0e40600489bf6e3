"""SM2 signatures (GB/T 32918.2) over parts, with the user id that GB/T 35276 gives when none is agreed."""

import base64
from collections.abc import Mapping, Sequence

from gmalg import SM2
from gmalg.errors import GMError

from idp.federation.exchange.outgoing import Outgoing

_NUMBER_BYTES = 32
USER_ID = "1234567812345678"


class Sm2Sign:
    """See `Signer`. Options `private_key` (32 bytes in hex), `separator`, `user_id`, `output`: base64 or hex.

    The signature is r and s, 32 bytes each, one after the other.
    """

    name = "sm2_sign"
    options = frozenset({"private_key", "separator", "user_id", "output"})

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """See `Signer.sign`."""
        user_id = options.get("user_id", USER_ID).encode()
        try:
            signer = SM2(bytes.fromhex(options["private_key"]), user_id)
            numbers = signer.sign(options.get("separator", "").join(parts).encode())
        except GMError as error:
            raise ValueError("SM2 private key") from error
        signature = b"".join(number.rjust(_NUMBER_BYTES, b"\0") for number in numbers)
        return signature.hex() if options.get("output") == "hex" else base64.b64encode(signature).decode()


SIGNER = Sm2Sign()
