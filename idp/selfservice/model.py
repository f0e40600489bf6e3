"""Words that the pages and the interface of the user centre share."""

HIDDEN = "*" * 8
"""Instead of a number of which nothing is shown, not even its length."""


def masked(text: str | None) -> str:
    """A number with its middle hidden, by characters; of a short one only the last two are left."""
    if not text:
        return ""
    if len(text) < 8:
        return "*" * (len(text) - 2) + text[-2:] if len(text) > 4 else "*" * len(text)
    first, last = (3, 4) if len(text) >= 11 else (1, 2)
    return text[:first] + "*" * (len(text) - first - last) + text[-last:]
