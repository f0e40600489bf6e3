"""HMAC-SHA-256 over the canonical request, as Zhejiang's newer gateway wants it (headers X-BG-…)."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from idp.federation.exchange.outgoing import Outgoing


class HmacCanonical:
    """See `Signer`. Options `key`, `access_key`, `date` (RFC 1123, the value of X-BG-DATE-TIME)."""

    name = "hmac_canonical"
    options = frozenset({"key", "access_key", "date"})

    def sign(self, request: Outgoing, parts: Sequence[str], options: Mapping[str, str]) -> str:
        """See `Signer.sign`."""
        query = "&".join(f"{name}={value}" for name, value in sorted(request.query.items()))
        lines = (request.method, urlsplit(request.url).path, query, options["access_key"], options["date"])
        text = "".join(f"{line}\n" for line in lines)
        return base64.b64encode(hmac.digest(options["key"].encode(), text.encode(), "sha256")).decode()


SIGNER = HmacCanonical()
