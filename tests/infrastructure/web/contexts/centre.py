"""What the pages of the user centre are shown with."""

from typing import Any

from idp.audit.model import EventType
from idp.selfservice.events.service import OwnEvent
from idp.selfservice.profile.service import OwnProfile

PROFILE = OwnProfile(
    account_id="a", name="张三", username="zhangsan", level=2, certificate_type="111", certificate_masked="410*",
    phone_masked="138*", phone_verified=True, email="a@example.cn", address=None, language="zh-CN", elder=False,
    created_at=0.0, closes_at=None,
)  # fmt: skip
SYSTEM = {
    "name": "门户", "uri": "https://a/", "items": [("姓名", "您的姓名")], "consented": "今天", "first": "今天",
    "last": "今天", "href": "/me/systems/withdraw?client_id=a",
}  # fmt: skip
LOGIN = {
    "id": "a", "current": False, "device": "Chrome", "address": "192.0.2.1", "since": "今天", "seen": "今天",
    "principal": "示例公司", "systems": ["门户"],
}  # fmt: skip
DEVICE = {
    "id": "a", "current": True, "device": "Chrome", "address": "192.0.2.1", "first": "今天", "last": "今天",
    "trusted": "明天",
}  # fmt: skip
EVENT = OwnEvent("a", 0.0, EventType.LOGIN_FAILED, "登录没有成功", "门户", None, ("密码不正确",), True)

CONTEXTS: dict[str, dict[str, Any]] = {
    "counter_corrections.html": {
        "here": "/counter/corrections", "done": None, "error": None, "longest": 500,
        "corrections": [{"id": "a", "name": "*三", "username": "zhangsan", "wanted": "错字", "at": "今天"}],
    },
    "start.html": {"login_href": "/login", "register_href": "/register"},
    "profile.html": {
        "here": "/me/profile", "done": "已保存。", "error": None, "profile": PROFILE, "certificate_name": "身份证",
        "since": "今天", "languages": [("zh-CN", "中文")],
        "corrections": [{"at": "今天", "state": "已更正", "wanted": "错字", "answer": "已改"}],
    },
    "profile_contact.html": {
        "here": "/me/profile", "action": "/me/profile/contact", "email": "", "address": "", "error": None,
        "bad_email": False, "bad_address": False, "back": "/me/profile",
    },
    "profile_correction.html": {
        "here": "/me/profile", "action": "/me/profile/correction", "wanted": "", "longest": 500, "error": None,
        "back": "/me/profile",
    },
    "sessions.html": {
        "here": "/me/sessions", "done": None, "error": None, "sessions": [LOGIN, {**LOGIN, "current": True}],
        "devices": [DEVICE], "offline": True,
    },
    "systems.html": {
        "here": "/me/systems", "done": None, "error": None,
        "systems": [SYSTEM, {**SYSTEM, "href": None, "consented": None, "items": []}],
    },
    "systems_withdraw.html": {
        "here": "/me/systems", "action": "/me/systems/withdraw", "client_id": "a", "system": "门户",
        "items": [("姓名", "您的姓名")], "back": "/me/systems",
    },
    "events.html": {
        "here": "/me/events", "events": [(EVENT, "今天")], "older": "/me/events?before=a", "newest": "/me/events",
    },
    "data.html": {"here": "/me/data", "action": "/me/data", "error": None},
    "data_copy.html": {
        "here": "/me/data", "once": True, "made_at": "今天", "back": "/me/data",
        "sections": [
            {"id": "account", "title": "账号资料", "parts": [[("姓名", "张三")]]},
            {"id": "factors", "title": "登录方式", "parts": [[("种类", "totp")], [("种类", "passkey")]]},
            {"id": "roles", "title": "岗位权限", "parts": []},
        ],
    },
    "cancellation.html": {
        "here": "/me/data", "action": "/me/cancellation", "undo_action": "/me/cancellation/undo", "done": None,
        "error": None, "wrong_name": False, "username": "zhangsan", "days": 15, "closes_at": None,
        "obstacles": [],
    },
}  # fmt: skip
WRONG = {"error": "请重新填写。"}
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("profile_contact.html", {**WRONG, "bad_email": True}),
    ("profile_contact.html", {**WRONG, "bad_address": True}),
    ("cancellation.html", {**WRONG, "wrong_name": True}),
    (
        "cancellation.html",
        {"obstacles": [("还有企业由您管理。", "/me/organizations"), ("还有未办完的事。", None)]},
    ),
    ("cancellation.html", {"closes_at": "明天"}),
    ("profile_correction.html", {**WRONG, "wanted": "错字"}),
]
"""What else may stand on them."""
