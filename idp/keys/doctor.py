"""`idp doctor` on the signing keys."""

from collections.abc import AsyncIterator

from idp.infrastructure.findings import Checks, Finding
from idp.infrastructure.foundation import Foundation
from idp.keys.service import KeyRing


async def _of_stores(settings: object, base: Foundation) -> AsyncIterator[Finding]:
    keys = KeyRing(base)
    await keys.load()
    signing = {period.algorithm.value for period in keys.periods() if period.signs(base.sources.now())}
    yield Finding(
        "keys", len(signing) == 3, f"signing with {', '.join(sorted(signing)) or 'nothing: idp migrate'}"
    )


CHECKS = Checks(of_stores=_of_stores)
