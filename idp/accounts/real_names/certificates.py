"""Certificates that say who a person is: their types (GA/T 2000.156-2016) and what a right number looks like."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from idp.accounts.invalid import InvalidAccount
from idp.infrastructure import typed


class CertificateType(StrEnum):
    """Codes of GA/T 2000.156-2016, as GB/T 39046-2020 prescribes them, and one of our own."""

    RESIDENT_ID = "111"
    TEMPORARY_RESIDENT_ID = "112"
    HOUSEHOLD_REGISTER = "113"
    """Its number is the citizen's: for children who have no card yet."""
    MILITARY_OFFICER = "114"
    ARMED_POLICE_OFFICER = "115"
    DIPLOMATIC_PASSPORT = "411"
    SERVICE_PASSPORT = "412"
    PUBLIC_AFFAIRS_PASSPORT = "413"
    PASSPORT = "414"
    TRAVEL_DOCUMENT = "415"
    HONG_KONG_PASSPORT = "420"
    MACAU_PASSPORT = "421"
    TAIWAN_TRAVEL_PERMIT = "511"
    TAIWAN_TRAVEL_PERMIT_ONCE = "512"
    HONG_KONG_MACAU_TRAVEL_PERMIT = "516"
    FOREIGNER_PERMANENT_RESIDENCE = "553"
    FOREIGNER_RESIDENCE = "554"
    OTHER = "990"
    HK_MACAU_TAIWAN_RESIDENCE = "HMT"
    """港澳台居民居住证. Local extension: the permit is of 2018, the standard of 2016, so it has no code for it."""


class CertificateProblem(StrEnum):
    """Why a number is not accepted, as a word for pages."""

    TYPE = "certificate-type"
    LENGTH = "certificate-length"
    FORM = "certificate-form"
    CHECK = "certificate-check"
    BIRTH_DATE = "certificate-birth-date"
    AREA = "certificate-area"
    OLD = "certificate-old"
    IS_RESIDENCE_PERMIT = "certificate-is-hmt"
    IS_PERMANENT_RESIDENCE = "certificate-is-553"
    IS_RESIDENT_ID = "certificate-is-111"


class InvalidCertificate(InvalidAccount):
    """A number that cannot be one of its type; `problem` is the word for a page."""

    def __init__(self, problem: CertificateProblem) -> None:
        super().__init__(f"certificate_number: {_RULES[problem]}")
        self.problem = problem


_RULES: Mapping[CertificateProblem, str] = {
    CertificateProblem.TYPE: "certificate_type is no known code (GA/T 2000.156)",
    CertificateProblem.LENGTH: "wrong length",
    CertificateProblem.FORM: "wrong form for this certificate type",
    CertificateProblem.CHECK: "check digit is wrong (GB 11643, ISO 7064 MOD 11-2)",
    CertificateProblem.BIRTH_DATE: "birth date is none, before 1900 or in the future (GB 11643)",
    CertificateProblem.AREA: "area is none of a province (GB/T 2260)",
    CertificateProblem.OLD: "an old number of 15 digits; the number has had 18 since 1999",
    CertificateProblem.IS_RESIDENCE_PERMIT: (
        "this is a residence permit for Hong Kong, Macau or Taiwan residents: type HMT"
    ),
    CertificateProblem.IS_PERMANENT_RESIDENCE: "this is a foreigner's permanent residence card: type 553",
    CertificateProblem.IS_RESIDENT_ID: "this is a resident identity card: type 111",
}

_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")
# Two digits of the province. What comes after them may be of a county that was merged long ago: never refused.
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71")
_RESIDENCE_PERMITS = ("81", "82", "83")  # Hong Kong, Macau, Taiwan
_FOREIGNER = "9"  # the first digit of the 2023 edition; citizens have 1 to 8
_EARLIEST_YEAR = 1900
_ADULT = 18
_FOURTEEN = 14

Check = Callable[[str, date | None], None]
"""Raises InvalidCertificate for a plain number; the date is today's, if it is known."""


def checked_number(type_: str, number: str, today: date | None = None) -> str:
    """The number as it is stored; raises InvalidAccount. Without `today`, no birth date is in the future."""
    try:
        check = CHECKS[CertificateType(type_)]
    except ValueError:
        raise InvalidCertificate(CertificateProblem.TYPE) from None
    plain = typed.certificate_number(number)
    check(plain, today)
    return plain


def stored_type(type_: str) -> CertificateType:
    """The type under which a certificate is kept: several carry the citizen's own number, which is of type 111."""
    if type_ in (CertificateType.TEMPORARY_RESIDENT_ID, CertificateType.HOUSEHOLD_REGISTER):
        return CertificateType.RESIDENT_ID
    return CertificateType(type_)


def birth_date_of(type_: str, number: str) -> date | None:
    """The birth date, where the number tells it: only the 18 digits of a type that has them do."""
    plain = typed.certificate_number(number)
    if type_ not in _WITH_BIRTH_DATE or not _EIGHTEEN.fullmatch(plain):
        return None
    return _birth_date(plain)


def eighteen_from_fifteen(number: str) -> str | None:
    """The number of 18 digits that became of an old one of 15, for matching; None when it is no old number.

    All holders of old numbers were born in the 1900s, but for a few of over a hundred years.
    """
    plain = typed.certificate_number(number)
    if not _FIFTEEN.fullmatch(plain):
        return None
    seventeen = f"{plain[:6]}19{plain[6:]}"
    whole = seventeen + ric.calc_check_digit(seventeen + "0")
    return whole if _birth_date(whole) is not None else None


def age(birth_date: date, today: date) -> int:
    """Full years of life."""
    before_birthday = (today.month, today.day) < (birth_date.month, birth_date.day)
    return today.year - birth_date.year - before_birthday


def is_minor(birth_date: date, today: date) -> bool:
    """Under 18 (民法典 art. 17)."""
    return age(birth_date, today) < _ADULT


def is_under_fourteen(birth_date: date, today: date) -> bool:
    """Whether a guardian has to agree to what is done with the data (个人信息保护法 art. 31)."""
    return age(birth_date, today) < _FOURTEEN


def _birth_date(number: str) -> date | None:
    try:
        found: date = ric.get_birth_date(number)
    except (ValidationError, ValueError):
        return None
    return found if found.year >= _EARLIEST_YEAR else None


def _eighteen(number: str, today: date | None) -> None:
    """What all numbers of 18 digits have in common: form, real birth date, check character."""
    if len(number) != 18:
        raise InvalidCertificate(CertificateProblem.LENGTH)
    if not _EIGHTEEN.fullmatch(number):
        raise InvalidCertificate(CertificateProblem.FORM)
    if number[-1] != ric.calc_check_digit(number):
        raise InvalidCertificate(CertificateProblem.CHECK)
    born = _birth_date(number)
    if born is None or (today is not None and born > today):
        raise InvalidCertificate(CertificateProblem.BIRTH_DATE)


def _citizen(number: str, today: date | None) -> None:
    if _FIFTEEN.fullmatch(number):
        raise InvalidCertificate(CertificateProblem.OLD)
    _eighteen(number, today)
    if number.startswith(_RESIDENCE_PERMITS):
        raise InvalidCertificate(CertificateProblem.IS_RESIDENCE_PERMIT)
    if number.startswith(_FOREIGNER):
        raise InvalidCertificate(CertificateProblem.IS_PERMANENT_RESIDENCE)
    if not _PROVINCES.match(number):
        raise InvalidCertificate(CertificateProblem.AREA)


def _residence_permit(number: str, today: date | None) -> None:
    _eighteen(number, today)
    if _PROVINCES.match(number):
        raise InvalidCertificate(CertificateProblem.IS_RESIDENT_ID)
    if not number.startswith(_RESIDENCE_PERMITS):
        raise InvalidCertificate(CertificateProblem.AREA)


def _permanent_residence(number: str, today: date | None) -> None:
    """The edition of 2023: 18 digits, the first is 9. The one before, of 15, is valid until it expires."""
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", number):
        return
    _eighteen(number, today)
    if not number.startswith(_FOREIGNER):
        raise InvalidCertificate(
            CertificateProblem.IS_RESIDENT_ID if _PROVINCES.match(number) else CertificateProblem.FORM
        )


def _like(pattern: str) -> Check:
    compiled = re.compile(pattern)

    def check(number: str, today: date | None) -> None:
        if not compiled.fullmatch(number):
            raise InvalidCertificate(CertificateProblem.FORM)

    return check


_passport = _like(r"[A-Z0-9]{5,17}")  # every state has its own rule, and changes it
_document = _like(r"[\w()（）第号字]{4,30}")

CHECKS: Mapping[CertificateType, Check] = {
    CertificateType.RESIDENT_ID: _citizen,
    CertificateType.TEMPORARY_RESIDENT_ID: _citizen,
    CertificateType.HOUSEHOLD_REGISTER: _citizen,
    CertificateType.MILITARY_OFFICER: _document,
    CertificateType.ARMED_POLICE_OFFICER: _document,
    CertificateType.DIPLOMATIC_PASSPORT: _passport,
    CertificateType.SERVICE_PASSPORT: _passport,
    CertificateType.PUBLIC_AFFAIRS_PASSPORT: _passport,
    CertificateType.PASSPORT: _passport,
    CertificateType.TRAVEL_DOCUMENT: _passport,
    CertificateType.HONG_KONG_PASSPORT: _passport,
    CertificateType.MACAU_PASSPORT: _passport,
    CertificateType.TAIWAN_TRAVEL_PERMIT: _like(r"[0-9]{8}|[0-9]{10}[A-Z]"),
    CertificateType.TAIWAN_TRAVEL_PERMIT_ONCE: _like(r"[A-Z]?[0-9]{7,10}[A-Z]?"),
    CertificateType.HONG_KONG_MACAU_TRAVEL_PERMIT: _like(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    CertificateType.FOREIGNER_PERMANENT_RESIDENCE: _permanent_residence,
    CertificateType.FOREIGNER_RESIDENCE: _passport,
    CertificateType.OTHER: _document,
    CertificateType.HK_MACAU_TAIWAN_RESIDENCE: _residence_permit,
}
_WITH_BIRTH_DATE = frozenset(
    type_ for type_, check in CHECKS.items() if check in (_citizen, _residence_permit, _permanent_residence)
)
