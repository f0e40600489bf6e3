"""模拟 / /control: JSON for tests and the demo; clock, failures, people, rotation of secrets, what was asked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.province.catalogue import PLATFORMS
from tests.province.world import DISTRICT, MODES, World


def routes(world: World) -> list[Route]:
    """GET /control, /control/apps[?app=], /control/log; POST /control with one change per key."""

    async def overview(request: Request) -> Response:
        if request.method == "POST":
            try:
                change(world, await request.json())
            except (KeyError, TypeError, ValueError) as error:
                return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return JSONResponse({
            "模拟": True, "clock_offset": world.offset, "modes": world.modes, "latency": world.latency,
            "people": [vars(one) for one in world.people.values()], "platforms": sorted(PLATFORMS),
        })  # fmt: skip

    async def apps(request: Request) -> Response:
        return JSONResponse(credentials(world, request.query_params.get("app", DISTRICT)))

    async def log(request: Request) -> Response:
        return JSONResponse(world.log)

    return [
        Route("/control", overview, methods=["GET", "POST"]),
        Route("/control/apps", apps),
        Route("/control/log", log),
    ]


def credentials(world: World, name: str = DISTRICT) -> dict[str, dict[str, str]]:
    """What goes into the secrets file, per profile: secrets of today, and where the platform is."""
    return {
        platform.name: {
            **dict.fromkeys(platform.hosts, f"{world.url}/{platform.name}"),
            **world.apps[platform.name][name].values,
        }
        for platform in PLATFORMS.values()
    }


def change(world: World, said: Mapping[str, Any]) -> None:
    """`clock_offset`; `platform` with `mode`, `latency`, `rotate` (seconds of overlap); `person` with `set`."""
    if "clock_offset" in said:
        world.offset = float(said["clock_offset"])
    if "platform" in said:
        _change_platform(world, said["platform"], said)
    if "person" in said:
        person = world.people[said["person"]]
        world.people[person.id] = replace(person, **said["set"])


def _change_platform(world: World, name: str, said: Mapping[str, Any]) -> None:
    if name not in PLATFORMS:
        raise KeyError(name)
    if "mode" in said:
        if said["mode"] not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        world.modes[name] = said["mode"]
    if "latency" in said:
        world.latency[name] = float(said["latency"])
    if "rotate" in said:
        app = world.apps[name][DISTRICT]
        app.generation += 1
        app.before_until = world.now() + float(said["rotate"])
    if "seals_with_before" in said:
        world.apps[name][DISTRICT].seals_with_before = bool(said["seals_with_before"])
