"""模拟 / The simulated national network identity: an app that confirms, and the check of what it gave."""

import hashlib
import html
import json
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.authorities.pages import page
from tests.authorities.world import World

BIZ_SEQ_LENGTH = 32
WITH_PASSWORD = ("R02", "R04")


def confirm(world: World, biz_seq: str, type_: str, number: str | None) -> dict[str, str]:
    """What the app gives back when its owner confirms; without a number, when they cancel."""
    if len(biz_seq) != BIZ_SEQ_LENGTH or not biz_seq.isalnum():
        return {"resultCode": "C0401001", "resultDesc": "bizSeq"}
    if number is None or world.known(number) is None:
        return {"resultCode": "C0405001", "resultDesc": "cancelled"}
    data = f"SIM.{secrets.token_urlsafe(24)}"
    password = f"SIM.{secrets.token_urlsafe(12)}" if type_ == "1" else ""
    world.memory[data] = (biz_seq, number, password)
    return {"resultCode": "C0000000", "resultDesc": "ok", "idCardAuthData": data, "certPwdData": password}


def routes(world: World) -> list[Route]:
    """The app as a page, and the server's check."""

    async def check(request: Request) -> Response:
        async def answer(asked: dict[str, Any]) -> dict[str, Any]:
            # Good once: whatever comes of it, it is gone.
            biz_seq, number, password = world.memory.pop(str(asked.get("idCardAuthData")), ("", "", ""))
            person = world.known(number)
            right = (
                person is not None
                and biz_seq == asked.get("bizSeq")
                and (asked.get("authMode") not in WITH_PASSWORD or asked.get("certPwdData") == password != "")
                and (person.name, person.number) == (asked.get("name"), asked.get("certificateNum"))
                and "photoEncData" not in asked
            )
            if not right:
                return {"authResult": "不通过", "serviceTime": int(world.now())}
            code = hashlib.sha256(f"simulated {asked['appId']} {number}".encode()).hexdigest()[:32]
            return {"authResult": "通过", "serviceTime": int(world.now()), "applicationIdentifier": code}

        return await world.serve("network_identity", request, answer)

    async def app(request: Request) -> Response:
        return HTMLResponse(
            _app(world, request.query_params.get("bizSeq", ""), request.query_params.get("type", "0"))
        )

    async def decide(request: Request) -> Response:
        form = await request.form()
        number = str(form.get("number", "")) if form.get("decision") == "confirm" else None
        given = confirm(world, str(form.get("bizSeq", "")), str(form.get("type", "0")), number)
        return HTMLResponse(_result(given))

    return [
        Route("/nationalCertification/userInfoCheck", check, methods=["POST"]),
        Route("/app", app, methods=["GET"]),
        Route("/app", decide, methods=["POST"]),
    ]


def _app(world: World, biz_seq: str, type_: str) -> str:
    people = "".join(
        f'<option value="{person.number}">{html.escape(person.name)} · {person.number[-4:]}</option>'
        for person in world.people
    )
    how = "口令 / PIN" if type_ == "1" else "刷脸 / face"
    return page(
        "模拟：国家网络身份认证 App",
        f"""<p>这不是真的 App，也不拍照。选一个人，点“确认”。<br>Not the real app: choose, confirm ({how}).</p>
<form method="post"><input type="hidden" name="bizSeq" value="{html.escape(biz_seq)}">
<input type="hidden" name="type" value="{html.escape(type_)}">
<p><label>本人 / person <select name="number">{people}</select></label></p>
<p><button name="decision" value="confirm">确认 / confirm</button>
<button name="decision" value="cancel">取消 / cancel</button></p></form>""",
    )


def _result(given: dict[str, str]) -> str:
    text = html.escape(json.dumps(given, ensure_ascii=False))
    return page(
        "模拟：App 给出的结果",
        '<p><label for="result">把这一段复制到用户中心的框里，再提交。 / Copy it there.</label></p>'
        f'<p><textarea id="result" rows="6" cols="60" readonly>{text}</textarea></p>',
    )
