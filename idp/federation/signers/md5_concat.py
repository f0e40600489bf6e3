"""MD5 over parts set one after the other. Weak (RFC 6151): only for platforms that know nothing else."""

import hashlib
from collections.abc import Mapping, Sequence

from idp.federation.exchange.outgoing import Outgoing


class Md5Concat:
    """See `Signer`. Option `case`: lower (default) or upper."""

    name = "md5_concat"
    options = frozenset({"case"})

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """See `Signer.sign`."""
        digest = hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()
        return digest.upper() if options.get("case") == "upper" else digest


SIGNER = Md5Concat()
