"""Names as they are stored: 民委发〔2016〕33号 wants U+00B7 alone as separator and room for 50 characters."""

import unicodedata

from idp.accounts.invalid import InvalidAccount
from idp.infrastructure import typed

MOST_CHARACTERS = 50
SEPARATOR = "·"

# What keyboards and old systems put where U+00B7 belongs. U+0387 becomes it by NFC.
_DOTS = frozenset("·•‧∙・･．。●⸱⋅﹒｡")
_FULL_STOP = "."  # one that is followed by a blank ends an abbreviation: J. Smith
_VARIATION_SELECTORS = range(0xE0100, 0xE01F0)
_IDEOGRAPHIC_PLANES = range(0x20000, 0x3FFFE)  # newer hanzi than this Python knows of stand there too


def normalized_name(text: str) -> str:
    """The name as it is stored and compared; raises InvalidAccount.

    NFC and not NFKC, which would turn letters and characters of a name into others. Rare characters of every
    plane, names of one word, and names with blanks stay what they are; nothing is split or cut.
    """
    if len(text) > typed.MOST_CHARACTERS:  # before NFC, which takes quadratic time for a heap of marks
        raise InvalidAccount(f"name: 1 to {MOST_CHARACTERS} characters")
    name = _separated(" ".join(unicodedata.normalize("NFC", text).split()))
    if not 1 <= len(name) <= MOST_CHARACTERS:
        raise InvalidAccount(f"name: 1 to {MOST_CHARACTERS} characters")
    if not all(char.isprintable() or _is_letter(char) for char in name):
        raise InvalidAccount("name: no control and formatting characters")
    if not any(_is_letter(char) for char in name):
        raise InvalidAccount("name: letters or hanzi")
    return name


def same_name(one: str, other: str) -> bool:
    """Whether two normalized names are one; documents write Latin names in capitals."""
    return one.casefold() == other.casefold()


def masked_name(name: str) -> str:
    """A name as it may be shown to whoever looks at the screen: 张三 → *三; by characters, not bytes."""
    return "*" * (len(name) - 1) + name[-1] if len(name) > 1 else "*"


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
    """Letters of all scripts, hanzi of all planes, and the marks that belong to them."""
    return bool(char) and (
        unicodedata.category(char)[0] in "LM"
        or ord(char) in _IDEOGRAPHIC_PLANES
        or ord(char) in _VARIATION_SELECTORS
    )
