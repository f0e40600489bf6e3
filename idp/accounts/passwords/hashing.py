"""Password hashing: argon2id for new ones, old schemes accepted once and upgraded, all off the event loop.

Every check does the same work, whoever is asked about: one argon2id of today's settings, and one of each other cost
that imported passwords have. So time tells neither who has an account nor whose password was imported.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import structlog
from passlib.context import CryptContext
from passlib.exc import PasswordValueError

from idp.accounts.passwords.costs import CURRENT, cost_of, stand_in
from idp.infrastructure import typed

T = TypeVar("T")

# CURRENT in these words. Everything after argon2 is for imported accounts only.
_CONTEXT = CryptContext(
    schemes=[
        "argon2",
        "bcrypt",
        "pbkdf2_sha512",
        "pbkdf2_sha256",
        "django_pbkdf2_sha256",
        "sha512_crypt",
        "sha256_crypt",
        "ldap_salted_sha1",
        "md5_crypt",
        "hex_sha256",
        "hex_sha1",
        "hex_md5",
    ],
    deprecated="auto",
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)
_BCRYPT_BYTES = 72  # bcrypt never read further; since bcrypt 5 longer input is an error
MOST_CHARACTERS = 256
MOST_WAITING = 128
MOST_COSTS = 8
"""So many costs of imported passwords are made up for; every login pays for each of them."""


BUSY_SECONDS = 10
"""After which whoever met Overloaded may try again."""


class Overloaded(Exception):
    """More passwords wait to be checked than can be in reasonable time."""


_stand_in = cache(stand_in)

log = structlog.get_logger(__name__)


class PasswordHasher:
    """Hashes and verifies in a few threads; refuses when too many wait, so that a flood cannot eat the machine."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="password")
        self._waiting = 0
        # Now: made at the first login, it would tell by time that the account is unknown.
        self._nobody = _stand_in(CURRENT)
        self._stand_ins: dict[str, str] = {}

    async def hash(self, password: str) -> str:
        """The argon2id hash of a new password, as OpaqueString (RFC 8265 §4.2)."""
        return await self._run(_CONTEXT.hash, typed.password(password))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether the password is right, and the hash to store instead of an outdated one.

        Without a stored hash (None, or "" where no password is ever right) the same work is done for nothing, so
        that time does not tell who has an account.
        """
        if len(password) > MOST_CHARACTERS:
            return False, None
        known = stored if stored and is_known_hash(stored) else None
        cost = cost_of(known) if known else CURRENT
        vain = [one for at, one in self._stand_ins.items() if at != cost]
        right, new_hash = await self._run(_verify, password, known or self._nobody, *vain)
        if cost not in (CURRENT, ""):
            await self.learn([cost])  # of an import that nobody announced
        return right and known is not None, new_hash

    async def learn(self, costs: Iterable[str]) -> None:
        """Do the work of these costs for everybody from now on."""
        for cost in costs:
            if cost in (CURRENT, "", *self._stand_ins):
                continue
            if len(self._stand_ins) >= MOST_COSTS:
                log.warning("imported passwords have more costs than are made up for", cost=cost)
                return
            self._stand_ins[cost] = await self._run(_stand_in, cost)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, function: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= MOST_WAITING:
            raise Overloaded
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._waiting -= 1


def is_known_hash(text: str) -> bool:
    """Whether a stored hash is of a scheme that can be verified."""
    return _CONTEXT.identify(text) is not None


def _verify(password: str, stored: str, *vain: str) -> tuple[bool, str | None]:
    right, new_hash = _verify_form(typed.password(password), stored, *vain)
    if typed.password(password) == password:
        return right, new_hash
    # Hashed before passwords were normalised: what was typed itself is right, too, and the hash is renewed. Both are
    # tried, whichever is right: what it costs tells of what was typed and of nobody's account.
    raw_right, _ = _verify_form(password, stored, *vain)
    if raw_right and not right:
        return True, _CONTEXT.hash(typed.password(password))
    return right, new_hash


def _verify_form(password: str, stored: str, *vain: str) -> tuple[bool, str | None]:
    right = _check(password, stored)
    for each in vain:
        _check(password, each)
    outdated = _CONTEXT.needs_update(stored)
    # For a wrong password too: an old scheme must not tell, by what it leaves out, who has an account.
    new_hash = _CONTEXT.hash(password) if cost_of(stored) != CURRENT or (right and outdated) else None
    return right, new_hash if right and outdated else None


def _check(password: str, stored: str) -> bool:
    secret = password.encode()[:_BCRYPT_BYTES] if stored.startswith("$2") else password.encode()
    try:
        return bool(_CONTEXT.verify(secret, stored))
    except PasswordValueError:  # some old schemes know no NUL
        return False
