"""The ground floor: what keeps, what calls and sends, what is done again and again, what talks to browsers."""

from pathlib import Path
from typing import Protocol

from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import RAISE_SECONDS, HighWaterMark
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.messages import Messages
from idp.infrastructure.messages.channels import MessageSettings, has_sink, mail_channel, sms_channel
from idp.infrastructure.messages.page import MessagesPage
from idp.infrastructure.messages.service import Record
from idp.infrastructure.messages.sink import Sink
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.periodic import Job, Periodic
from idp.infrastructure.periodic_store import JobRecord
from idp.infrastructure.revisions import Revisions
from idp.infrastructure.room import Offer
from idp.infrastructure.single_use import FORGET_SECONDS, SingleUse
from idp.infrastructure.web.attempts import Attempts
from idp.infrastructure.web.site import Site


class GroundSettings(MessageSettings, Protocol):
    """What is read of the settings."""

    ca_file: Path | None
    unencrypted_hosts: tuple[str, ...]


class Ground:
    """What every room stands on. The site is handed in: it talks to people before any store answers."""

    def __init__(self, settings: GroundSettings, base: Foundation, site: Site) -> None:
        self._settings = settings
        self.base = base
        self.data_dir = settings.data_dir
        self.site = site
        self.attempts = Attempts(site, base.key_value)
        self.http = HttpClient(settings.ca_file, settings.unencrypted_hosts)
        self.outbox = Outbox(base.database, base.sources)
        self.messages = Messages(self.outbox, base.vault, base.sources)
        self.periodic = Periodic(JobRecord(base.database, base.sources.now))
        self.revisions = Revisions(base.database)
        self.mark = HighWaterMark(base, settings.data_dir)
        written_down = settings.demo and has_sink(settings)
        self.offer = Offer(
            routes=[MessagesPage(site, Sink(settings.data_dir, base.sources)).routes()]
            if written_down
            else (),
            jobs=[
                Job("high_water_mark", RAISE_SECONDS, self.mark.raise_mark),
                Job("single_uses", FORGET_SECONDS, SingleUse(base).forget_old),
            ],
            closing=[self.outbox.stop, self.revisions.stop, self.http.close],
        )

    def deliver_messages(self, record: Record) -> None:
        """Say what sends short messages and mail, and how it is recorded; raises BadProfile."""
        self.messages.register(
            sms_channel(self._settings, self.http, self.base.sources),
            mail_channel(self._settings, self.base.sources),
            record,
        )
