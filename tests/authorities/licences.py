"""模拟 / A simulated register of legal persons, and a simulated electronic business licence with its app's page.

Shapes are assumptions: no official integration document is public. Nobody and nothing here exists.
"""

import html
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.authorities.pages import page
from tests.authorities.world import World

TICKET_SECONDS = 300
MEMORY = "licences"
HOLDER = ("representative", "certificate_type", "certificate_number")
ROLES = {"LEGAL_REP": "法定代表人", "ADMIN": "证照管理员", "TEMP": "办事人"}


@dataclass
class Firm:
    """An organisation as the register has it; a test may change its representative."""

    code: str
    name: str
    representative: str
    certificate_type: str
    certificate_number: str
    state: str = "存续"
    managers: dict[str, str] = field(default_factory=dict)
    """Names of those who hold the licence in another role."""


def firms() -> dict[str, Firm]:
    """Whom a new register knows."""
    known = (
        Firm(
            "91410411MA0000007X",
            "湛河示例科技有限公司",
            "李四",
            "414",
            "E00000001",
            managers={"张三": "TEMP"},
        ),
        Firm("91410411MA0000015Q", "湛河示例商贸有限公司", "张三", "111", "410411199001010015"),
        Firm("91410411MA0000031E", "湛河示例港资有限公司", "陈港生", "HMT", "810000199001010019"),
        Firm("91410411MA0000040C", "湛河示例文化有限公司", "何一", "414", "E00000041"),
        Firm("91410411MA0000023K", "湛河已注销示例有限公司", "张三", "111", "410411199001010015", "注销"),
    )
    return {firm.code: firm for firm in known}


def register(world: World) -> dict[str, Firm]:
    """The firms of a world."""
    found: dict[str, Firm] = world.memory.setdefault("firms", firms())
    return found


def routes(world: World) -> list[Route]:
    """The register, the licence's interface, and the page that stands for the holder's app."""
    tickets: dict[str, dict[str, Any]] = world.memory.setdefault(MEMORY, {})

    async def check(request: Request) -> Response:
        async def answer(asked: dict[str, Any]) -> dict[str, Any]:
            firm = register(world).get(asked["uniscid"])
            if firm is None:
                return {"match": False, "reference": world.next_serial()}
            right = (firm.name, firm.representative, firm.certificate_type, firm.certificate_number) == tuple(
                asked[name] for name in ("entName", "lerep", "lerepCerType", "lerepCerNo")
            )
            known = {"uniscid": firm.code, "entName": firm.name} if right else {}
            return {"match": right, "opState": firm.state, "reference": world.next_serial(), **known}

        return await world.serve("licences", request, answer)

    async def start(request: Request) -> Response:
        async def answer(asked: dict[str, Any]) -> dict[str, Any]:
            ticket = secrets.token_urlsafe(24)
            tickets[ticket] = {"state": "CREATED", "ends": world.now() + TICKET_SECONDS}
            content = f"{str(request.base_url).rstrip('/')}/licence/app?ticket={ticket}"
            return {"ticket": ticket, "qrContent": content, "expiresIn": TICKET_SECONDS}

        return await world.serve("licences", request, answer)

    async def state(request: Request) -> Response:
        async def answer(asked: dict[str, Any]) -> dict[str, Any]:
            kept = tickets.get(asked["ticket"])
            if kept is None or (world.now() > kept["ends"] and kept["state"] != "CONFIRMED"):
                return {"ticket": asked["ticket"], "state": "EXPIRED"}
            found = {"ticket": asked["ticket"], "state": kept["state"]}
            return found | ({"assertion": kept["assertion"]} if kept["state"] == "CONFIRMED" else {})

        return await world.serve("licences", request, answer)

    async def app(request: Request) -> Response:
        form = dict(await request.form()) if request.method == "POST" else {}
        ticket = str(form.get("ticket") or request.query_params.get("ticket", ""))
        kept = tickets.get(ticket)
        if kept is None or kept["state"] not in ("CREATED", "SCANNED"):
            return HTMLResponse(page("电子营业执照", "<p>二维码已失效。 / Over.</p>"), 404)
        if request.method == "GET":
            kept["state"] = "SCANNED"
            return HTMLResponse(page("电子营业执照", _choices(world, ticket)))
        if form.get("decision") != "confirm":
            kept["state"] = "CANCELLED"
            return HTMLResponse(page("电子营业执照", "<p>已取消。 / Cancelled.</p>"))
        kept |= {"state": "CONFIRMED", "assertion": assertion(world, *str(form["as"]).split("|"))}
        return HTMLResponse(page("电子营业执照", "<p>已确认，请回到电脑上。 / Confirmed.</p>"))

    return [
        Route("/register/change", _changing(world), methods=["GET", "POST"]),
        Route("/register/check", check, methods=["POST"]),
        Route("/licence/qr", start, methods=["POST"]),
        Route("/licence/qr/state", state, methods=["POST"]),
        Route("/licence/app", app, methods=["GET", "POST"]),
    ]


def assertion(world: World, code: str, role: str, holder: str) -> dict[str, Any]:
    """What the licence vouches for when its holder has confirmed."""
    firm = register(world)[code]
    vouched: dict[str, Any] = {
        "uscc": firm.code,
        "entName": firm.name,
        "opState": firm.state,
        "holderRole": role,
        "holderName": holder,
    }
    if role == "TEMP":
        vouched |= {"scope": ["annual-report"], "expiry": world.now() + 7 * 86_400}
    return vouched


def _choices(world: World, ticket: str) -> str:
    options = "".join(
        f'<option value="{firm.code}|{role}|{html.escape(holder)}">'
        f"{html.escape(firm.name)} · {html.escape(holder)}（{ROLES[role]}）</option>"
        for firm in register(world).values()
        for holder, role in {firm.representative: "LEGAL_REP", **firm.managers}.items()
    )
    return (
        '<form method="post"><p>用哪张执照确认？ / Confirm with which licence?</p>'
        f'<input type="hidden" name="ticket" value="{html.escape(ticket)}">'
        f'<p><label>执照 <select name="as">{options}</select></label></p>'
        '<button name="decision" value="confirm">确认 / confirm</button> '
        '<button name="decision" value="cancel">取消 / cancel</button></form>'
    )


def _changing(world: World) -> Callable[[Request], Awaitable[Response]]:
    """The page on which the register is told of another representative."""

    async def change(request: Request) -> Response:
        if request.method == "POST":
            form = {name: str(value) for name, value in (await request.form()).items()}
            firm = register(world).get(form.get("code", ""))
            if firm is None or not all(form.get(name) for name in HOLDER):
                return HTMLResponse(
                    page("变更登记", "<p>没有这家企业，或者没有填完。 / Not changed.</p>"), 400
                )
            firm.representative, firm.certificate_type, firm.certificate_number = (
                form[name] for name in HOLDER
            )
        return HTMLResponse(page("变更登记", _firms(world)))

    return change


def _firms(world: World) -> str:
    rows = "".join(
        f"<tr><td>{firm.code}<td>{html.escape(firm.name)}<td>{html.escape(firm.representative)}<td>{firm.state}</tr>"
        for firm in register(world).values()
    )
    fields = "".join(
        f'<p><label>{label} <input name="{name}" required></label></p>'
        for name, label in zip(
            ("code", *HOLDER), ("统一社会信用代码", "新的法定代表人", "证件类型代码", "证件号码"), strict=True
        )
    )
    return (
        f"<table><tr><th>代码<th>名称<th>法定代表人<th>状态</tr>{rows}</table>"
        f'<form method="post">{fields}<button>变更 / change</button></form>'
    )
