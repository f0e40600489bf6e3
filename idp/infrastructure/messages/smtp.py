"""Mail by SMTP: the standard library's client, in a thread of its own."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from idp.infrastructure.messages.interface import Message
from idp.infrastructure.outbox import DeliveryFailed, Undeliverable
from idp.infrastructure.sources import Sources

TIMEOUT_SECONDS = 8.0  # per step; the lease of a message in the outbox is 30 s
STARTTLS = "starttls"
IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `tls` is STARTTLS, IMPLICIT, or "none" for a relay on this very machine."""

    host: str
    port: int
    sender: str
    tls: str = STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)


class Smtp:
    """Hands one mail in per call."""

    def __init__(self, server: MailServer, sources: Sources, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._sources = sources
        self._context = context or ssl.create_default_context()

    async def __call__(self, message: Message) -> None:
        """See `Channel`."""
        mail = self._mail(message)
        try:
            await asyncio.to_thread(self._hand_in, mail, message.to)
        except smtplib.SMTPRecipientsRefused as error:  # its text names the recipient
            codes = {code for code, _ in error.recipients.values()}
            kind = Undeliverable if all(code >= 500 for code in codes) else DeliveryFailed
            raise kind(f"recipient refused {sorted(codes)}") from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryFailed(f"{type(error).__name__} {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(type(error).__name__) from None

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._sources.now(), UTC))
        mail["Message-ID"] = f"<{message.id}@{self._server.sender.rpartition('@')[2].rstrip('>')}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
        mail.set_content(message.text)
        return mail

    def _hand_in(self, mail: EmailMessage, to: str) -> None:
        server = self._server
        if server.tls == IMPLICIT:
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_SECONDS, context=self._context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        with client:
            if server.tls == STARTTLS:
                client.starttls(context=self._context)
            if server.username:
                client.login(server.username, server.password)
            client.send_message(mail, to_addrs=[to])
