"""What a person may choose as a password: long enough, mixed, and not the first thing somebody would try."""

from idp.accounts.model import InvalidAccount
from idp.accounts.passwords import MOST_CHARACTERS

LEAST = 8
LONG = 14
"""A phrase of this length needs no mixture."""
_COMMON = (
    "password", "passw0rd", "qwerty", "admin", "welcome", "iloveyou", "letmein", "abc123", "a1b2c3", "1q2w3e",
    "123456", "654321", "111111", "000000", "666666", "888888", "123123", "112233", "woaini", "5201314", "zhanhe",
    "asdfgh", "zxcvbn",
)  # fmt: skip
_LEAST_BESIDE = 5


class WeakPassword(InvalidAccount):
    """The password is too easy; the text does not repeat it."""


def strong_password(password: str, *known: str | None) -> str:
    """The password if it keeps the rule. `known` are the person's name, number and the like: they are no secret."""
    if not LEAST <= len(password) <= MOST_CHARACTERS:
        raise WeakPassword(f"password: {LEAST} to {MOST_CHARACTERS} characters")
    kinds = (str.isalpha, str.isdigit, lambda sign: not sign.isalnum())
    mixed = sum(any(kind(sign) for sign in password) for kind in kinds)
    if len(set(password)) < 4 or (len(password) < LONG and mixed < 2):
        raise WeakPassword("password: letters and digits, or a long phrase")
    rest = password.lower()
    # What is known of the person goes first: a common word may be part of it.
    for word in (*(part.lower() for part in known if part and len(part) > 3), *_COMMON):
        rest = rest.replace(word, "")
    if len(rest) < _LEAST_BESIDE:
        raise WeakPassword("password: easy to guess")
    return password
