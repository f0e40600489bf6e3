"""What the pages of the real-name verification are shown with."""

from typing import Any

IDENTITY = {"name": "张三", "type": "居民身份证", "number": "**************0015"}
RECORD = {
    "level": 2,
    "method": "核对姓名和证件号码",
    "source": "人口信息核验服务",
    "at": "今天",
    "until": "明天",
    "end": None,
}

ASKING = {"system": "公共信用查询", "level": 2, "declined_href": "/authorize/resume?continue=x"}

CONTEXTS: dict[str, dict[str, Any]] = {
    "real_name.html": {
        "here": "/me/real-name", "done": "认证成功。", "level": 2, "highest": 4, "level_text": "已核对。",
        "identity": IDENTITY, "until": "明天", "ways": [("国家网络身份认证", "为 3 级。", "/me/real-name/network")],
        "history": [RECORD, {**RECORD, "end": "已结束"}, {**RECORD, "until": None}], "asking": None,
    },
    "real_name_form.html": {
        "here": "/me/real-name", "action": "/me/real-name/network", "back": "/me/real-name",
        "title": "国家网络身份认证", "about": "在 App 里确认。", "error": None, "wrong": "", "duplicate": False,
        "identity": None, "name": "张三", "certificate_type": "111", "certificate_number": "E00000001",
        "types": [("111", "居民身份证"), ("414", "普通护照")], "needs_phone": True, "has_phone": True,
        "with_app": True, "going": [("密码", "/login"), ("身份验证器、通行密钥", "")],
        "asking": None,
    },
    "real_name_app.html": {
        "here": "/me/real-name", "app_url": "https://authority.test/app", "action": "/me/real-name/network/answer",
        "back": "/me/real-name/network", "call": {"orgID": "TEST", "appID": "test", "bizSeq": "a", "type": "0"},
    },
}  # fmt: skip
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("real_name.html", {"level": 4, "ways": [], "history": [], "identity": None, "until": None}),
    ("real_name.html", {"level": 0, "ways": []}),
    ("real_name.html", {"level": 0, "asking": ASKING}),
    ("real_name_form.html", {"asking": ASKING}),
    ("real_name_form.html", {"duplicate": True, "error": "这个证件已经有一个实名账号。"}),
    ("real_name_form.html", {"has_phone": False, "going": []}),
    ("real_name_form.html", {"identity": IDENTITY, "with_app": False}),
    ("real_name_app.html", {"app_url": ""}),
    *(
        ("real_name_form.html", {"error": "不对", "wrong": field})
        for field in ("name", "certificate_type", "certificate_number")
    ),
]
"""What else may stand on them."""
