"""What the pages of the counter are shown with."""

from typing import Any

from idp.counter.model import CounterClaim, CounterPerson

FOUND = CounterPerson(
    id="a", name="*三", username="zhangsan", state="active", level=2, certificate_type="111",
    certificate="410***********0015", phone="138****0001", closes_at=None, reason="文书 1 号",
)  # fmt: skip
OTHER = CounterPerson(
    id="b", name="*三", username="zhangsan2", state="active", level=0, certificate_type=None, certificate="",
    phone="", closes_at=None, reason=None,
)  # fmt: skip
CLAIM = CounterClaim("张三", "414", "E00000001", "13800000001", elder_mode=True)
TYPES = [("111", "居民身份证"), ("414", "普通护照")]
ASKED = {
    "id": "a", "kind": "找回账号", "name": "*三", "phone": "138****0001",
    "begun_by": "赵六", "begun_at": "今天", "due_at": "明天", "own": False, "confirmable": True,
    "guardian": None, "papers": "", "facts": [], "seen": True, "alarm": "可能不是同一个人", "tick": True,
    "whole": False, "has_number": True, "released": "",
    "sides": [
        ("姓名", "张三", "张小三", True), ("证件类型", "居民身份证", "居民身份证", False),
        ("证件号码", "410***********0015", "410***********0015", False),
    ],
}  # fmt: skip
GUARDED = {
    **ASKED,
    "kind": "登记监护人",
    "alarm": None,
    "tick": False,
    "phone": "",
    "due_at": "",
    "guardian": "李四 E00**0001",
    "papers": "出生医学证明",
}
MERGING = {
    **ASKED,
    "kind": "合并账号",
    "alarm": None,
    "tick": False,
    "has_number": False,
    "sides": [],
    "facts": [("并入的账号", "zhangsan2")],
    "seen": False,
}
RELEASING = {**MERGING, "kind": "解除手机号", "facts": [("账号", "zhangsan")], "released": "138****0001"}
PAPERS = [("birth-certificate", "出生医学证明"), ("appointment", "指定文书")]
BOTH = (FOUND, "正常")


def _at(path: str, **context: Any) -> dict[str, Any]:
    return {"here": path, "done": None, "error": None, "typed_reason": "", **context}


def _with_document(path: str) -> dict[str, Any]:
    return _at(path, claim=CLAIM, found=FOUND, state_text="正常", types=TYPES)


CONTEXTS: dict[str, dict[str, Any]] = {
    "counter_home.html": _at("/counter", name="赵六", divisions=["湛河区"], supervisor=True, waiting=1),
    "counter_register.html": {**_with_document("/counter/register"), "found": None, "state_text": "", "known": False},
    "counter_verify.html": _with_document("/counter/verify"),
    "counter_recover.html": _with_document("/counter/recover"),
    "counter_code.html": _at(
        "/counter/recover", action="/counter/recover/code", draft="sealed", phone="138****0001",
        address="https://id.test/counter/code?id=abcdefgh", picture="data:image/svg+xml,", confirmed=False, wrong=False,
    ),
    "counter_code_own.html": {"state": "open", "error": None, "id": "abcdefgh"},
    "counter_act.html": _at("/counter/act", found=FOUND, state_text="正常"),
    "counter_queue.html": _at(
        "/counter/queue",
        requests=[
            ASKED, {**ASKED, "phone": "", "due_at": None, "own": True, "confirmable": False},
            GUARDED, MERGING, RELEASING,
        ],
        reasons=[("compare", "与证件原件逐位核对"), ("query", "答复本人的询问")],
    ),
    "counter_guardian.html": _at("/counter/guardian", wrong="", papers=PAPERS, found={"child": BOTH, "guardian": BOTH}),
    "counter_accounts.html": _at(
        "/counter/accounts", found=FOUND, state_text="正常", actions=[("freeze", "冻结")], can_die=True, mergeable=True,
        duplicates=[OTHER], merges=[{"id": "a", "at": "今天", "until": "明天"}],
        guardians=[{"id": "a", "name": "李四", "since": "今天"}, {"id": "b", "name": "王五", "since": "今天"}],
    ),
    "counter_deceased.html": _at(
        "/counter/accounts", found=FOUND, full_name="张三", state_text="正常", wrong=None,
        back="/counter/accounts?account=a",
    ),
    "counter_merge.html": _at(
        "/counter/merge", other=OTHER, into=FOUND, days=30,
        choices=[
            {
                "name": "phone", "label": "保留哪个手机号", "kept": "into",
                "options": [("into", "zhangsan · 138****0001"), ("other", "zhangsan2 · 未登记")],
            }
        ],
    ),
    "counter_objection.html": {"done": None},
    "counter_refused.html": {"why": "factor", "login_href": "/login?continue=sealed"},
}  # fmt: skip
NOBODY = {"found": None, "state_text": ""}
SHAPES: list[tuple[str, dict[str, Any]]] = [
    *(
        ("counter_refused.html", {"why": why, "login_href": ""})
        for why in ("acting", "presence", "supervisor", "role")
    ),
    *((f"counter_{page}.html", NOBODY) for page in ("verify", "recover", "act")),
    *((f"counter_{page}.html", {**NOBODY, "error": "没有找到。"}) for page in ("verify", "recover", "act")),
    (
        "counter_accounts.html",
        {
            **NOBODY,
            "actions": [],
            "can_die": False,
            "mergeable": False,
            "duplicates": [],
            "merges": [],
            "guardians": [],
        },
    ),
    ("counter_objection.html", {"done": "refused"}),
    ("counter_register.html", {"error": "这个证件号码已有账号。", "known": True}),
    ("counter_code.html", {"confirmed": True, "picture": ""}),
    ("counter_code.html", {"error": "验证码不正确或已过期。", "wrong": True}),
    ("counter_code_own.html", {"error": "验证码不正确或已过期。"}),
    ("counter_code_own.html", {"state": "done"}),
    ("counter_code_own.html", {"state": "over"}),
    ("counter_queue.html", {"requests": []}),
    ("counter_deceased.html", {"error": "姓名不一致。", "wrong": "typed-name"}),
    ("counter_guardian.html", {"found": {}}),
    ("counter_guardian.html", {"found": {}, "error": "没有找到。", "wrong": "child"}),
]
"""What else may stand on them."""
