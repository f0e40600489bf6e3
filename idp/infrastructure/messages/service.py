"""Messages to people: sealed into the outbox by the transaction that causes them, opened only to be sent."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from idp.infrastructure.database.statement import Call
from idp.infrastructure.messages.interface import Message, MessageChannel
from idp.infrastructure.outbox import Outbox, Report, Undeliverable
from idp.infrastructure.outbox_store import OutboxMessage
from idp.infrastructure.sources import Sources
from idp.infrastructure.vault import Vault

SMS = "sms"
MAIL = "mail"
"""Kinds of messages in the outbox."""

_SEALED = "outbox.payload"
_RECIPIENT = "message.recipient"

Record = Callable[[str, OutboxMessage, str | None], Call]
"""The audit call for a message of a kind that left (None) or was given up (the last error)."""


class Messages:
    """Writes messages for the caller's transaction; call `kick` after the commit.

    Neither phone nor text stands in the database in clear, nor, once all is over, at all.
    """

    def __init__(self, outbox: Outbox, vault: Vault, sources: Sources) -> None:
        self._outbox = outbox
        self._vault = vault
        self._sources = sources

    def sms(
        self,
        phone: str,
        text: str,
        *,
        lifetime: int | None = None,
        about: str = "",
        values: Mapping[str, str] | None = None,
    ) -> Call:
        """A short message. After `lifetime` seconds it is not sent any more; `about` is the account's id."""
        return self._message(SMS, phone, about, lifetime, {"text": text, "values": dict(values or {})})

    def mail(self, address: str, subject: str, text: str, *, about: str = "") -> Call:
        """A mail in plain text."""
        return self._message(MAIL, address, about, None, {"text": text, "subject": subject})

    def kick(self) -> None:
        """Send what is due now rather than at the next turn."""
        self._outbox.kick()

    def recipient(self, address: str) -> str:
        """What stands for a phone or a mail address in the outbox."""
        return self._vault.token_hash(_RECIPIENT, address).hex()

    def register(self, sms: MessageChannel | None, mail: MessageChannel | None, record: Record) -> None:
        """Take over the outbox's messages of our kinds; without a channel they are given up, and recorded so."""
        for kind, channel in ((SMS, sms), (MAIL, mail)):
            self._outbox.register(kind, self._deliverer(channel), _report(kind, record), private=True)

    def opened(self, payload: Mapping[str, Any]) -> tuple[Message, float | None]:
        """The message that was sealed, and when it becomes useless."""
        content = self._vault.unseal(_SEALED, payload["sealed"])
        expires_at = content.pop("expires_at")
        return Message(**content), expires_at

    def _message(self, kind: str, to: str, about: str, lifetime: int | None, content: dict[str, Any]) -> Call:
        expires_at = None if lifetime is None else self._sources.now() + lifetime
        content |= {"id": self._sources.new_id(), "to": to, "expires_at": expires_at}
        payload = {"sealed": self._vault.seal(_SEALED, content)}
        return self._outbox.message(kind, self.recipient(to), about, payload)

    def _deliverer(self, channel: MessageChannel | None) -> Callable[[Mapping[str, Any]], Awaitable[None]]:
        async def deliver(payload: Mapping[str, Any]) -> None:
            if channel is None:
                raise Undeliverable("nothing is set up to send it")
            message, expires_at = self.opened(payload)
            if expires_at is not None and expires_at <= self._sources.now():
                raise Undeliverable("too late")
            await channel(message)

        return deliver


def _report(kind: str, record: Record) -> Report:
    return lambda message, error: record(kind, message, error)
