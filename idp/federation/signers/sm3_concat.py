"""SM3 (GB/T 32905) over parts set one after the other."""

from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives import hashes

from idp.federation.exchange.outgoing import Outgoing


class Sm3Concat:
    """See `Signer`. Option `case`: lower (default) or upper."""

    name = "sm3_concat"
    options = frozenset({"case"})

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """See `Signer.sign`."""
        digest = hashes.Hash(hashes.SM3())
        digest.update("".join(parts).encode())
        text = digest.finalize().hex()
        return text.upper() if options.get("case") == "upper" else text


SIGNER = Sm3Concat()
