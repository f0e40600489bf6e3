"""Real-name levels and the authentication context class references (acr) that carry them."""

import re

HIGHEST = 4
ONE_FACTOR_LEVEL = 2
"""The highest level a login with one factor reaches, whoever logs in."""
_ACR = re.compile(r"urn:zhanhe:acr:level:([0-4])")


def acr_of(level: int) -> str:
    """The acr value that asks for a level."""
    if not 0 <= level <= HIGHEST:
        raise ValueError(f"level must be 0 to {HIGHEST}")
    return f"urn:zhanhe:acr:level:{level}"


def level_of(acr: object) -> int:
    """The level an acr stands for; 0 for none or one of another kind."""
    match = _ACR.fullmatch(acr) if isinstance(acr, str) else None
    return int(match[1]) if match else 0
