"""A natural person's account and the rules of its identifiers."""

import re
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from idp.accounts.invalid import InvalidAccount
from idp.accounts.names import is_placeholder_name, normalized_name
from idp.accounts.real_names.certificates import CertificateType, checked_number, stored_type
from idp.infrastructure import typed

__all__ = [
    "RESIDENT_ID",
    "Account",
    "AccountKind",
    "AccountState",
    "Authenticator",
    "CorrectionRequest",
    "InvalidAccount",
    "Merge",
    "NewAccount",
    "Preference",
    "UndoableMerge",
    "checked",
    "identifier_key",
    "is_email",
    "is_phone",
]

RESIDENT_ID = CertificateType.RESIDENT_ID.value
"""Certificate type code of the resident identity card (GA/T 2000.156)."""

_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,49}")
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST_EMAIL = 254  # RFC 5321 §4.5.3.1


class AccountState(StrEnum):
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
class Account:
    """An account as it is stored. Fields of type `bytes` named like a contact, certificate or birth are sealed.

    `AccountStore.reveal` opens them. An `…_index` is the keyed hash by which the value beside it is found. Instants are
    seconds since the epoch.
    """

    id: str
    username: str
    name: str
    certificate_type: str | None
    certificate_number: bytes | None
    certificate_index: bytes | None
    phone: bytes | None
    phone_index: bytes | None
    email: bytes | None
    address: bytes | None
    birth_date: bytes | None
    phone_verified_at: float | None
    elder_mode: bool
    real_name_level: int
    password_hash: str
    state: AccountState
    state_reason: str | None
    closes_at: float | None
    merged_into: str | None
    login_choices: str | None
    kind: AccountKind
    security_version: int
    language: str | None
    created_at: float
    updated_at: float

    @property
    def preference(self) -> "Preference":
        """How the person wants to see pages."""
        return Preference(self.elder_mode, self.language)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What a person has beside the password (NIST SP 800-63B), as it is stored; `AuthenticatorStore.secret` opens it.

    `lookup` is the keyed hash by which it is found, where it is found by anything; `last_used_step` the time step or
    counter that was spent last. Instants are Unix seconds.
    """

    id: str
    account_id: str
    kind: str
    secret: bytes = field(repr=False)
    lookup: bytes | None
    label: str | None
    last_used_step: int
    last_used_at: float | None
    created_at: float


@dataclass(frozen=True, slots=True)
class Merge:
    """That one account became part of another, and until when that can be undone. Instants are Unix seconds."""

    id: str
    account_id: str
    into_account_id: str
    merged_at: float
    undo_until: float
    undone_at: float | None


@dataclass(frozen=True, slots=True)
class UndoableMerge:
    """A merge that can still be taken back, with the sealed copy of what was before."""

    account_id: str
    into_account_id: str
    before: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Preference:
    """The elder mode (长辈版), and the language (BCP 47), None where the person never chose one."""

    elder: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What a person wants to have put right, and what became of it; name and username where staff look at it.

    Instants are Unix seconds.
    """

    id: str
    account_id: str
    wanted: str = field(repr=False)
    state: str
    asked_at: float
    answer: str = field(repr=False)
    decided_at: float | None
    name: str = ""
    username: str = ""


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
    """The account, every field as it is stored, if every field keeps its rule; raises InvalidAccount."""
    username = typed.username(account.username)
    phone = None if account.phone is None else typed.phone(account.phone)
    email = None if account.email is None else typed.email(account.email)
    rules = {
        "username: 3 to 50 of a-z 0-9 . _ -, beginning with a letter": _USERNAME.fullmatch(username),
        "level: 0 to 4": 0 <= account.level <= 4,
        "phone: a mobile number of mainland China": phone is None or is_phone(phone),
        "email: name@host": email is None or is_email(email),
        "certificate: type and number together": (account.certificate_type is None)
        == (account.certificate_number is None),
    }
    broken = [rule for rule, kept in rules.items() if not kept]
    name, type_, number = account.name, account.certificate_type, account.certificate_number
    try:
        name = name if is_placeholder_name(name) else normalized_name(name)
        if type_ is not None and number is not None:
            number, type_ = checked_number(type_, number, today), stored_type(type_).value
    except InvalidAccount as error:
        broken.append(str(error))
    if broken:
        raise InvalidAccount("; ".join(broken))
    return replace(
        account,
        username=username,
        phone=phone,
        email=email,
        name=name,
        certificate_type=type_,
        certificate_number=number,
    )


def is_phone(plain: str) -> bool:
    """Whether a normalised text is a mobile number of mainland China."""
    return _PHONE.fullmatch(plain) is not None


def is_email(plain: str) -> bool:
    """Whether a normalised text can be a mail address."""
    return len(plain) <= _LONGEST_EMAIL and plain.isprintable() and _EMAIL.fullmatch(plain) is not None


def identifier_key(text: str) -> str:
    """One word for all spellings of what somebody typed to say who they are: attempts are counted under it."""
    phone = typed.phone(text)
    return phone if is_phone(phone) else typed.certificate_number(text)
