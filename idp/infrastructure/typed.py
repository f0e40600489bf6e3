"""How long a text may be that somebody typed, before any rule looks at it."""

MOST_CHARACTERS = 400
"""The longest name has 50 characters, each of them with marks and blanks around it; numbers are shorter."""


def bounded(text: str) -> str:
    """The text, or "" where it is longer than any that can be right: some rules take quadratic time, NFC among them."""
    return text if len(text) <= MOST_CHARACTERS else ""


def is_readable(text: str) -> bool:
    """Whether a text has neither NUL, which PostgreSQL cannot keep, nor half a surrogate pair, which UTF-8 cannot."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text))
