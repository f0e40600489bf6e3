"""What the pages about organizations and mandates are shown with."""

from typing import Any

from idp.organizations.binding import Started

FIRM = {"id": "a", "name": "湛河示例科技有限公司", "unified_social_credit_code": "91410411MA0000007X"}
MANDATE = {
    "id": "a", "relation": "经办人", "is_representative": False, "is_guardian": False,
    "principal": "湛河示例科技有限公司", "principal_code": "91410411MA0000007X", "agent": "张三",
    "is_organization": False, "through": "受托示例公司", "through_id": "b", "state": "active", "state_text": "有效",
    "pending": False, "open": True, "systems": ["门户"], "items": ["公积金提取"], "since": "今天", "until": "明天",
    "decisions": ["renew", "revoke", "suspend"],
}  # fmt: skip
SUSPENDED = {
    **MANDATE,
    "state": "suspended",
    "state_text": "已暂停",
    "pending": True,
    "decisions": ["resume", "revoke"],
    "systems": [],
    "items": [],
}
INVITED = {**MANDATE, "state": "invited", "state_text": "等对方接受", "through": None, "until": None}
REVOKED = {**MANDATE, "state": "revoked", "state_text": "已撤销", "open": False}
SYSTEMS = [("system_0", "门户", True), ("system_1", "公共信用查询", False)]
BOUND = {
    "id": "a", "name": "湛河示例科技有限公司", "code": "91410411MA0000007X", "dissolved": False, "suspended": True,
    "relation": "legal_representative", "is_administrator": False, "manages": True,
}  # fmt: skip
PICTURE = "data:image/svg+xml,%3Csvg/%3E"
TYPED = {"wrong": "", "name": "李四", "phone": "13800000002", "valid_until": "2027-01-01"}
HERE = {"here": "/me/organizations", "error": None}
MINE = {"here": "/me/mandates", "error": None}

CONTEXTS: dict[str, dict[str, Any]] = {
    "organizations.html": {
        "here": "/me/organizations", "done": "已绑定。", "level": 2, "needed": 2, "available": True,
        "organizations": [BOUND, {**BOUND, "relation": "agent", "is_administrator": True, "dissolved": True}],
    },
    "organization.html": {
        "here": "/me/organizations", "done": None, "organization": FIRM, "kind": "企业法人",
        "is_representative": True, "pending": [SUSPENDED], "agents": [MANDATE], "past": [REVOKED],
        "held": [MANDATE, INVITED], "passed_on": [MANDATE], "mine": "a",
    },
    "organization_bind.html": {**HERE, "wrong": "", "code": "91410411MA0000007X", "name": "湛河示例科技有限公司"},
    "organization_invite.html": {
        **HERE, "again": "/me/organizations/invite?id=a", "wrong": "", "organization": FIRM, "through": None,
        "is_organization": False, "may_appoint": True, "systems": SYSTEMS, "back": "/me/organizations/details?id=a",
        "fields": {
            "name": "李四", "phone": "13800000002", "unified_social_credit_code": "", "role": "administrator",
            "items": "a", "valid_until": "2027-01-01",
        },
    },
    "organization_leave.html": {**HERE, "organization": FIRM},
    "organization_licence.html": {
        **HERE, "started": Started("https://authority.test/licence/app?ticket=t", "sealed", 300),
        "picture": PICTURE,
    },
    "mandates.html": {
        "here": "/me/mandates", "done": "已接受。", "invitations": [INVITED], "mine": [MANDATE, SUSPENDED],
        "held": [MANDATE], "children": [{**MANDATE, "is_guardian": True}], "past": [REVOKED],
        "may_invite": True, "may_add": True,
    },
    "mandate_decide.html": {
        **MINE, "again": "/me/mandates/decide?id=a&decision=revoke", "mandate": MANDATE, "decision": "revoke",
        "ending": True, "words": ["要撤销吗？", "撤销后立即失效。", "撤销"], "back": "/me/mandates",
    },
    "mandate_helper.html": {**MINE, **TYPED, "systems": SYSTEMS, "days": 90},
    "mandate_minor.html": {
        **MINE, "wrong": "", "name": "张小三", "number": "410411201501010011", "chosen": "113",
        "types": [("111", "居民身份证"), ("113", "户口簿")], "stated": True,
    },
}  # fmt: skip
WRONG = {"error": "请重新填写。"}
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("organizations.html", {"organizations": [], "level": 1}),
    ("organizations.html", {"organizations": [], "available": False}),
    ("organization.html", {key: [] for key in ("pending", "agents", "past", "held", "passed_on")}),
    ("organization_invite.html", {"is_organization": True, "may_appoint": False}),
    ("organization_invite.html", {"through": MANDATE, "may_appoint": False}),
    ("organization_licence.html", {"started": None, "picture": None}),
    (
        "mandates.html",
        {
            **{key: [] for key in ("invitations", "mine", "held", "children", "past")},
            "may_invite": False,
            "may_add": False,
        },
    ),
    ("mandate_helper.html", {"elder": True}),
    *(
        ("organization_bind.html", {**WRONG, "wrong": field})
        for field in ("unified_social_credit_code", "name")
    ),
    *(("mandate_helper.html", {**WRONG, "wrong": field}) for field in ("name", "phone", "valid_until")),
    *(
        ("organization_invite.html", {**WRONG, "wrong": field})
        for field in ("name", "phone", "items", "valid_until")
    ),
    *(
        ("mandate_minor.html", {**WRONG, "wrong": field})
        for field in ("name", "certificate_number", "statement")
    ),
]
"""What else may stand on them."""
