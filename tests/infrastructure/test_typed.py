"""However a thing is typed, it is one thing: a property of every kind of field, and of every door that takes it."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from idp.accounts.contacts.phones import checked_phone
from idp.accounts.model import NewAccount, checked, identifier_key
from idp.accounts.names import InvalidName, normalized_name, same_name
from idp.accounts.real_names.certificates import CertificateType, InvalidCertificate, checked_number
from idp.infrastructure import typed
from idp.organizations.model import checked_code
from idp.organizations.protocol.credit_code import ALPHABET, check_character

INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a\u202c\u2060\u2066\u2069\ufeff\ufe0f\U000e0020"
BLANKS = " \t\u00a0\u1680\u2000\u2007\u2009\u202f\u205f\u3000\u3164"
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63"
PREFIXES = (
    "", "+86", "+86-", "+86 ", "0086", "0086-", "00 86 ", "86", "86-", "(+86)", "（＋８６）", "+86(0)", "0", "tel:+86",
)  # fmt: skip
X = "XxＸｘХхΧχ×Ⅹⅹ"
OWN_WAYS = (
    "unicodedata.normalize(",
    ".strip().lower(",
    '"".join(code.split',
    "FULL_WIDTH",
    '.replace(" ", "")',
)
KINDS: dict[str, Callable[[str], str]] = {
    "phone": typed.phone, "certificate": typed.certificate_number, "credit code": typed.credit_code,
    "username": typed.username, "email": typed.email, "day": typed.day, "name": typed.name, "line": typed.line,
    "code": typed.compact, "letters": typed.capitals, "password": typed.password, "key": identifier_key,
    "paragraphs": typed.paragraphs,
}  # fmt: skip


def _wide(sign: str) -> str:
    return chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign


@st.composite
def spelled(draw: st.DrawFn, text: str, between: str = BLANKS + DASHES) -> str:
    """The text as it may be typed: each sign in one of its widths, and what does not count around it."""
    made = [draw(st.text(INVISIBLE + BLANKS, max_size=2))]
    for sign in text:
        made += [
            draw(st.sampled_from((sign, sign.lower(), _wide(sign)))),
            draw(st.text(INVISIBLE, max_size=1)),
        ]
        if draw(st.integers(0, 4)) == 0:
            made.append(draw(st.sampled_from(("", *between))))
    return "".join(made)


@given(st.data(), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(PREFIXES))
def test_a_phone_is_one_phone_at_every_door(data: st.DataObject, number: str, prefix: str) -> None:
    text = prefix + data.draw(spelled(number))
    assert typed.phone(text) == number
    assert checked_phone(text) == number
    assert identifier_key(text) == number
    assert checked(NewAccount("zhangsan", "张三", "x", phone=text)).phone == number


@given(st.data(), st.integers(0, 999), st.dates(date(1930, 1, 1), date(2026, 1, 1)))
def test_a_certificate_number_is_one_number_at_every_door(
    data: st.DataObject, order: int, born: date
) -> None:
    front = f"410411{born:%Y%m%d}{order:03}"
    number = front + ric.calc_check_digit(front + "0")
    text = data.draw(spelled(number))
    if number.endswith("X"):
        text = text.replace("X", data.draw(st.sampled_from(X))).replace("x", data.draw(st.sampled_from(X)))
    for digit, alike in (("0", "Oo"), ("1", "lI")):
        if data.draw(st.booleans()):
            text = text.replace(digit, data.draw(st.sampled_from(alike)))
    assert typed.certificate_number(text) == number
    assert identifier_key(text) == number
    assert checked_number("111", text) == number
    account = checked(NewAccount("zhangsan", "张三", "x", certificate_type="111", certificate_number=text))
    assert account.certificate_number == number


@given(st.data(), st.from_regex(r"[A-Z0-9]{5,17}", fullmatch=True))
def test_a_passport_is_one_passport_and_keeps_its_letters(data: st.DataObject, number: str) -> None:
    assert checked_number(CertificateType.PASSPORT, data.draw(spelled(number))) == number


@given(st.data(), st.text("0123456789", min_size=6, max_size=6), st.text(ALPHABET, min_size=9, max_size=9))
def test_a_credit_code_is_one_code_at_every_door(data: st.DataObject, division: str, rest: str) -> None:
    body = f"91{division}{rest}"
    code = body + check_character(body)
    text = data.draw(spelled(code))
    for digit, alike in (("0", "Oo"), ("1", "I")):
        if data.draw(st.booleans()):
            text = text.replace(digit, data.draw(st.sampled_from(alike)))
    assert typed.credit_code(text) == checked_code(text) == code


@given(st.data(), st.text("0123456789", min_size=6, max_size=6))
def test_a_code_of_digits_is_one_code(data: st.DataObject, code: str) -> None:
    assert typed.compact(data.draw(spelled(code))) == code


@given(st.data(), st.from_regex(r"[a-z][a-z0-9._]{2,20}", fullmatch=True))
def test_a_username_is_one_username(data: st.DataObject, username: str) -> None:
    text = data.draw(spelled(username, between=BLANKS)).replace(" ", "\u3000")
    assert typed.username(text) == typed.username(text.upper()) == username


@given(st.data(), st.from_regex(r"[a-z]{1,9}@[a-z]{1,9}\.test", fullmatch=True))
def test_a_mail_address_is_one_address(data: st.DataObject, address: str) -> None:
    text = data.draw(spelled(address, between=""))
    assert typed.email(text) == address
    assert checked(NewAccount("zhangsan", "张三", "x", email=text)).email == address


@pytest.mark.parametrize(
    "text",
    ["2026-02-03", "2026/2/3", "２０２６年２月３日", "2026.02.03", " 2026–02–03\u200b", "2026 年 2 月 3 日"],
)
def test_a_day_is_one_day(text: str) -> None:
    assert typed.day(text) == "2026-02-03"


names = st.text(st.characters(categories=("Lo", "Lu", "Ll"), max_codepoint=0x2FFFF), min_size=1, max_size=20)


@given(st.data(), names)
def test_a_name_is_one_name_at_every_door(data: st.DataObject, text: str) -> None:
    try:
        name = normalized_name(text)
    except InvalidName:
        return
    spelling = "".join(sign + data.draw(st.text("\u200b\ufeff\u2060\u00ad", max_size=1)) for sign in name)
    spelling = f"\ufeff\u3000{spelling}\u00a0"
    assert normalized_name(spelling) == name
    assert same_name(spelling, name)
    assert checked(NewAccount("zhangsan", spelling, "x")).name == name


@given(st.text(max_size=60))
def test_a_password_is_one_password_in_every_normal_form(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert typed.password(composed) == typed.password(decomposed)
    assert typed.password(text.replace(" ", "\u3000")) == typed.password(text.replace(" ", "\u00a0"))


@given(st.text(), st.sampled_from(sorted(KINDS)))
def test_what_is_normal_stays_as_it_is(text: str, kind: str) -> None:
    once = KINDS[kind](text)
    assert KINDS[kind](once) == once


@pytest.mark.parametrize("number", ["1234567890123456O8", "HOI12345", "АБ123456"])
def test_letters_stay_letters_where_they_may_be_meant(number: str) -> None:
    assert typed.certificate_number(number) == number


@pytest.mark.parametrize(
    "number", ["138000000", "2380000000001", "99986139123456780", "+1 212 555 0100", "86139"]
)
def test_what_is_no_mobile_number_is_not_made_one(number: str) -> None:
    assert not re.fullmatch(r"1[3-9][0-9]{9}", typed.phone(number))


def test_a_number_without_fitting_check_is_refused_however_it_looks() -> None:
    with pytest.raises(InvalidCertificate):
        checked_number("111", "4104111990010100l6")


def test_nobody_else_brings_to_one_spelling_what_is_typed() -> None:
    """What the parsers of protocols do with headers and tokens is not typed by anybody."""
    root = Path(__file__).parents[2] / "idp"
    rooms = ("accounts", "authentication", "counter", "organizations", "selfservice")
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for room in rooms
        for path in (root / room).rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if any(sign in line for sign in OWN_WAYS)
    ]
    assert found == []


def test_no_page_cuts_off_what_may_be_typed_longer_than_it_is_kept() -> None:
    """A browser cuts silently at maxlength: a pasted (+86) (0) 139 1234 5678 would be another number, or none."""
    root = Path(__file__).parents[2] / "idp"
    room = {"phone": 40, "certificate_number": 60, "name": 100, "code": 40, "otp": 40, "identifier": 200}
    short = [
        f"{path.relative_to(root)}: {tag}"
        for path in root.rglob("templates/*.html")
        for tag in re.findall(r"<input[^>]*>", path.read_text("utf-8"))
        for name in re.findall(r'\\bname="([a-z_]+)"', tag)
        for most in re.findall(r'maxlength="([0-9]+)"', tag)
        if int(most) < room.get(name, 0)
    ]
    assert short == []
