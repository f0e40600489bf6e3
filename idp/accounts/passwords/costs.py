"""What checking a stored hash costs, by scheme and settings, and hashes that cost the same and are nobody's."""

import re
from collections.abc import Callable
from typing import Any

from passlib import hash as schemes

CURRENT = "$argon2id$v=19$m=19456,t=2,p=1"
"""What new passwords are hashed with: OWASP's first choice, 19 MiB, two passes, one lane."""

_SECRET = "nobody has this password"  # noqa: S105


def _argon2(found: re.Match[str]) -> Any:
    kind, memory, passes, lanes = found.groups()
    made = schemes.argon2.using(
        type=kind, memory_cost=int(memory), rounds=int(passes), parallelism=int(lanes)
    )
    return made.hash(_SECRET)


def _with(scheme: Any) -> Callable[[re.Match[str]], Any]:
    return lambda found: scheme.using(rounds=int(found[1])).hash(_SECRET)


def _plain(scheme: Any) -> Callable[[re.Match[str]], Any]:
    return lambda found: scheme.hash(_SECRET)


def _crypt(scheme: Any) -> Callable[[re.Match[str]], Any]:
    return lambda found: scheme.using(rounds=int(found[1] or 5000)).hash(
        _SECRET
    )  # crypt(5): 5000 unless said


_SCHEMES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Any]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"\$argon2(id|i|d)\$(?:v=19\$)?m=(\d{1,7}),t=(\d{1,4}),p=(\d{1,3})", _argon2),
        (r"\$2[abxy]?\$(\d{2})", _with(schemes.bcrypt)),
        (r"\$pbkdf2-sha512\$(\d{1,9})", _with(schemes.pbkdf2_sha512)),
        (r"\$pbkdf2-sha256\$(\d{1,9})", _with(schemes.pbkdf2_sha256)),
        (r"pbkdf2_sha256\$(\d{1,9})", _with(schemes.django_pbkdf2_sha256)),
        (r"\$6(?:\$rounds=(\d{1,9})(?=\$))?", _crypt(schemes.sha512_crypt)),
        (r"\$5(?:\$rounds=(\d{1,9})(?=\$))?", _crypt(schemes.sha256_crypt)),
        (r"\$1", _plain(schemes.md5_crypt)),
    )
)


def cost_of(stored: str) -> str:
    """Scheme and settings of a hash, without salt and checksum; "" where a plain digest costs next to nothing."""
    for pattern, _ in _SCHEMES:
        if found := pattern.match(stored):
            return found.group()
    return ""


def stand_in(cost: str) -> str:
    """A hash of this cost, at which everybody guesses in vain; making it takes as long as checking it."""
    for pattern, make in _SCHEMES:
        if found := pattern.match(f"{cost}$"):
            return str(make(found))
    raise ValueError("no scheme has this cost")
