"""Coming in by an upstream platform, and leaving it."""

from typing import Any

from idp.authentication.login.methods import LoginMethodOffer

PASSWORD = "/login?continue=sealed"

CONTEXTS: dict[str, dict[str, Any]] = {
    "upstream.html": {
        "title": "信息对不上，需要核实",
        "text": "工作人员会核实。",
        "reference": "A1B2C3D4",
        "again": "/upstream/henan/start?continue=sealed",
        "login": PASSWORD,
        "offers": [LoginMethodOffer("/login/sms?continue=sealed", "用短信验证码登录", False)],
    },
    "logged_out.html": {
        "systems": [("公共信用查询", "已退出")],
        "home": "/",
        "back": ("https://a/", "门户"),
        "upstream": ("河南政务服务网", "https://province.example/logout?back=here"),
    },
    "upstreams.html": {
        "here": "/me/upstreams",
        "done": None,
        "error": None,
        "links": [
            {
                "platform": "河南政务服务网",
                "since": "今天",
                "used": "今天",
                "href": "/me/upstreams/unlink?id=1",
            }
        ],
        "waiting": [("河南政务服务网", "今天")],
    },
    "upstreams_unlink.html": {
        "here": "/me/upstreams",
        "action": "/me/upstreams/unlink",
        "id": "1",
        "platform": "河南政务服务网",
        "back": "/me/upstreams",
    },
    "counter_conflicts.html": {
        "here": "/counter/conflicts",
        "done": None,
        "error": None,
        "decides": True,
        "conflicts": [
            {
                "id": "1",
                "reference": "A1B2C3D4",
                "problem": "姓名里没有文字",
                "reason": "证件号码相同，姓名不同",
                "platform": "河南政务服务网",
                "name": "*三",
                "number": "410***********0015",
                "level": 3,
                "account": {"username": "zhangsan"},
                "at": "今天",
            }
        ],
    },
    "upstream_held.html": {
        "platform": "河南省统一身份认证（豫事办）",
        "action": "/upstream/henan/held",
        "ticket": "a",
        "proven": False,
        "weaker": False,
        "system": "公共信用查询",
        "login": PASSWORD,
    },
    "organization_session.html": {
        "organization": "湛河示例商贸有限公司",
        "code": "91410411MA0000015Q",
        "named": "钱经办",
        "login_href": PASSWORD,
        "logout_action": "/end_session",
    },
}
