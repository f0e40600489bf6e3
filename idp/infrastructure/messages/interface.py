"""A message to a person, and what sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

CODE = "code"
NOTICE = "notice"
COUNTER_CODE = "counter_code"
"""What a message is; gateways that want templates have one for each. What a counter's code says is its own."""


@dataclass(frozen=True, slots=True)
class Message:
    """`to` is a phone or a mail address. `values` are what a template is filled with, besides the finished text.

    `id` is the same at every attempt, so that a gateway can see that it had the message before.
    """

    id: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def sort(self) -> str:
        """CODE, COUNTER_CODE or NOTICE."""
        if "errand" in self.values:
            return COUNTER_CODE
        return CODE if CODE in self.values else NOTICE


class MessageChannel(Protocol):
    """Sends one message; raises DeliveryFailed, whose text holds neither recipient nor content."""

    async def __call__(self, message: Message) -> None:
        """Send it."""
        ...
