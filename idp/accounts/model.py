"""A natural person's account and the rules of its identifiers."""

import re
from dataclasses import dataclass
from enum import StrEnum

from stdnum.cn import ric

RESIDENT_ID = "111"
"""Certificate type code of the resident identity card (GA/T 2000.156)."""

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,49}")
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘｘ＋", "0123456789Xx+")


class State(StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    FROZEN = "frozen"
    DECEASED = "deceased"
    MERGED = "merged"
    CANCELLED = "cancelled"


class InvalidAccount(ValueError):
    """A field breaks a rule; the message names field and rule, never the value."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is needed to open an account; `level` is the real-name level 0–4."""

    username: str
    name: str
    password_hash: str
    level: int = 0
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    certificate_type: str | None = None
    certificate_number: str | None = None


def checked(account: NewAccount) -> NewAccount:
    """The account if every field keeps its rule; raises InvalidAccount."""
    rules = {
        "username: 3 to 50 of a-z 0-9 . _ -, beginning with a letter": _USERNAME.fullmatch(account.username),
        "name: 1 to 50 characters": 1 <= len(account.name) <= 50 and account.name.isprintable(),
        "level: 0 to 4": 0 <= account.level <= 4,
        "phone: a mobile number of mainland China": account.phone is None or _PHONE.fullmatch(account.phone),
        "email: name@host": account.email is None or re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", account.email),
        "certificate: type and number together": (account.certificate_type is None)
        == (account.certificate_number is None),
        "certificate_number: check digit or birth date is wrong (GB 11643)": account.certificate_type
        != RESIDENT_ID
        or resident_id_is_valid(account.certificate_number or ""),
    }
    broken = [rule for rule, kept in rules.items() if not kept]
    if broken:
        raise InvalidAccount("; ".join(broken))
    return account


def normalized_identifier(text: str) -> str:
    """What somebody typed to say who they are: width, case, blanks and country code made equal."""
    plain = text.translate(_FULL_WIDTH).strip().replace(" ", "")
    if re.fullmatch(r"(\+86)?1[3-9][0-9-]{9,11}", plain):
        return plain.removeprefix("+86").replace("-", "")
    return plain


def resident_id_is_valid(number: str) -> bool:
    """GB 11643: area, real birth date, sequence, ISO 7064 MOD 11-2 check character."""
    return bool(ric.is_valid(number))
