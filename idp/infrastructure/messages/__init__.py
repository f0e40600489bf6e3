"""Short messages and mail to people: sealed in the outbox, sent by a gateway, a mail server or a development sink."""

from idp.infrastructure.messages.interface import Message, MessageChannel
from idp.infrastructure.messages.service import MAIL, SMS, Messages

__all__ = ["MAIL", "SMS", "Message", "MessageChannel", "Messages"]
