"""`idp doctor` on the record."""

from collections.abc import AsyncIterator

from idp.audit.sealing import LATE_SECONDS, RecordSettings, Sealer
from idp.infrastructure.findings import Checks, Finding
from idp.infrastructure.foundation import Foundation


async def _of_stores(settings: RecordSettings, base: Foundation) -> AsyncIterator[Finding]:
    waiting = await Sealer(base, settings.data_dir).waiting_since()
    late = waiting is not None and base.sources.now() - waiting > LATE_SECONDS
    says = (
        "sealed line by line" if not late else "lines have waited for an hour to be sealed: idp record verify"
    )
    yield Finding("record", not late, says)


CHECKS = Checks(of_stores=_of_stores)
