"""/api/me/real-name: an app raises the level of its person, against the simulated authorities."""

from typing import Any

import httpx2
import pytest

from tests.authorities.network_identity import confirm
from tests.authorities.people import Known
from tests.authorities.world import World
from tests.selfservice.calling import call, token_of
from tests.selfservice.citizens import account_of, somebody
from tests.selfservice.citizens import house as house  # noqa: PLC0414 - the fixture
from tests.selfservice.citizens import world as world  # noqa: PLC0414 - the fixture
from tests.support.inprocess import Provider
from tests.support.visits import signed_in

pytestmark = pytest.mark.anyio


def identity(who: Known, **changes: str) -> dict[str, str]:
    return {
        "name": who.name,
        "certificate_type": who.certificate_type,
        "certificate_number": who.number,
        **changes,
    }


async def check(house: Provider, token: str, body: dict[str, str]) -> httpx2.Response:
    return await call(house, token, "POST", "/real-name/checks", {"method": "population", **body})


async def answered(
    house: Provider, world: World, token: str, who: Known, asked: dict[str, str], **changes: str
) -> httpx2.Response:
    """Begin with the app of the network identity, confirm there, and hand in what it gave."""
    begun: dict[str, Any] = (await call(house, token, "POST", "/real-name/app", asked)).json()
    given = confirm(world, begun["bizSeq"], begun["type"], who.number)
    body = {"bizSeq": begun["bizSeq"], **given, **changes}
    return await call(house, token, "POST", "/real-name/app/answer", body)


async def test_somebody_climbs_from_nothing_to_level_three(house: Provider, world: World) -> None:
    who = somebody(world)
    async with signed_in(house, await account_of(house, who)) as someone:
        token = await token_of(house, someone)
    ways = (await call(house, token, "GET", "/real-name/methods")).json()
    assert [(way["method"], way["level"]) for way in ways] == [
        ("population", 1),
        ("carrier", 2),
        ("network_identity", 3),
    ]
    assert (await check(house, token, identity(who))).json()["level"] == 1
    # From here on the identity is known and not sent again.
    assert (await check(house, token, {"method": "carrier"})).json()["level"] == 2
    shown = (await answered(house, world, token, who, {"mode": "face"})).json()
    assert (shown["level"], len(shown["records"])) == (3, 3)


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"name": "李四"}, 422, "mismatch"),
        ({"certificate_number": "410411199001010019"}, 422, "certificate_number"),
        ({"certificate_type": "999"}, 422, "certificate"),
        ({"name": ""}, 422, "name"),
    ],
)
async def test_what_is_wrong_is_named_and_changes_nothing(
    house: Provider, world: World, changes: dict[str, str], status: int, detail: str
) -> None:
    who = somebody(world)
    async with signed_in(house, await account_of(house, who)) as someone:
        token = await token_of(house, someone)
    refused = await check(house, token, identity(who, **changes))
    assert refused.status_code == status, refused.text
    assert detail in refused.json()["detail"]
    assert who.number not in refused.text
    assert (await call(house, token, "GET", "/real-name")).json() == {"level": 0, "records": []}


async def test_a_second_account_learns_that_there_is_one_and_nothing_else(
    house: Provider, world: World
) -> None:
    who = somebody(world)
    async with signed_in(house, await account_of(house, who)) as someone:
        assert (await check(house, await token_of(house, someone), identity(who))).status_code == 200
    async with signed_in(house, await account_of(house, somebody(world))) as someone:
        refused = await check(house, await token_of(house, someone), identity(who))
    assert (refused.status_code, refused.json()["title"]) == (409, "duplicate")


async def test_attempts_are_counted_and_an_authority_that_is_away_says_when_to_come_again(
    house: Provider, world: World
) -> None:
    who = somebody(world)
    async with signed_in(house, await account_of(house, who)) as someone:
        token = await token_of(house, someone)
    world.modes["population"] = "500"
    away = await check(house, token, identity(who))
    assert (away.status_code, away.headers["retry-after"]) == (503, "60")
    world.modes.clear()
    answers = [await check(house, token, identity(who, name="李四")) for _ in range(6)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_the_app_s_answer_is_good_once_and_for_one_account(house: Provider, world: World) -> None:
    who, other = somebody(world), somebody(world)
    async with (
        signed_in(house, await account_of(house, who)) as someone,
        signed_in(house, await account_of(house, other)) as thief,
    ):
        token, theirs = await token_of(house, someone), await token_of(house, thief)
    begun = (await call(house, token, "POST", "/real-name/app", identity(who))).json()
    body = {"bizSeq": begun["bizSeq"], **confirm(world, begun["bizSeq"], begun["type"], who.number)}
    stolen = await call(house, theirs, "POST", "/real-name/app/answer", body)
    assert (stolen.status_code, stolen.json()["detail"]) == (409, "lapsed")
    late = await call(house, token, "POST", "/real-name/app/answer", body)
    assert (late.status_code, late.json()["detail"]) == (409, "lapsed")  # spent by whoever tried
    refused = await answered(house, world, token, who, identity(who), resultCode="C0412003")
    assert (refused.status_code, refused.json()["detail"]) == (409, "cancelled")
