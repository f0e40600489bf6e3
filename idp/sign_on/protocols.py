"""What a protocol that systems are entered by does for sign-on, and how its request travels through the pages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from starlette.responses import Response

from idp.authentication.visitor import Visitor
from idp.sign_on.model import SignOnRequest


class ConsentAnswer(StrEnum):
    """What the person has just said on the page of consent."""

    NONE = ""
    ALLOWED = "allowed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class RequestUnderWay:
    """A request as it came: `query` in its protocol's words, `asked_at` (Unix seconds) when it first did."""

    protocol: str
    query: str
    asked_at: float
    answer: ConsentAnswer = ConsentAnswer.NONE
    declined: bool = False
    """Whether the person would not have their real-name level raised for it."""


class SignOnProtocol(Protocol):
    """`oauth`, or a bridge. It reads the request, asks `SignOnPages.outcome` what comes of it, and says so its way."""

    @property
    def name(self) -> str:
        """The name in the continuation of its requests."""
        ...

    def asked(self, query: str) -> SignOnRequest | None:
        """What a request that was good before asks for; None when it can be answered no more."""
        ...

    async def resume(self, visitor: Visitor, under_way: RequestUnderWay) -> Response:
        """Go on with a request that led to one of our pages."""
        ...


class Protocols:
    """The protocols that this provider speaks, by name."""

    def __init__(self) -> None:
        self._all: dict[str, SignOnProtocol] = {}

    def add(self, protocol: SignOnProtocol) -> None:
        """Let a protocol's requests be resumed. Raises ValueError where two have one name."""
        if protocol.name in self._all:
            raise ValueError(f"two protocols are named {protocol.name}")
        self._all[protocol.name] = protocol

    def find(self, name: str) -> SignOnProtocol | None:
        """The protocol of this name; None for one that this release does not speak."""
        return self._all.get(name)
