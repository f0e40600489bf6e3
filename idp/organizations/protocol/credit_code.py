"""The unified social credit code of legal persons and other organisations (GB 32100-2015)."""

import re

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Without I, O, Z, S and V, which are mistaken for others."""
WEIGHTS = tuple(3**place % 31 for place in range(17))
ORGANISATION_CODE = slice(8, 17)
"""Characters 9 to 17: the organisation code of GB 11714, with a check character of its own."""

_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Department, category, six digits of a division, organisation code, check character.
_FORM = re.compile(f"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")

# A.4 of GB/T 39046-2020, by who registered the organisation and as what (first two characters of the code).
# From the published table of registering departments; the assignment to A.4 is our judgement.
_KINDS = {"91": "2", "93": "2", "12": "3", "51": "4", "52": "4", "53": "4", "11": "5"}
OTHER = "6"


def check_character(body: str) -> str:
    """The 18th character for the 17 before it."""
    total = sum(weight * ALPHABET.index(character) for weight, character in zip(WEIGHTS, body, strict=True))
    return ALPHABET[-total % 31]


def is_valid(code: str) -> bool:
    """Whether a plain code has the right form and the right check character.

    Not left to python-stdnum, which wants eight digits in front: rural collectives begin with N. The check character
    of the organisation code inside is not demanded: codes of the first years, and of some individual businesses, do
    not keep it. `organisation_code_is_valid` tells.
    """
    return _FORM.fullmatch(code) is not None and check_character(code[:-1]) == code[-1]


def organisation_code_is_valid(code: str) -> bool:
    """Whether the organisation code within keeps its own check (GB 11714: weights, 11 - sum mod 11, X for 10)."""
    body = code[ORGANISATION_CODE]
    if len(body) != 9 or any(character not in _ORGANISATION_VALUES for character in body):
        return False
    total = sum(
        weight * _ORGANISATION_VALUES.index(character)
        for weight, character in zip(_ORGANISATION_WEIGHTS, body, strict=False)
    )
    return body[-1] == "0123456789X0"[11 - total % 11]


def kind_of(code: str) -> str:
    """The kind of organisation (GB/T 39046 A.4) that its code suggests."""
    return _KINDS.get(code[:2], OTHER)
