"""模拟 / All simulated authorities in one program, with a page that lists whom they know and lets them fail."""

import html

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.authorities import licences, network_identity, registers
from tests.authorities.pages import page
from tests.authorities.world import MODES, World

PARTS = (registers.routes, network_identity.routes, licences.routes)
"""A simulator more is a function more."""


def build(world: World) -> Starlette:
    """The program; POST /control `service=mode` changes how a service answers."""

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def overview(request: Request) -> Response:
        rows = "".join(
            f"<tr><td>{html.escape(one.name)}<td>{one.certificate_type}<td>{one.number}<td>{one.mobile}</tr>"
            for one in world.people
        )
        switches = "".join(
            f"<tr><td>{service}<td>{current}<td>"
            + "".join(f'<button name="{service}" value="{mode}">{mode}</button> ' for mode in MODES)
            for service, current in world.modes.items()
        )
        return HTMLResponse(
            page(
                "模拟的核验机构",
                "<p>人口信息、运营商、网络身份认证。以下的人都是虚构的。 / Nobody here exists.</p>"
                f"<table><tr><th>姓名<th>类型<th>号码<th>手机</tr>{rows}</table>"
                '<p><a href="/register/change">变更企业的法定代表人 / change a representative</a></p>'
                f'<h2>故障 / failures</h2><form method="post" action="/control"><table>{switches}</table></form>',
            )
        )

    async def control(request: Request) -> Response:
        if request.method == "POST":
            form = {name: str(value) for name, value in (await request.form()).items()}
            if any(name not in world.modes or mode not in MODES for name, mode in form.items()):
                return JSONResponse({"error": "service=mode", "modes": MODES}, status_code=400)
            world.modes.update(form)
        return JSONResponse({"modes": world.modes, "asked": [service for service, _ in world.asked]})

    routes = [
        Route("/", overview),
        Route("/health", health),
        Route("/control", control, methods=["GET", "POST"]),
        *(route for part in PARTS for route in part(world)),
    ]
    return Starlette(routes=routes)
