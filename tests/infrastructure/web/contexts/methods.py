"""What the pages of logging in and of /me/security are shown with."""

from typing import Any

from idp.authentication.login.methods import LoginMethodOffer

OFFERS = [
    LoginMethodOffer("/login/sms?continue=x", "用短信验证码登录", True),
    LoginMethodOffer("/login/qr", "扫码", False),
]
PICTURE = "data:image/svg+xml,%3Csvg/%3E"
HERE = {"here": "/me/security", "back": "/me/security", "error": None}

CODE_FIELD = {
    "heading": "输入验证码",
    "label": "6 位验证码",
    "hint": "现在的数字。",
    "word": "",
    "numeric": True,
}
RECOVERY_FIELD = {
    **CODE_FIELD,
    "heading": "输入恢复码",
    "label": "恢复码",
    "word": "recovery",
    "numeric": False,
}

CONTEXTS: dict[str, dict[str, Any]] = {
    "login.html": {
        "action": "/login", "username": "", "error": None, "system": None, "retry_after": None,
        "offers": OFFERS, "offers_first": True,
    },
    "otp.html": {
        "action": "/login/otp", "error": None, "name_masked": "*三", "system": None, "field": CODE_FIELD,
        "by_passkey": True, "others": [("使用恢复码", "?way=recovery")], "offers_trust": True,
        "passkey_href": "/login/passkey?confirm=1",
    },
    "no_factor.html": {"system": "门户", "security_href": "/me/security", "next_href": "/login"},
    "passkey.html": {
        "action": "/login/passkey", "ceremony": "token", "options": "{}", "confirm": False, "error": None,
        "system": None, "offers": OFFERS,
    },
    "qr.html": {
        "state": "created", "picture": PICTURE, "number": 42, "state_url": "/login/qr/state",
        "here_url": "/login/qr", "again_url": "/login/qr?again=1", "system": "门户", "offers": OFFERS,
    },
    "qr_approve.html": {
        "action": "/qr", "id": "x", "choices": (17, 42, 63), "name_masked": "*三", "device": "Chrome",
        "address": "192.0.2.1", "begun_at": "今天",
    },
    "qr_decided.html": {"approved": False, "meant_no": True, "home": "/"},
    "security.html": {
        "has_platforms": True,
        **HERE, "done": "已添加。", "has_password": True, "codes": 2, "few_codes": True, "lacking": True,
        "factors": [{"id": "a", "what": "通行密钥 · 手机", "since": "今天", "used": None}],
        "weak": True, "passkeys": True, "choices": {"always"}, "go_on": "/login",
        "enrolled": [("添加身份验证器", "/me/security/totp")],
    },
    "security_remove.html": {**HERE, "action": "/me/security/remove", "id": "a", "what": "通行密钥"},
    "recovery_codes.html": {**HERE, "once": True, "codes": ["ABCD-EFGH-JKLM"]},
    "security_totp.html": {
        **HERE, "action": "/me/security/totp", "enrolment": "token", "picture": PICTURE, "secret": "ABCD EFGH",
        "label": "",
    },
    "security_passkey.html": {
        **HERE, "action": "/me/security/passkey", "ceremony": "token", "options": "{}", "label": "Chrome",
    },
    "security_password.html": {
        **HERE, "action": "/me/security/password", "username": "zhangsan", "has_password": True, "wrong": False,
        "bad": False,
    },
}  # fmt: skip
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("otp.html", {"field": RECOVERY_FIELD}),
    ("otp.html", {"field": None}),
]
"""What else may stand on them."""
