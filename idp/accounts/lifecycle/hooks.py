"""What other rooms keep of an account, as far as the account's own fate concerns them; handed in from the roof."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from idp.accounts.control import ProvenControl
from idp.infrastructure.database import Transaction

T = TypeVar("T")


class Obstacle(StrEnum):
    """Why a person cannot give up the account yet."""

    REPRESENTATIVE = "representative"
    GUARDIAN = "guardian"
    STAFF = "staff"
    COUNTER = "counter"


class AccountLifecycleHook:
    """One room's part in what happens to an account. Every method belongs into the caller's transaction.

    The methods here do nothing: a room says only what concerns it.
    """

    def obstacles(self, account_id: str) -> Transaction[list[Obstacle]]:
        """Why the account cannot be cancelled now."""
        none: list[Obstacle] = []
        return (yield from _nothing(none))

    def pause(self, account_id: str, reason: str) -> Transaction[None]:
        """The account is closed for a time: what is open now ends, what was granted may come back."""
        yield from _nothing(None)

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """The account is closed for good."""
        yield from _nothing(None)

    def close_to(self, account_id: str) -> Transaction[list[str]]:
        """The accounts of those who act for the person, or for whom the person acts."""
        none: list[str] = []
        return (yield from _nothing(none))

    def agents_of_firms(self, account_id: str) -> Transaction[list[str]]:
        """The accounts of those who act for the legal persons that the person represents."""
        none: list[str] = []
        return (yield from _nothing(none))

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """Somebody else had the account: end what they opened, undo what was given since; how much of each."""
        none: dict[str, int] = {}
        return (yield from _nothing(none))

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """Somebody has proved more strongly whose it is: what others opened ends; how much of each."""
        none: dict[str, int] = {}
        return (yield from _nothing(none))

    def unidentified(self, account_id: str) -> Transaction[None]:
        """The account is not known to be that person's any more: what rested on who it was rests."""
        yield from _nothing(None)

    def recover(self, account_id: str, now: float) -> Transaction[None]:
        """The owner begins anew: what leads in ends, whatever its age; what was given to others stays."""
        yield from self.secure(account_id, now)

    def move(self, account_id: str, into: str) -> Transaction[dict[str, Any]]:
        """The account becomes part of another: what was moved, as JSON, for `give_back`."""
        none: dict[str, Any] = {}
        return (yield from _nothing(none))

    def give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        """The merge was wrong: return what `move` moved, where it is still as it was moved."""
        yield from _nothing(None)


def _nothing(outcome: T) -> Transaction[T]:
    yield from ()
    return outcome


class AccountLifecycleHooks(AccountLifecycleHook):
    """All parts as one; `sent` is called after a commit that may have left messages to others.

    The parts that it is made with come last, those of the rooms above in the order in which they join.
    """

    def __init__(self, parts: Sequence[AccountLifecycleHook], sent: Callable[[], None]) -> None:
        self._joined: list[AccountLifecycleHook] = []
        self._own = list(parts)
        self.sent = sent

    def join(self, part: AccountLifecycleHook) -> None:
        """Another room has a part in it; before anything is served."""
        self._joined.append(part)

    @property
    def _parts(self) -> list[AccountLifecycleHook]:
        return [*self._joined, *self._own]

    def obstacles(self, account_id: str) -> Transaction[list[Obstacle]]:
        """See `AccountLifecycleHook.obstacles`."""
        found: list[Obstacle] = []
        for part in self._parts:
            found += yield from part.obstacles(account_id)
        return found

    def pause(self, account_id: str, reason: str) -> Transaction[None]:
        """See `AccountLifecycleHook.pause`."""
        for part in self._parts:
            yield from part.pause(account_id, reason)

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """See `AccountLifecycleHook.end`."""
        for part in self._parts:
            yield from part.end(account_id, reason)

    def close_to(self, account_id: str) -> Transaction[list[str]]:
        """See `AccountLifecycleHook.close_to`."""
        found: dict[str, None] = {}
        for part in self._parts:
            found |= dict.fromkeys((yield from part.close_to(account_id)))
        return list(found)

    def agents_of_firms(self, account_id: str) -> Transaction[list[str]]:
        """See `AccountLifecycleHook.agents_of_firms`."""
        found: dict[str, None] = {}
        for part in self._parts:
            found |= dict.fromkeys((yield from part.agents_of_firms(account_id)))
        return list(found)

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """See `AccountLifecycleHook.secure`."""
        done: dict[str, int] = {}
        for part in self._parts:
            done |= yield from part.secure(account_id, since)
        return done

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """See `AccountLifecycleHook.bound`."""
        done: dict[str, int] = {}
        for part in self._parts:
            done |= yield from part.bound(account_id, shown)
        return done

    def unidentified(self, account_id: str) -> Transaction[None]:
        """See `AccountLifecycleHook.unidentified`."""
        for part in self._parts:
            yield from part.unidentified(account_id)

    def recover(self, account_id: str, now: float) -> Transaction[None]:
        """See `AccountLifecycleHook.recover`."""
        for part in self._parts:
            yield from part.recover(account_id, now)

    def move(self, account_id: str, into: str) -> Transaction[dict[str, Any]]:
        """See `AccountLifecycleHook.move`."""
        moved: dict[str, Any] = {}
        for part in self._parts:
            moved |= yield from part.move(account_id, into)
        return moved

    def give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        """See `AccountLifecycleHook.give_back`."""
        for part in self._parts:
            yield from part.give_back(account_id, into, moved)
