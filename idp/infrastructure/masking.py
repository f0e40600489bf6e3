"""Personal data shown in part: its owner recognises it, whoever looks over their shoulder learns little."""

HIDDEN = "*" * 8
"""Instead of a number of which nothing is shown, not even its length."""


def masked_name(name: str) -> str:
    """A name without the family name, as it may be shown to whoever looks at the screen: 张三 → *三."""
    return hidden(name[:-1]) + name[-1] if len(name) > 1 else "*"


def masked_given_name(name: str) -> str:
    """A name without the given name, for those who know the person or who must not learn who it is: 李四 → 李*."""
    return name[:1] + hidden(name[1:])


def masked_number(text: str | None) -> str:
    """A number of one's own with its middle hidden; of a short one only the last two are left."""
    if not text:
        return ""
    if len(text) < 8:
        return last_shown(text, 2) if len(text) > 4 else hidden(text)
    return ends_shown(text) if len(text) >= 11 else ends_shown(text, 1, 2)


def ends_shown(text: str | None, first: int = 3, last: int = 4) -> str:
    """A number with its middle hidden; all of a short one."""
    if not text:
        return ""
    if len(text) <= first + last:
        return hidden(text)
    return text[:first] + hidden(text[first:-last]) + text[-last:]


def last_shown(text: str, last: int = 4) -> str:
    """The last characters, so that people recognise their own."""
    return hidden(text[:-last]) + text[-last:]


def hidden(text: str) -> str:
    """As many asterisks as there are characters."""
    return "*" * len(text)
