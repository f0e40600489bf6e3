"""What sends short messages and mail, as settings name it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr

from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.messages.gateway import Gateway
from idp.infrastructure.messages.interface import MessageChannel
from idp.infrastructure.messages.profile import read_profile
from idp.infrastructure.messages.sink import Sink
from idp.infrastructure.messages.smtp import MailServer, Smtp
from idp.infrastructure.sources import Sources


class MessageSettings(Protocol):
    """What is read of the settings."""

    data_dir: Path
    demo: bool
    message_sink: bool
    sms_profile: Path | None
    smtp_host: str
    smtp_port: int
    smtp_sender: str
    smtp_tls: Literal["starttls", "implicit", "none"]
    smtp_username: str
    smtp_password: SecretStr

    @property
    def sms_credentials(self) -> Mapping[str, SecretStr]:
        """What the profile names and does not hold."""
        ...


def has_sink(settings: MessageSettings) -> bool:
    """Whether messages are written down instead of being sent."""
    return settings.message_sink or (settings.demo and settings.sms_profile is None)


def sms_channel(settings: MessageSettings, http: HttpClient, sources: Sources) -> MessageChannel | None:
    """What sends short messages; raises BadProfile."""
    if has_sink(settings):
        return Sink(settings.data_dir, sources)
    if settings.sms_profile is None:
        return None
    credentials = {name: value.get_secret_value() for name, value in settings.sms_credentials.items()}
    return Gateway(read_profile(settings.sms_profile), credentials, http, sources)


def mail_channel(settings: MessageSettings, sources: Sources) -> MessageChannel | None:
    """What sends mail."""
    if settings.smtp_host and not settings.message_sink:
        server = MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_sender,
            settings.smtp_tls,
            settings.smtp_username,
            settings.smtp_password.get_secret_value(),
        )
        return Smtp(server, sources)
    return Sink(settings.data_dir, sources) if has_sink(settings) else None
