"""Choosing for whom one acts."""

from typing import Any

from idp.organizations.model import Principal

PRINCIPAL = Principal("legal_person", "c1", "湛河示例科技有限公司", "91410411MA0000007X", "agent", "m1")

CONTEXTS: dict[str, dict[str, Any]] = {
    "acting.html": {
        "action": "/acting",
        "refuse_action": "/consent",
        "continue_": "sealed",
        "name": "张三",
        "principal": PRINCIPAL,
        "current": "m1",
        "choices": [
            {"value": "self", "name": "张三", "hint": "本人"},
            {"value": "m1", "name": "湛河示例科技有限公司", "hint": "经办人"},
        ],
        "system": "门户",
        "unsuited": True,
        "systems": ["公共信用查询"],
        "login_href": "/login?continue=sealed",
        "error": None,
        "done": False,
    },
    "consent.html": {
        "action": "/consent",
        "system": "门户",
        "client_uri": None,
        "name_masked": "*三",
        "principal": PRINCIPAL,
        "items": [("姓名", "您的姓名")],
    },
}
PRESENT = {"name": "*三", "seconds": 90, "minutes": 2, "ends_at": "10:30", "end": "/counter/act/end"}
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("acting.html", {"presence": PRESENT}),
    ("acting.html", {"presence": {**PRESENT, "seconds": 0}}),
]
