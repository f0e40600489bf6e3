"""What people type, brought to one spelling: the only place that strips, folds or normalises, by kind of field.

Each function makes of every usual spelling of a thing the one under which it is kept and looked up, and leaves alone
what is no spelling of it: whether the outcome is right is the rule of its room. All are idempotent.
"""

import re
import unicodedata

from stdnum.cn import ric

from idp.infrastructure.gb18030 import STANDARD

MOST_CHARACTERS = 400
"""The longest name has 50 characters, each of them with marks and blanks around it; numbers are shorter."""

# What shows nothing, not even a blank (Default_Ignorable_Code_Point), but for what names need: see `name`.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0d\U000e0100-\U000e01ef"
_JOINERS = "\u200c\u200d"
_NOTHING = re.compile(f"[{_INVISIBLE}]")
_NOTHING_IN_NUMBERS = re.compile(f"[{_INVISIBLE}{_SELECTORS}{_JOINERS}]")
_LONE_JOINERS = re.compile(f"(?<![\u0590-\u1fff])[{_JOINERS}]|[{_JOINERS}](?![\u0590-\u1fff])")
_BLANKS = re.compile("[\\s\u2800\u3164\uffa0]+")  # letters that look like nothing, too
_DASHES = re.compile("[-\u058a\u05be\u1806\u2010-\u2015\u2043\u207b\u208b\u2212\u2796\ufe58\ufe63\uff0d]")
_HALF_WIDTH = str.maketrans({0xFF01 + offset: chr(0x21 + offset) for offset in range(94)})
_HALF_WIDTH_LETTERS = {full: half for full, half in _HALF_WIDTH.items() if half.isalnum()}
# Letters of other alphabets that look like these, after upper case; a multiplication sign is typed for X.
_LATIN = str.maketrans("АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ×✕✖╳", "ABEKMHOPCTYXIJSABEZHIKMNOPTYXXXXX")
_DIGIT_LIKE = str.maketrans("OIL", "011")
_COUNTRY = re.compile(r"^(?:(?:00)?86)?0?(?=1[3-9][0-9]{9}$)")
_BETWEEN_DIGITS = re.compile(r"[()+./]")
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_HAN = "[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd]"
_BETWEEN_HAN = re.compile(f"(?<={_HAN}) (?={_HAN})")


def bounded(text: str) -> str:
    """The text, or "" where it is longer than any that can be right: some rules take quadratic time, NFC among them."""
    return text if len(text) <= MOST_CHARACTERS else ""


def is_readable(text: str) -> bool:
    """Whether a text has neither NUL, which PostgreSQL cannot keep, nor half a surrogate pair, which UTF-8 cannot."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text))


def line(text: str) -> str:
    """Words in one line: nothing invisible, every blank the same, none around them."""
    return " ".join(_BLANKS.sub(" ", _NOTHING.sub("", text)).split(" ")).strip(" ")


def paragraphs(text: str) -> str:
    """Words in several lines, each like `line`."""
    return "\n".join(line(each) for each in text.splitlines()).strip("\n")


def compact(text: str) -> str:
    """A number or code without blanks, dashes and invisible marks, in half width.

    Digits of other scripts stay what they are: a room refuses them, since nobody here is issued a number in them.
    """
    return unicodedata.normalize("NFKC", _DASHES.sub("", _bare(text)))


def capitals(text: str) -> str:
    """The same in Latin capitals, also where letters of another alphabet look like them."""
    plain = unicodedata.normalize("NFKC", compact(text).upper())
    latin = plain.translate(_LATIN)
    return latin if latin.isascii() and latin.isalnum() else plain


def phone(text: str) -> str:
    """A mobile number of mainland China in its 11 digits, whichever way its country code stands before it."""
    plain = compact(text).removeprefix("tel:")
    digits = _BETWEEN_DIGITS.sub("", plain)
    return _COUNTRY.sub("", digits, count=1) if digits.isascii() and digits.isdecimal() else plain


def certificate_number(text: str) -> str:
    """A certificate's number in capitals; in one of 18 digits whose check fits then, O, I and l are digits."""
    plain = capitals(text)
    if len(plain) != 18:
        return plain
    digits = plain.translate(_DIGIT_LIKE)
    right = digits[:17].isdecimal() and digits.isascii() and ric.calc_check_digit(digits) == digits[17]
    return digits if right else plain


def credit_code(text: str) -> str:
    """A unified social credit code in capitals; its alphabet has neither O nor I (GB 32100 §4), so they are digits."""
    plain = capitals(text)
    return plain.replace("O", "0").replace("I", "1") if len(plain) == 18 else plain


def username(text: str) -> str:
    """An account's name in small letters."""
    plain = unicodedata.normalize("NFKC", _DASHES.sub("-", _bare(text)))
    return unicodedata.normalize("NFKC", plain.lower())


def email(text: str) -> str:
    """A mail address in half width, without blanks around it, its host in small letters."""
    plain = _NOTHING_IN_NUMBERS.sub("", bounded(text)).translate(_HALF_WIDTH)
    plain = _DASHES.sub("-", _BLANKS.sub(" ", plain).strip(" ")).removeprefix("mailto:").replace("。", ".")
    local, at, host = plain.rpartition("@")
    return f"{local}{at}{host.lower()}"


def day(text: str) -> str:
    """A date as YYYY-MM-DD, where it stands in the order of year, month, day."""
    plain = _BLANKS.sub("", _DASHES.sub("-", _NOTHING_IN_NUMBERS.sub("", bounded(text))))
    found = _DAY.fullmatch(plain.translate(_HALF_WIDTH))
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else plain


def name(text: str) -> str:
    """A person's name but for its dots: NFC, no invisible mark that its script does not need, one blank between words.

    Not NFKC, which would turn characters of a name into others. Between hanzi there is no blank: forms pad names of
    two characters. Characters that GB 18030-2005 kept among the private ones get the place that they have since 2022.
    """
    plain = unicodedata.normalize("NFC", bounded(text).translate(STANDARD).translate(_HALF_WIDTH_LETTERS))
    plain = _BETWEEN_HAN.sub("", line(_LONE_JOINERS.sub("", line(plain))))
    return unicodedata.normalize(
        "NFC", plain
    )  # again: what went may have stood between a letter and its mark


def password(text: str) -> str:
    """A password by OpaqueString (RFC 8265 §4.2.2): every blank a space, and NFC. Nothing else is changed."""
    if len(text) > MOST_CHARACTERS:
        return text  # too long for any rule, and for NFC, which takes quadratic time
    return unicodedata.normalize(
        "NFC", "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in text)
    )


def is_password(text: str) -> bool:
    """Whether a password has signs only that RFC 8264 lets into its FreeformClass.

    No controls, nothing unassigned or private, nothing invisible: whoever typed that does not know that they did.
    """
    unfit = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
    return (
        bool(text)
        and _NOTHING_IN_NUMBERS.search(text) is None
        and not any(unicodedata.category(sign) in unfit for sign in text)
    )


def words(text: str) -> tuple[str, ...]:
    """What somebody listed, with commas of either width or blanks between."""
    return tuple(line(re.sub("[,，、;；]", " ", text)).split())


def _bare(text: str) -> str:
    """Half width, and nothing that is not seen: looked for before and after, since NFKC makes blanks of some signs."""
    plain = unicodedata.normalize("NFKC", _NOTHING_IN_NUMBERS.sub("", bounded(text)))
    return _BLANKS.sub("", _NOTHING_IN_NUMBERS.sub("", plain))
