"""Words for what a system received about a person, with the numbers masked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from clients.sdk import Session

LEVELS = ("未实名", "基础实名", "实名核验", "强实名核验", "现场核验")
CERTIFICATE_TYPES = {"111": "居民身份证", "414": "普通护照"}
"""GA/T 2000.156, the ones this system has a word for."""
_METHODS = {"pwd": "密码", "otp": "动态口令", "mfa": "双因素", "sms": "短信验证码", "hwk": "安全密钥"}
_RELATIONS = {
    "legal_representative": "法定代表人",
    "agent": "经办人",
    "guardian": "监护人",
    "family_helper": "亲友代办",
    "counter": "窗口代办",
    "organization_login": "单位账号，经办人未核实",
    "organization_login_unnamed": "单位账号",
}
_BEIJING = timezone(timedelta(hours=8))


def masked_certificate(number: str) -> str:
    """The first four and the last two characters: 4104************15."""
    return masked(number, 4, 2)


def masked_phone(number: str) -> str:
    """The first three and the last four digits: 138****0001."""
    return masked(number, 3, 4)


def masked(text: str, first: int, last: int) -> str:
    """The ends of a text; nothing of one so short that not even a third would be hidden."""
    hidden = len(text) - first - last
    return "*" * len(text) if hidden * 3 < len(text) else text[:first] + "*" * hidden + text[-last:]


def level_words(level: int) -> str:
    """A level as people say it."""
    return f"{level} 级（{LEVELS[level]}）" if 0 <= level < len(LEVELS) else f"{level} 级"


def moment(instant: float) -> str:
    """An instant in Beijing time."""
    return datetime.fromtimestamp(instant, UTC).astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def acting_words(session: Session) -> str:
    """For whom somebody acts and as what: 代表：湛河示例科技有限公司（经办人 张三）; empty for themselves."""
    principal = session.principal
    if principal is None:
        return ""
    return f"代表：{principal.name}（{_RELATIONS.get(principal.relation, '代办人')} {session.name}）"


def received(session: Session) -> list[tuple[str, str]]:
    """What the system received, as pairs of label and value."""
    claims, identity = session.claims, session.identity
    principal = session.principal
    rows = [
        ("代表", principal.name if principal else ""),
        ("统一社会信用代码", (principal.code or "") if principal else ""),
        ("代表关系", _RELATIONS.get(principal.relation, principal.relation) if principal else ""),
        ("姓名", _text(claims, "name")),
        ("用户名", _text(claims, "preferred_username")),
        ("手机号码", _phone(claims)),
        ("电子邮箱", _text(claims, "email")),
        ("证件类型", _certificate_type(claims)),
        ("证件号码", masked_certificate(_text(claims, "certificate_number"))),
        ("账号实名等级", _level(claims)),
        ("本次登录等级", level_words(session.level)),
        ("登录方式", _methods(identity.claims)),
        ("登录时间", moment(identity.auth_time) if identity.auth_time else ""),
        ("用户标识", session.subject),
        ("登录会话", identity.sid or ""),
    ]
    return [(label, value) for label, value in rows if value]


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _phone(claims: Mapping[str, Any]) -> str:
    number = masked_phone(_text(claims, "phone_number"))
    return f"{number}（已验证）" if number and claims.get("phone_number_verified") is True else number


def _certificate_type(claims: Mapping[str, Any]) -> str:
    code = _text(claims, "certificate_type")
    return CERTIFICATE_TYPES.get(code, f"代码 {code}" if code else "")


def _level(claims: Mapping[str, Any]) -> str:
    level = claims.get("real_name_level")
    return level_words(level) if isinstance(level, int) and not isinstance(level, bool) else ""


def _methods(claims: Mapping[str, Any]) -> str:
    names = claims.get("amr")
    if not isinstance(names, list):
        return ""
    return "、".join(_METHODS.get(name, name) for name in names if isinstance(name, str))
