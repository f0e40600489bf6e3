"""What a room of the house is: services that it builds from those of the rooms below, and what it offers to the whole.

Every room has one `assembly.py` with one class that keeps to `Room`. Its constructor takes the rooms below by name and
type, and the settings as a Protocol of what it reads of them; its attributes are its services; its `offer` is what the
roof puts together without knowing what it is about. What it has to say about the life of an account it joins to
`AccountsRoom.lifecycle_hooks`, what protocol it speaks with systems to `SignOnRoom.protocols`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import ASGIApp

from idp.infrastructure.outbox import Outbox
from idp.infrastructure.periodic import Job
from idp.infrastructure.web.dispatch import Routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a room adds to the whole; what it does not name, it does not have."""

    routes: Sequence[Routes] = ()
    """Pages and endpoints. No path may be answered twice in the house."""
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    """Path prefix → application, for JSON interfaces."""
    shared: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Path → methods that pages of public clients may call from an origin of their own."""
    jobs: Sequence[Job] = ()
    """What one worker at a time does every so often."""
    follows: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    """Name of a revision → what loads again when it was bumped; called once before anything is served."""
    deliverers: Sequence[Callable[[Outbox], None]] = ()
    """Each registers, when the house starts, who delivers a kind of message."""
    closing: Sequence[Callable[[], Awaitable[None]]] = ()
    """What ends with the house, in this order; rooms above close first."""


class Room(Protocol):
    """Whatever has an offer. Its other attributes are its services, for the rooms above."""

    @property
    def offer(self) -> Offer:
        """The same at every call."""
        ...
