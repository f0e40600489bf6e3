"""How often somebody may guess: counted before the guess is checked, so that no race gets round it.

Nobody is locked out by a stranger: a stranger's wrong guesses use up the stranger's own budget and, spread over
many addresses, the budget of unknown devices. A device or place from which the person logged in before has its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from idp.infrastructure.foundation import Foundation
from idp.infrastructure.key_value import Get, Increment, Operation, Put, Take
from idp.infrastructure.places import neighbourhood

EPOCH_SECONDS = 86_400
KNOWN_PLACE_SECONDS = 30 * 86_400
IN_SESSION = "session"
"""The known device of who is logged in: strangers do not get there, and all sessions of an account share its budget."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts in a window of so many seconds."""

    attempts: int
    seconds: int


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Every budget. An account's own is small, an address's is that of an office or a service hall."""

    account_and_place: Limit = Limit(5, 900)
    account_from_strangers: Limit = Limit(30, 3600)
    account_and_device: Limit = Limit(10, 900)
    address: Limit = Limit(300, 900)
    everybody: Limit = Limit(100_000, 900)
    second_factor: tuple[Limit, ...] = (Limit(5, 900), Limit(20, 86_400))
    knowledge: tuple[Limit, ...] = (Limit(5, 900), Limit(20, 86_400))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody about to guess: whom they claim to be, from where, and on a device known to that account or not."""

    account_key: str
    address: str
    known_device: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Too many attempts: the seconds to wait, and whether the account had too many, or all of an address."""

    seconds: int
    of_account: bool = True

    def about(self, account_id: str | None) -> str | None:
        """The account, for the record. None where the address is heard no more, whomever it names.

        Lines about an account are written within seconds: a stranger who is refused would have one for each name
        that they know, without end.
        """
        return account_id if self.of_account else None


class Throttle:
    """Counts attempts in the key-value store; its absence means that nobody can log in (KeyValueUnavailable)."""

    def __init__(self, foundation: Foundation, limits: AttemptLimits) -> None:
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._limits = limits

    def account_key(self, account_id: str | None, identifier: str) -> str:
        """The name under which an account is counted; an identifier without account is counted alike."""
        return self._vault.token_hash("throttle", account_id or f"?{identifier}").hex()

    async def admit_address(self, address: str) -> int:
        """Count an attempt of which only the address is known: 0 when it may go on, else the seconds to wait."""
        return self._wait_of_address(await self._key_value.together(self._of_address(address)))

    async def admit_page(self, address: str) -> int:
        """Count a page that costs something to make or to keep; 0 when it may be shown, else the seconds to wait.

        Whoever waits before such a page has it shown again and again, so ten times as often as one may guess.
        """
        limit = replace(self._limits.address, attempts=10 * self._limits.address.attempts)
        return await self._count("page_address", self._hashed(neighbourhood(address)), limit)

    async def admit(self, attempt: Attempt) -> Wait | None:
        """Count the attempt: None when it may go on, else how long to wait.

        A device that the account knows has its own budget and no other: those of address and everybody are what
        strangers could use up. All is counted in one trip, so an attempt that its address has no budget for uses up
        that of account and place all the same.
        """
        key, limit = attempt.account_key, self._own_limit(attempt)
        asked: list[Operation] = [Get("login_epoch", key), self._own(key, attempt)]
        if attempt.known_device is None:
            known = Get("login_known_place", self._known(key, neighbourhood(attempt.address)))
            asked += [known, *self._of_address(attempt.address)]
        epoch, count, *others = await self._key_value.together(asked)
        if others and (wait := self._wait_of_address(others[1:])):
            return Wait(wait, of_account=False)
        name = _account_name(key, epoch)
        if name != key:
            count = await self._own(name, attempt).of(self._key_value)
        if count > limit.attempts:
            return Wait(limit.seconds)
        if not others or others[0] is not None:
            return None
        return _waiting(await self._count("login_strangers", name, self._limits.account_from_strangers))

    async def admit_with_knowledge(self, attempt: Attempt) -> Wait | None:
        """The same, for somebody who tells name and certificate number too."""
        return await self.admit(attempt) or _waiting(await self.admit_knowledge(attempt.account_key))

    async def admit_second_factor(self, account_key: str) -> int:
        """Count an attempt at a second factor, wherever it is asked for; only who showed a first one gets this far.

        Also by the day: of a million numbers, three are right at any moment (NIST SP 800-63B §5.2.2).
        """
        name = _account_name(account_key, await self._key_value.get("login_epoch", account_key))
        for limit in self._limits.second_factor:
            if wait := await self._count(f"second_factor_{limit.seconds}", name, limit):
                return wait
        return 0

    async def admit_knowledge(self, account_key: str) -> int:
        """Count an attempt at name and certificate number; only somebody who holds the phone gets this far.

        Wherever they stand, and by the day: there are not many numbers that somebody can have.
        """
        waits = [
            await self._count(f"knowledge_{limit.seconds}", account_key, limit)
            for limit in self._limits.knowledge
        ]
        return max(waits)

    async def known(self, account_key: str) -> None:
        """Forget what was mistyped of it."""
        for limit in self._limits.knowledge:
            await self._key_value.take(f"knowledge_{limit.seconds}", account_key)

    async def succeeded(self, attempt: Attempt, *, second_factor: bool) -> None:
        """Forget what this person mistyped here, and remember the place.

        Guesses at a second factor are forgotten where one was shown, and not where a password was enough.
        """
        key, place = attempt.account_key, neighbourhood(attempt.address)
        known = Put("login_known_place", self._known(key, place), b"1", KNOWN_PLACE_SECONDS)
        forgotten = self._mistyped(key, attempt, second_factor=second_factor)
        epoch, *_answers = await self._key_value.together([Get("login_epoch", key), known, *forgotten])
        name = _account_name(key, epoch)
        if name != key:
            await self._key_value.together(self._mistyped(name, attempt, second_factor=second_factor))

    async def pardon(self, account_key: str) -> None:
        """Begin an account's counts anew, wherever they stand: for a while they are kept under another name.

        Seldom, so nobody else asks for the name before they count: what was counted under the old one as well does
        nobody any harm.
        """
        epoch = self._sources.new_token(6).encode()
        await self._key_value.put("login_epoch", account_key, epoch, EPOCH_SECONDS)

    def _of_address(self, address: str) -> list[Operation]:
        place = self._hashed(neighbourhood(address))
        return [
            Increment("login_everybody", "", self._limits.everybody.seconds),
            Increment("login_address", place, self._limits.address.seconds),
        ]

    def _wait_of_address(self, counts: Sequence[int]) -> int:
        limits = (self._limits.everybody, self._limits.address)
        waits = (_wait(count, limit) for count, limit in zip(counts, limits, strict=True))
        return next(filter(None, waits), 0)

    def _own_limit(self, attempt: Attempt) -> Limit:
        known = attempt.known_device is not None
        return self._limits.account_and_device if known else self._limits.account_and_place

    def _own(self, name: str, attempt: Attempt) -> Increment:
        """Counts against the budget that an account has for this device, or for this place."""
        seconds = self._own_limit(attempt).seconds
        if attempt.known_device is not None:
            return Increment("login_device", f"{name}:{attempt.known_device}", seconds)
        return Increment("login_place", self._at_place(name, attempt), seconds)

    def _mistyped(self, name: str, attempt: Attempt, *, second_factor: bool) -> list[Take]:
        """Forgets what was counted of an account by whoever has shown now who they are."""
        forgotten = [Take("login_place", self._at_place(name, attempt))]
        if attempt.known_device is not None:
            forgotten.append(Take("login_device", f"{name}:{attempt.known_device}"))
        limits = self._limits.second_factor if second_factor else ()
        return [*forgotten, *(Take(f"second_factor_{limit.seconds}", name) for limit in limits)]

    def _at_place(self, name: str, attempt: Attempt) -> str:
        return self._hashed(f"{name}:{neighbourhood(attempt.address)}")

    async def _count(self, kind: str, key: str, limit: Limit) -> int:
        return _wait(await self._key_value.increment(kind, key, limit.seconds), limit)

    def _known(self, account_key: str, place: str) -> str:
        return self._hashed(f"{account_key}@{place}")

    def _hashed(self, text: str) -> str:
        return self._vault.token_hash("throttle", text).hex()


def _account_name(account_key: str, epoch: bytes | None) -> str:
    """Under what an account is counted since it was pardoned, if it was."""
    return f"{account_key}.{epoch.decode()}" if epoch else account_key


def _wait(count: int, limit: Limit) -> int:
    return limit.seconds if count > limit.attempts else 0


def _waiting(seconds: int) -> Wait | None:
    return Wait(seconds) if seconds else None
