"""A natural person's account and the rules of its identifiers."""

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from idp.accounts.certificates import CertificateType, checked_number, stored_type
from idp.accounts.invalid import InvalidAccount
from idp.accounts.names import normalized_name
from idp.infrastructure.typed import bounded

__all__ = ["RESIDENT_ID", "InvalidAccount", "NewAccount", "State", "checked", "normalized_identifier"]

RESIDENT_ID = CertificateType.RESIDENT_ID.value
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


class AccountKind(StrEnum):
    """Whose an account is: a person's, or nobody's but a company account of a platform, and whatever hangs on it."""

    PERSON = "person"
    ORGANIZATION_LOGIN = "organization_login"
    """Has no certificate, phone, password, factor or level, and lives only by the mandate of its organisation."""


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
    phone_verified: bool = False
    elder_mode: bool = False


def checked(account: NewAccount, today: date | None = None) -> NewAccount:
    """The account, name and certificate as they are stored, if every field keeps its rule; raises InvalidAccount."""
    rules = {
        "username: 3 to 50 of a-z 0-9 . _ -, beginning with a letter": _USERNAME.fullmatch(account.username),
        "level: 0 to 4": 0 <= account.level <= 4,
        "phone: a mobile number of mainland China": account.phone is None or _PHONE.fullmatch(account.phone),
        "email: name@host": account.email is None
        or re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", bounded(account.email)),
        "certificate: type and number together": (account.certificate_type is None)
        == (account.certificate_number is None),
    }
    broken = [rule for rule, kept in rules.items() if not kept]
    name, type_, number = account.name, account.certificate_type, account.certificate_number
    try:
        name = normalized_name(name)
        if type_ is not None and number is not None:
            number, type_ = checked_number(type_, number, today), stored_type(type_).value
    except InvalidAccount as error:
        broken.append(str(error))
    if broken:
        raise InvalidAccount("; ".join(broken))
    return replace(account, name=name, certificate_type=type_, certificate_number=number)


def normalized_identifier(text: str) -> str:
    """What somebody typed to say who they are: width, case, blanks and country code made equal."""
    plain = bounded(text).translate(_FULL_WIDTH).strip().replace(" ", "")
    if re.fullmatch(r"(\+86)?1[3-9][0-9-]{9,11}", plain):
        return plain.removeprefix("+86").replace("-", "")
    return plain
