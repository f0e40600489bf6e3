"""Names as they are stored: 民委发〔2016〕33号 wants U+00B7 alone as separator and room for 50 characters."""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from idp.accounts.invalid import InvalidAccount
from idp.infrastructure import typed

MOST_CHARACTERS = 50
SEPARATOR = "·"

# What keyboards and old systems put where U+00B7 belongs. U+0387 becomes it by NFC.
_DOTS = frozenset("·•‧∙・･．。●⸱⋅﹒｡")
_NAMELESS, _DIGITS_SHOWN = "用户", 4
_FULL_STOP = "."  # one that is followed by a blank ends an abbreviation: J. Smith
_APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼ＇`´", "'"))
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—−－﹣", "-"))
_BESIDE_LETTERS = frozenset(f"{SEPARATOR} '-.,་༌")  # the last two stand between the syllables of Tibetan
_VARIATION_SELECTORS = range(0xE0100, 0xE01F0)
_IDEOGRAPHIC_PLANES = range(0x20000, 0x3FFFE)  # newer hanzi than this Python knows of stand there too
_JOINERS = "\u200c\u200d"  # those are left that a script needs


class NameProblem(StrEnum):
    """Why a text is taken for no name, as a word for staff and for programs."""

    LENGTH = "name-length"
    PRIVATE = "name-private-character"
    """A character that only the sender's system knows: somebody has to look at the certificate."""
    SIGN = "name-sign"
    """Emoji, markup, digits, remarks in brackets, a placeholder."""
    NO_LETTER = "name-no-letter"


class InvalidName(InvalidAccount):
    """What cannot be a name; `problem` says why. The text does not repeat it."""

    def __init__(self, problem: NameProblem) -> None:
        super().__init__(f"name: {_RULES[problem]}")
        self.problem = problem


_RULES: Mapping[NameProblem, str] = {
    NameProblem.LENGTH: f"1 to {MOST_CHARACTERS} characters",
    NameProblem.PRIVATE: "no character of a private area",
    NameProblem.SIGN: "letters or hanzi, a dot, hyphen or apostrophe between them; no remarks, digits and pictures",
    NameProblem.NO_LETTER: "letters or hanzi",
}


def normalized_name(text: str) -> str:
    """The name as it is stored and compared; raises InvalidName. The one rule for every door.

    Rare characters of every plane, names of one word, and names with blanks stay what they are; nothing is split or
    cut, and nothing that is no name is made one by leaving something out that can be seen.
    """
    name = _separated(typed.name(text).translate(_APOSTROPHES).translate(_HYPHENS))
    if not 1 <= len(name) <= MOST_CHARACTERS:
        raise InvalidName(NameProblem.LENGTH)
    if any(unicodedata.category(char) == "Co" for char in name):
        raise InvalidName(NameProblem.PRIVATE)
    if not any(_is_letter(char) for char in name):
        raise InvalidName(NameProblem.NO_LETTER)
    if not all(_is_letter(char) or char in _BESIDE_LETTERS or char in _JOINERS for char in name):
        raise InvalidName(NameProblem.SIGN)
    return name


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, however they are written: documents write Latin names in capitals, registers pad.

    What was stored before today's rule is compared by it; what is no name is only itself.
    """
    return one == other or _compared(one) == _compared(other)


def placeholder_name(digits: str) -> str:
    """What an account is called whose person has not told a name; no name that anybody could have."""
    return f"{_NAMELESS}{digits[-_DIGITS_SHOWN:]}"


def is_placeholder_name(text: str) -> bool:
    """Whether it is one of these."""
    digits = text.removeprefix(_NAMELESS)
    return digits != text and len(digits) == _DIGITS_SHOWN and digits.isascii() and digits.isdecimal()


def _compared(name: str) -> str:
    try:
        plain = normalized_name(name)
    except InvalidName:
        plain = name
    return "".join(char for char in plain.casefold() if ord(char) not in _VARIATION_SELECTORS)


def _separated(name: str) -> str:
    """The name with U+00B7 wherever a dot stands between two letters, with or without blanks around it."""
    made: list[str] = []
    for at, char in enumerate(name):
        before = next((kept for kept in reversed(made) if kept != " "), "")
        after = name[at + 1 :].lstrip(" ")[:1]
        between = _is_letter(before) and _is_letter(after)
        if char in _DOTS and between:
            while made[-1] == " ":
                made.pop()
            made.append(SEPARATOR)
        elif char == _FULL_STOP and between and name[at - 1] != " " and name[at + 1] != " ":
            made.append(SEPARATOR)
        elif char != " " or made[-1:] != [SEPARATOR] or not _is_letter(after):
            made.append(char)
    return "".join(made)


def _is_letter(char: str) -> bool:
    """Letters of all scripts, hanzi of all planes (〇 among them, which is a number too), and the marks of both."""
    return bool(char) and (
        unicodedata.category(char)[0] in "LM"
        or unicodedata.category(char) == "Nl"
        or ord(char) in _IDEOGRAPHIC_PLANES
        or ord(char) in _VARIATION_SELECTORS
    )
