"""MD5 over the request's parameters, sorted, and a secret. Weak: only for platforms that know nothing else."""

import hashlib
from collections.abc import Mapping, Sequence

from idp.federation.exchange.outgoing import Outgoing


class SortedMd5:
    """See `Signer`. Options `secret`, `case` (lower or upper), `secret_name` (appended as NAME=SECRET when given).

    Empty values and the signature itself take no part.
    """

    name = "sorted_md5"
    options = frozenset({"secret", "case", "secret_name"})

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """See `Signer.sign`."""
        pairs = sorted(
            (name, value) for name, value in request.parameters.items() if value and name != "sign"
        )
        text = "&".join(f"{name}={value}" for name, value in pairs)
        name, secret = options.get("secret_name"), options.get("secret", "")
        text += f"&{name}={secret}" if name else secret
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        return digest.upper() if options.get("case") == "upper" else digest


SIGNER = SortedMd5()
