"""The record: what is refused to nobody in particular is written by the minute."""

import structlog

from idp.audit.refusals import NAMED_SECONDS, SUMMED_SECONDS, Refusals
from idp.audit.sealing import SEAL_SECONDS, Sealer
from idp.infrastructure.assembly import Ground
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer

log = structlog.get_logger(__name__)


class AuditRoom:
    """What was refused, until it is written."""

    def __init__(self, ground: Ground) -> None:
        self.refusals = Refusals(ground.base)
        self.sealer = Sealer(ground.base, ground.data_dir)
        self.offer = Offer(
            jobs=[
                Job("refusals.named", NAMED_SECONDS, self.refusals.flush_named),
                Job("refusals", SUMMED_SECONDS, self.refusals.flush),
                Job("record.seal", SEAL_SECONDS, self.sealer.seal),
            ],
            closing=[self._write_the_last],
        )

    async def _write_the_last(self) -> None:
        try:
            await self.refusals.flush()
        except DatabaseUnavailable:
            log.warning("what was refused in the last minute could not be written")
