"""模拟 / The simulated population service and the simulated carriers: yes or no, with a serial number."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.authorities.people import Known
from tests.authorities.world import World

CITIZENS = ("111", "HMT", "553")


def routes(world: World) -> list[Route]:
    """Both services."""

    async def population(request: Request) -> Response:
        async def answer(asked: dict[str, Any]) -> dict[str, Any]:
            person = _same(world, asked)
            if person is None or person.certificate_type not in CITIZENS:
                return {"result": "0", "serial": world.next_serial()}
            return {"result": "1", "serial": world.next_serial(), "validUntil": person.valid_until}

        return await world.serve("population", request, answer)

    async def carrier(request: Request) -> Response:
        async def answer(asked: dict[str, Any]) -> dict[str, Any]:
            person = _same(world, asked)
            right = person is not None and person.mobile != "" and person.mobile == asked.get("mobile")
            return {"result": "1" if right else "0", "serial": world.next_serial()}

        return await world.serve("carrier", request, answer)

    return [
        Route("/population/check", population, methods=["POST"]),
        Route("/carrier/check", carrier, methods=["POST"]),
    ]


def _same(world: World, asked: dict[str, Any]) -> Known | None:
    person = world.known(asked.get("certificateNum"))
    if person is None or person.name != asked.get("name"):
        return None
    return person if person.certificate_type == asked.get("certificateType") else None
