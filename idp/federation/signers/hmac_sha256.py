"""HMAC-SHA-256 over parts: the gateways of the national platform sign so (requester, service and time in headers)."""

import base64
import hmac
from collections.abc import Mapping, Sequence

from idp.federation.exchange.outgoing import Outgoing


class HmacSha256:
    """See `Signer`. Options `key`, `separator` (default none), `output`: base64 (default) or hex."""

    name = "hmac_sha256"
    options = frozenset({"key", "separator", "output"})

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """See `Signer.sign`."""
        text = options.get("separator", "").join(parts)
        mac = hmac.digest(options["key"].encode(), text.encode(), "sha256")
        return mac.hex() if options.get("output") == "hex" else base64.b64encode(mac).decode()


SIGNER = HmacSha256()
