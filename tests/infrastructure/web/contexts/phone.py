"""What the pages of logging in by SMS, registering and recovering are shown with."""

from typing import Any

from idp.authentication.login.methods import LoginMethodOffer
from idp.authentication.phone.routes import STEP

ASKED = {"continue_": "sealed", "error": None, "retry_after": None}
OFFERS = [
    LoginMethodOffer("/login?continue=sealed", "用密码登录", True),
    LoginMethodOffer("/login/qr", "扫码", False),
]

CONTEXTS: dict[str, dict[str, Any]] = {
    "phone.html": {**ASKED, "step": STEP, "phone": "13800000001", "offers": OFFERS},
    "phone_code.html": {
        **ASKED, "step": STEP, "ticket": "sealed", "phone_masked": "138****0001", "minutes": 5,
    },
    "phone_account.html": {
        "action": "/login/sms/account", "continue_": "sealed", "name_masked": "*三", "system": "门户",
        "active": True, "releasable": True, "more": True, "confirm": False, "error": None,
    },
    "login_outdated.html": {"system": "门户", "again": "/login"},
    "known.html": {
        "action": "/login/known", "continue_": "sealed", "system": "门户", "another_way": "/login", "error": None,
    },
    "register.html": {
        "action": "/register/details", "continue_": "sealed", "name": "张三", "terms": "/terms",
        "version": "1", "error": None,
    },
    "terms.html": {"version": "1"},
    "recover.html": {"sealed": "sealed"},
    "recover_details.html": {
        **ASKED, "action": "/recover/details", "name": "张三", "certificate_number": "E00000001",
    },
    "recover_phone.html": {**ASKED, "action": "/recover/phone", "username": "zhangsan", "phone": "13800000001"},
    "recovered.html": {"phone": True, "sealed": "sealed"},
    "messages.html": {
        "messages": [
            {"to": "13800000001", "at": "12:00:00", "subject": "", "text": "验证码 000000"},
            {"to": "a@example.cn", "at": "12:00:01", "subject": "新设备登录", "text": "您的账号在新设备上登录。"},
        ],
    },
}  # fmt: skip
LATE = {"error": "尝试次数过多", "retry_after": 301}
SHAPES: list[tuple[str, dict[str, Any]]] = [
    *(
        (page, LATE)
        for page in ("phone.html", "phone_code.html", "recover_details.html", "recover_phone.html")
    ),
    ("phone.html", {"offers": [], "phone": ""}),
    ("phone.html", {"elder": True}),
    ("phone_account.html", {"confirm": True}),
    ("phone_account.html", {"active": False, "more": False}),
    ("phone_account.html", {"error": "不对", "more": False, "system": None}),
    ("known.html", {"error": "不对", "system": None}),
    ("recover.html", {"sealed": ""}),
    ("recovered.html", {"phone": False, "sealed": ""}),
    ("messages.html", {"messages": []}),
]
"""What else may stand on them."""
