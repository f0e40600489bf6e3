"""Numbers of certificates: against python-stdnum where it has the rule, and the synthetic examples elsewhere."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import ric

from idp.accounts.real_names.certificates import (
    CertificateProblem,
    CertificateType,
    InvalidCertificate,
    age,
    birth_date_of,
    checked_number,
    eighteen_from_fifteen,
    is_minor,
    is_under_fourteen,
    stored_type,
)
from idp.infrastructure.typed import certificate_number

TODAY = date(2026, 11, 23)
CITIZEN = CertificateType.RESIDENT_ID
HMT, FOREIGNER = CertificateType.HK_MACAU_TAIWAN_RESIDENCE, CertificateType.FOREIGNER_PERMANENT_RESIDENCE
PROVINCES = (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66))

days = st.dates(date(1900, 1, 1), TODAY)
sequences = st.integers(0, 999)
areas = st.builds(
    lambda province, rest: f"{province}{rest:04}", st.sampled_from(PROVINCES), st.integers(0, 9999)
)


def with_check(seventeen: str) -> str:
    return seventeen + ric.calc_check_digit(seventeen + "0")


numbers = st.builds(
    lambda area, day, sequence: with_check(f"{area}{day:%Y%m%d}{sequence:03}"), areas, days, sequences
)


def stdnum_accepts(number: str) -> bool:
    try:
        return bool(ric.is_valid(number))
    except KeyError:  # stdnum 2.2 breaks where a province is known and the county is not
        return False


def problem(type_: str, number: str, today: date | None = TODAY) -> CertificateProblem:
    with pytest.raises(InvalidCertificate) as refused:
        checked_number(type_, number, today)
    assert len(number) < 4 or number not in str(refused.value)
    return refused.value.problem


@given(numbers)
def test_a_right_number_is_accepted_whatever_the_county_is_called_today(number: str) -> None:
    assert checked_number(CITIZEN, number, TODAY) == number
    assert birth_date_of(CITIZEN, number) == ric.get_birth_date(number)


@given(numbers)
def test_what_stdnum_accepts_is_accepted(number: str) -> None:
    assume(stdnum_accepts(number))
    assert checked_number(CITIZEN, number, TODAY) == ric.validate(number)


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_stdnum_and_we_agree_on_a_changed_character(number: str, place: int, character: str) -> None:
    changed = number[:place] + character + number[place + 1 :]
    assume(changed != number)
    try:
        checked_number(CITIZEN, changed, TODAY)
    except InvalidCertificate:
        assert (
            not stdnum_accepts(changed) or birth_year(changed) < 1900 or ric.get_birth_date(changed) > TODAY
        )
    else:
        pytest.fail("MOD 11-2 finds every single mistake")


def birth_year(number: str) -> int:
    return int(ric.get_birth_date(number).year)


@given(st.text(max_size=40), st.sampled_from(list(CertificateType)))
def test_whatever_is_typed_is_a_number_or_a_refusal(text: str, type_: CertificateType) -> None:
    try:
        kept = checked_number(type_, text, TODAY)
    except InvalidCertificate:
        return
    assert checked_number(type_, kept, TODAY) == kept


@given(numbers)
def test_width_case_and_blanks_make_no_difference(number: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number.lower())
    spaced = f" {number[:6]} {number[6:14]}-{number[14:].lower()}\u3000"
    assert checked_number(CITIZEN, wide) == checked_number(CITIZEN, spaced) == number


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("410411199001010016", CertificateProblem.CHECK),
        ("410411198502309993", CertificateProblem.BIRTH_DATE),
        (with_check("41041118991231001"), CertificateProblem.BIRTH_DATE),
        (with_check("41041120261124001"), CertificateProblem.BIRTH_DATE),
        (with_check("00041119900101001"), CertificateProblem.AREA),
        (with_check("99041119900101001"), CertificateProblem.IS_PERMANENT_RESIDENCE),
        ("810000199001010019", CertificateProblem.IS_RESIDENCE_PERMIT),
        ("830000199001010012", CertificateProblem.IS_RESIDENCE_PERMIT),
        ("910411199001010013", CertificateProblem.IS_PERMANENT_RESIDENCE),
        ("410411900101001", CertificateProblem.OLD),
        ("4104111990010100", CertificateProblem.LENGTH),
        ("", CertificateProblem.LENGTH),
        ("x" * 18, CertificateProblem.FORM),
        ("１" * 500, CertificateProblem.LENGTH),
        ("٤١٠٤١١١٩٩٠٠١٠١٠٠١٥", CertificateProblem.FORM),
    ],
)
def test_a_citizen_s_number_that_is_none_is_refused_with_a_hint(
    number: str, expected: CertificateProblem
) -> None:
    assert problem(CITIZEN, number) is expected


def test_a_birth_date_is_in_the_future_only_for_whoever_says_what_today_is() -> None:
    unborn = with_check("41041120261124001")
    assert checked_number(CITIZEN, unborn) == unborn
    assert checked_number(CITIZEN, unborn, date(2026, 11, 24)) == unborn


@pytest.mark.parametrize(
    ("type_", "number"),
    [
        (HMT, "810000199001010019"),
        (HMT, "830000199001010012"),
        (HMT, with_check("82000019900101001")),
        (FOREIGNER, "910411199001010013"),
        (FOREIGNER, "BRA410000000001"),
        (FOREIGNER, "bra 4100 0000 0001"),
        (CertificateType.HONG_KONG_MACAU_TRAVEL_PERMIT, "H12345678"),
        (CertificateType.HONG_KONG_MACAU_TRAVEL_PERMIT, "m1234567801"),
        (CertificateType.TAIWAN_TRAVEL_PERMIT, "12345678"),
        (CertificateType.TAIWAN_TRAVEL_PERMIT, "1234567890B"),
        (CertificateType.PASSPORT, "E00000001"),
        (CertificateType.PASSPORT, "ab 123456"),
        (CertificateType.MILITARY_OFFICER, "军字第0000001号"),
    ],
)
def test_other_certificates_have_their_own_form(type_: CertificateType, number: str) -> None:
    assert checked_number(type_, number, TODAY) == certificate_number(number)


@pytest.mark.parametrize(
    ("type_", "number", "expected"),
    [
        (HMT, "410411199001010015", CertificateProblem.IS_RESIDENT_ID),
        (HMT, "810000199001010018", CertificateProblem.CHECK),
        (HMT, "910411199001010013", CertificateProblem.AREA),
        (FOREIGNER, "410411199001010015", CertificateProblem.IS_RESIDENT_ID),
        (FOREIGNER, "810000199001010019", CertificateProblem.FORM),
        (FOREIGNER, "BRA41000000000", CertificateProblem.LENGTH),
        (CertificateType.HONG_KONG_MACAU_TRAVEL_PERMIT, "A12345678", CertificateProblem.FORM),
        (CertificateType.TAIWAN_TRAVEL_PERMIT, "1234567", CertificateProblem.FORM),
        (CertificateType.PASSPORT, "E0/1", CertificateProblem.FORM),
        ("000", "410411199001010015", CertificateProblem.TYPE),
        ("", "", CertificateProblem.TYPE),
    ],
)
def test_a_number_of_another_certificate_is_refused(
    type_: str, number: str, expected: CertificateProblem
) -> None:
    assert problem(type_, number) is expected


@given(numbers)
def test_an_old_number_becomes_the_new_one_of_the_same_person(number: str) -> None:
    assume(number[6:8] == "19")
    old = number[:6] + number[8:17]
    assert problem(CITIZEN, old) is CertificateProblem.OLD
    assert eighteen_from_fifteen(old) == number


@pytest.mark.parametrize("number", ["", "410411900230001", "41041119900101001", "abc", "410411199001010015"])
def test_what_is_no_old_number_becomes_none(number: str) -> None:
    assert eighteen_from_fifteen(number) is None


def test_birth_dates_are_read_from_numbers_that_have_them_alone() -> None:
    for type_, number in (
        (CITIZEN, "410411199001010015"),
        (HMT, "810000199001010019"),
        (FOREIGNER, "910411199001010013"),
    ):
        assert birth_date_of(type_, number) == date(1990, 1, 1)
    assert birth_date_of(FOREIGNER, "BRA410000000001") is None
    assert birth_date_of(CertificateType.PASSPORT, "410411199001010015") is None
    assert birth_date_of(CITIZEN, "410411198502309993") is None


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_an_age_changes_on_the_birthday(born: date, today: date) -> None:
    assume(born <= today)
    assert age(born, today) >= 0
    assert is_minor(born, today) == (age(born, today) < 18)
    assert not is_under_fourteen(born, today) or is_minor(born, today)


@pytest.mark.parametrize(
    ("born", "under_fourteen", "minor"),
    [
        (date(2012, 11, 24), True, True),
        (date(2012, 11, 23), False, True),
        (date(2008, 11, 24), False, True),
        (date(2008, 11, 23), False, False),
    ],
)
def test_somebody_is_fourteen_and_eighteen_on_the_day(born: date, under_fourteen: bool, minor: bool) -> None:
    assert (is_under_fourteen(born, TODAY), is_minor(born, TODAY)) == (under_fourteen, minor)


def test_certificates_that_carry_the_citizen_s_number_are_kept_as_one() -> None:
    assert {stored_type(type_) for type_ in ("111", "112", "113")} == {CITIZEN}
    assert stored_type("414") is CertificateType.PASSPORT
