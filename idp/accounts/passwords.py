"""Password hashing: argon2id for new ones, old schemes accepted once and upgraded, all off the event loop."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from passlib.context import CryptContext
from passlib.exc import PasswordValueError

T = TypeVar("T")

# OWASP's first choice: 19 MiB, two passes, one lane. Everything after argon2 is for imported accounts only.
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


BUSY_SECONDS = 10
"""After which whoever met Overloaded may try again."""


class Overloaded(Exception):
    """More passwords wait to be checked than can be in reasonable time."""


@cache
def _nobody() -> str:
    return str(_CONTEXT.hash("nobody has this password"))


class PasswordHasher:
    """Hashes and verifies in a few threads; refuses when too many wait, so that a flood cannot eat the machine."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="password")
        self._waiting = 0
        # Now: made at the first login, it would tell by time that the account is unknown.
        self._nobody = _nobody()

    async def hash(self, password: str) -> str:
        """The argon2id hash of a new password."""
        return await self._run(_CONTEXT.hash, password)

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether the password is right, and the hash to store instead of an outdated one.

        Without a stored hash (None, or "" where no password is ever right) the same work is done for nothing, so
        that time does not tell who has an account.
        """
        if len(password) > MOST_CHARACTERS:
            return False, None
        right, new_hash = await self._run(_verify, password, stored or self._nobody)
        return right and bool(stored), new_hash

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


def _verify(password: str, stored: str) -> tuple[bool, str | None]:
    if not is_known_hash(stored):
        return False, None
    secret = password.encode()[:_BCRYPT_BYTES] if stored.startswith("$2") else password.encode()
    try:
        right = _CONTEXT.verify(secret, stored)
    except PasswordValueError:  # some old schemes know no NUL
        right = False
    # The work is done for a wrong password too: a fast old scheme must not tell by its haste who has an account.
    new_hash = _CONTEXT.hash(password) if _CONTEXT.needs_update(stored) else None
    return right, new_hash if right else None
