"""What a person may choose as a password: long enough, mixed, and not the first thing somebody would try."""

import re
from functools import cache
from pathlib import Path
from string import digits, punctuation

from idp.accounts.model import InvalidAccount
from idp.accounts.passwords.hashing import MOST_CHARACTERS
from idp.infrastructure import typed

LEAST = 8
LONG = 14
"""A phrase of this length needs no mixture."""
_LIST = Path(__file__).parent / "common_passwords.txt"
_PIECES = (
    # what passwords are made of here: pinyin, names of places, numbers that are words, walks over the keyboard
    "woaiwojia", "woaini", "iloveyou", "tiantian", "xiaoming", "zhangwei", "wangwei", "baobao", "laopo",
    "laogong", "nihao", "beijing", "shanghai", "zhongguo", "zhonghua", "china", "henan", "zhengzhou",
    "pingdingshan", "zhanhe", "weidong", "xinhua", "shilong", "yexian", "lushan", "wugang", "ruzhou",
    "jiaxian", "baofeng", "yaodian", "zhengwu", "zwfw", "hnzw", "banshi", "huawei", "root", "5201314",
    "1314520", "5211314", "520520",
    "147258369", "147258", "159357", "789456", "456789", "123456", "654321", "111111", "222222", "333333",
    "555555", "666666", "777777", "888888", "999999", "000000", "123123", "112233", "168168",
    "1qaz2wsx3edc", "1qaz2wsx", "2wsx3edc", "zaq12wsx", "qazwsxedc", "qazwsx", "qweasdzxc", "qweasd",
    "1q2w3e4r", "1q2w3e", "q1w2e3r4", "q1w2e3", "a1b2c3", "123qwe", "qwe123", "qwertyuiop", "qwerty",
    "asdfghjkl", "asdfgh", "zxcvbnm", "zxcvbn", "password", "passw0rd", "passwd", "mima", "admin",
    "welcome", "letmein", "login", "abc123", "abcd", "aa1234", "1234",
)  # fmt: skip
"""The longer before what it contains."""
_DATES = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|1[3-9]\d{9}|(?<!\d)(?:19|20)\d\d(?!\d)"
)
"""Days, telephones and years, whosever they are."""
_LEAST_BESIDE = 5
_SIGNS = f"{punctuation} "
_INSTEAD = str.maketrans("@4301$5!7", "aaeoissit")
"""Signs that stand for letters, and are tried first."""
_SHIFTED = str.maketrans("!@#$%^&*()", "1234567890")
"""Signs that are digits with the shift key held."""
_LEFT_OUT = str.maketrans("", "", _SIGNS)


class WeakPassword(InvalidAccount):
    """The password is too easy; the text does not repeat it."""


def strong_password(password: str, *known: str | None) -> str:
    """The password as OpaqueString (RFC 8265), if it keeps the rule; raises WeakPassword. The same wherever one is set.

    `known` are the person's name, number and the like: they are no secret. The list is that of NIST SP 800-63B
    §3.1.1.2; the mixture, which it would leave out, is asked for by GB/T 22239-2019 §8.1.4.1 a).
    """
    password = typed.password(password)
    if not typed.is_password(password):
        raise WeakPassword("password: no control, invisible or private character (RFC 8265)")
    if not LEAST <= len(password) <= MOST_CHARACTERS:
        raise WeakPassword(f"password: {LEAST} to {MOST_CHARACTERS} characters")
    kinds = (str.isalpha, str.isdigit, lambda sign: not sign.isalnum())
    mixed = sum(any(kind(sign) for sign in password) for kind in kinds)
    if len(set(password)) < 4 or (len(password) < LONG and mixed < 2):
        raise WeakPassword("password: letters and digits, or a long phrase")
    if is_common(password):
        raise WeakPassword("password: easy to guess")
    rest = _DATES.sub("", password.lower())
    # What is known of the person goes first: a common word may be part of it.
    for word in (*(part.lower() for part in known if part and len(part) > 3), *_PIECES):
        rest = rest.replace(word, "")
    if len(_DATES.sub("", rest)) < _LEAST_BESIDE:
        raise WeakPassword("password: easy to guess")
    return password


def is_common(password: str) -> bool:
    """Whether it stands on the list: as it is, without signs, or digits and signs around it, or others for it."""
    plain = password.lower()
    forms = {plain, plain.strip(_SIGNS), plain.strip(_SIGNS + digits)}
    forms |= {form.translate(_INSTEAD) for form in forms}
    forms |= {plain.translate(_LEFT_OUT), plain.translate(_SHIFTED)}
    return not forms.isdisjoint(common_passwords())


@cache
def common_passwords() -> frozenset[str]:
    """The passwords that everybody has."""
    lines = _LIST.read_text("ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
