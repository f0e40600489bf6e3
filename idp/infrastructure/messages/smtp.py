"""Mail by SMTP: the standard library's client, in a thread of its own."""

import asyncio
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from idp.infrastructure.messages.interface import Message
from idp.infrastructure.outbox import DeliveryFailed, Undeliverable
from idp.infrastructure.sources import Sources

TIMEOUT_SECONDS = 8.0  # until the other end says anything
DEADLINE_SECONDS = 20.0  # for the whole mail; its lease in the outbox is 30 s
MOST_AT_ONCE = 4
"""Threads for mail alone: a server that hangs holds these, and none that others wait for."""
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

    def __init__(
        self,
        server: MailServer,
        sources: Sources,
        context: ssl.SSLContext | None = None,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self._server = server
        self._deadline = deadline
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="mail")
        self._sources = sources
        self._context = context or ssl.create_default_context()

    async def __call__(self, message: Message) -> None:
        """See `MessageChannel`."""
        mail, line = self._mail(message), _Line()
        try:
            async with asyncio.timeout(self._deadline):
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._threads, self._hand_in, mail, message.to, line)
        except smtplib.SMTPRecipientsRefused as error:  # its text names the recipient
            codes = {code for code, _ in error.recipients.values()}
            kind = Undeliverable if all(code >= 500 for code in codes) else DeliveryFailed
            raise kind(f"recipient refused {sorted(codes)}") from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryFailed(f"{type(error).__name__} {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:  # TimeoutError is one, too
            raise DeliveryFailed(type(error).__name__) from None
        finally:
            line.cut()

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

    def _hand_in(self, mail: EmailMessage, to: str, line: "_Line") -> None:
        server = self._server
        if line.over:  # it waited for a thread until its time was up
            return
        if server.tls == IMPLICIT:
            client: smtplib.SMTP = _TlsClient(
                line, server.host, server.port, timeout=TIMEOUT_SECONDS, context=self._context
            )
        else:
            client = _Client(line, server.host, server.port, timeout=TIMEOUT_SECONDS)
        with client:
            if server.tls == STARTTLS:
                client.starttls(context=self._context)
            if server.username:
                client.login(server.username, server.password)
            client.send_message(mail, to_addrs=[to])


class _Line:
    """The connection of one mail, so that it can be cut from outside its thread: a timeout of the library begins
    anew with each byte, and a server that sends one now and then would hold the thread for hours."""

    def __init__(self) -> None:
        self.over = False
        self.client: smtplib.SMTP | None = None

    def cut(self) -> None:
        """Let the thread go, wherever it waits."""
        self.over = True
        held = getattr(self.client, "sock", None)
        if isinstance(held, socket.socket):
            with suppress(OSError):  # closed already
                held.shutdown(socket.SHUT_RDWR)


class _Client(smtplib.SMTP):
    """Names itself to its line before the server has said a word."""

    def __init__(self, line: _Line, *arguments: Any, **options: Any) -> None:
        line.client = self
        super().__init__(*arguments, **options)


class _TlsClient(smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def __init__(self, line: _Line, *arguments: Any, **options: Any) -> None:
        line.client = self
        super().__init__(*arguments, **options)
