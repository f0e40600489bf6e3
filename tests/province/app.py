"""模拟 / All platforms in one program, each under its own path, with a page that lists them."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from tests.province import control, pages, servers
from tests.province.apps import App
from tests.province.browser import Browser
from tests.province.catalogue import PLATFORMS
from tests.province.world import World


def build(world: World) -> Starlette:
    """The program of a world."""
    for platform in PLATFORMS.values():
        world.register(platform.name, platform.needs)
    for platform in PLATFORMS.values():
        if platform.partner:  # province and state know each other as applications
            own = App(
                platform.partner, platform.name, PLATFORMS[platform.partner].needs, world.seed,
                [f"{world.url}/{platform.name}/trusted"],
            )  # fmt: skip
            # before the district, whose callbacks may be any of this machine's
            world.apps[platform.partner] = {platform.name: own, **world.apps[platform.partner]}

    async def overview(request: Request) -> Response:
        rows = "".join(
            f"<li>{pages.escaped(one.title)} <code>/{one.name}</code></li>" for one in PLATFORMS.values()
        )
        places = "<p><code>/control /control/apps /control/log</code></p>"
        return HTMLResponse(pages.page("模拟的上级平台", f"<ul>{rows}</ul>{places}"))

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/", overview),
            Route("/health", health),
            *control.routes(world),
            *(
                Mount(
                    f"/{platform.name}",
                    routes=[*Browser(world, platform).routes(), *servers.routes(world, platform)],
                )
                for platform in PLATFORMS.values()
            ),
        ]
    )
