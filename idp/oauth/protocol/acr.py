"""Authentication context class references: the real-name level a login may claim."""

PREFIX = "urn:zhanhe:acr:level:"
LEVELS = tuple(f"{PREFIX}{level}" for level in range(5))


def of_level(level: int) -> str:
    """The acr value of a level 0–4."""
    return LEVELS[level]


def asked_level(acr_values: str | None) -> int:
    """The least demanding level among the values asked for, in an order of preference that we need not know; else 0."""
    known = [LEVELS.index(value) for value in (acr_values or "").split() if value in LEVELS]
    return min(known, default=0)
