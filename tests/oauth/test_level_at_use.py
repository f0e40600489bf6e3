"""A level is judged when it is used: whoever has lost it is told and let in as what they are now, on both databases."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idp.relying_parties.model import Client
from tests.oauth.inspecting import introspect, invalid
from tests.support import raw_sql
from tests.support.inprocess import Provider, provider
from tests.support.visits import (
    account_id,
    claims_of,
    code_for,
    person,
    redeem,
    refresh,
    signed_in,
    tokens,
    userinfo,
)

pytestmark = pytest.mark.anyio

STRONG = ("pwd", "otp", "mfa")
SCOPE = "openid profile real_name"
CERTIFICATE = {"certificate_type": "111", "certificate_number": "410411199001010015"}


def acr(level: int) -> str:
    """How a level is told."""
    return f"urn:zhanhe:acr:level:{level}"


@dataclass
class Place:
    """A provider with somebody of level 4."""

    house: Provider
    url: str
    username: str

    async def falls_to(self, level: int) -> None:
        """What a correction, an expiry or a stronger proof elsewhere does to an account."""
        who = await account_id(self.house, self.username)
        raw_sql.execute(self.url, f"UPDATE accounts SET real_name_level = {level} WHERE id = '{who}'")  # noqa: S608

    async def granted(
        self, amr: tuple[str, ...] = STRONG, scope: str = SCOPE, **client: Any
    ) -> tuple[Client, str | None, dict[str, Any]]:
        """A client, and what it was given for the person's login."""
        made, secret = await self.house.register(**client)
        async with signed_in(self.house, self.username, amr) as someone:
            return made, secret, await tokens(self.house, made, secret, someone, scope=scope)

    def rows(self, client: Client) -> list[dict[str, Any]]:
        """What the database holds of a client."""
        return raw_sql.rows(self.url, f"SELECT * FROM clients WHERE client_id = '{client.client_id}'")  # noqa: S608

    async def refusals(self, client: Client) -> list[dict[str, Any]]:
        """The recorded refusals of a client's tokens."""
        lines = await self.house.audit_lines()
        return [
            one for one in lines if one["event"] == "token.refused" and one["client_id"] == client.client_id
        ]


@pytest.fixture
async def place(migrated_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    """On each database."""
    async with provider(tmp_path, database_url=migrated_url) as house:
        username = await person(house, level=4, **CERTIFICATE)
        yield Place(house, migrated_url, username)


@pytest.mark.parametrize("scope", [SCOPE, f"{SCOPE} offline_access"])
async def test_a_fallen_account_is_told_as_what_it_is_now(place: Place, scope: str) -> None:
    client, secret, made = await place.granted(scope=scope)
    assert claims_of(made["id_token"])["acr"] == acr(4)
    assert (await introspect(place.house, client, secret, made["access_token"]))["acr"] == acr(4)
    await place.falls_to(0)
    assert (await introspect(place.house, client, secret, made["access_token"]))["acr"] == acr(0)
    second = (await refresh(place.house, client, secret, made["refresh_token"])).json()
    again = (await refresh(place.house, client, secret, made["refresh_token"])).json()  # within the grace
    for answer in (second, again):
        assert claims_of(answer["id_token"])["acr"] == acr(0)
        assert claims_of(answer["access_token"])["acr"] == acr(0)
    told = (await userinfo(place.house, second["access_token"])).json()
    assert told["real_name_level"] == 0
    assert "verified_claims" not in told


async def test_what_is_proved_later_raises_no_grant_and_no_token(place: Place) -> None:
    await place.falls_to(2)
    client, secret, made = await place.granted()
    await place.falls_to(1)
    low = (await refresh(place.house, client, secret, made["refresh_token"])).json()
    await place.falls_to(4)
    assert (await introspect(place.house, client, secret, low["access_token"]))["acr"] == acr(1)
    later = (await refresh(place.house, client, secret, low["refresh_token"])).json()
    assert claims_of(later["id_token"])["acr"] == acr(2)  # as strong as the login was


async def test_one_factor_carries_no_more_than_two_whatever_the_account_is(place: Place) -> None:
    client, secret, made = await place.granted(("pwd",))
    assert claims_of(made["id_token"])["acr"] == acr(2)
    await place.falls_to(3)
    later = (await refresh(place.house, client, secret, made["refresh_token"])).json()
    assert claims_of(later["id_token"])["acr"] == acr(2)


@pytest.mark.parametrize("scope", [SCOPE, f"{SCOPE} offline_access"])
async def test_a_system_with_a_minimum_gets_nothing_below_it(place: Place, scope: str) -> None:
    client, secret, made = await place.granted(scope=scope, minimum_level=3)
    await place.falls_to(2)
    assert await introspect(place.house, client, secret, made["access_token"]) == {"active": False}
    assert await introspect(place.house, client, secret, made["refresh_token"]) == {"active": False}
    invalid(await userinfo(place.house, made["access_token"]))
    for _ in range(2):
        refused = await refresh(place.house, client, secret, made["refresh_token"])
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert "level" in [json.loads(line["detail"]).get("reason") for line in await place.refusals(client)]
    # Nothing was spent: whoever proves it again goes on where they were.
    await place.falls_to(4)
    assert (await introspect(place.house, client, secret, made["refresh_token"]))["active"] is True
    assert (await userinfo(place.house, made["access_token"])).status_code == 200
    assert (await refresh(place.house, client, secret, made["refresh_token"])).status_code == 200


async def test_the_grace_of_a_rotation_is_no_way_around_the_minimum(place: Place) -> None:
    client, secret, made = await place.granted(minimum_level=3)
    assert (await refresh(place.house, client, secret, made["refresh_token"])).status_code == 200
    await place.falls_to(2)
    refused = await refresh(place.house, client, secret, made["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_reuse_ends_the_family_below_the_minimum_too(place: Place) -> None:
    client, secret, made = await place.granted(minimum_level=3)
    second = (await refresh(place.house, client, secret, made["refresh_token"])).json()
    await place.falls_to(2)
    place.house.clock.forward(60)
    assert (await refresh(place.house, client, secret, made["refresh_token"])).status_code == 400
    await place.falls_to(4)
    assert (await refresh(place.house, client, secret, second["refresh_token"])).status_code == 400


async def test_a_minimum_that_is_raised_later_counts_for_what_was_granted_before(place: Place) -> None:
    client, secret, made = await place.granted(("pwd",))  # level 2
    [row] = place.rows(client)
    document = json.dumps(json.loads(row["document"]) | {"minimum_level": 3}, ensure_ascii=False)
    change = f"document = '{document}' WHERE client_id = '{client.client_id}'"
    raw_sql.execute(place.url, f"UPDATE clients SET {change}")  # noqa: S608
    await place.house.worker.registry.load()
    assert (await refresh(place.house, client, secret, made["refresh_token"])).status_code == 400
    invalid(await userinfo(place.house, made["access_token"]))


@pytest.mark.parametrize(("minimum", "answer"), [(0, 200), (3, 400)])
async def test_a_code_is_worth_what_the_account_is_when_it_is_redeemed(
    place: Place, minimum: int, answer: int
) -> None:
    client, secret = await place.house.register(minimum_level=minimum)
    async with signed_in(place.house, place.username, STRONG) as someone:
        code = await code_for(someone, client, scope=SCOPE)
    await place.falls_to(1)
    response = await redeem(place.house, client, secret, code)
    assert response.status_code == answer
    if answer == 200:
        assert claims_of(response.json()["id_token"])["acr"] == acr(1)


async def test_a_record_that_says_more_than_the_account_has_is_not_told(place: Place) -> None:
    client, secret, made = await place.granted()
    assert secret
    told = (await userinfo(place.house, made["access_token"])).json()
    assert told["verified_claims"]["verification"]["assurance_level"] == "level4"
    await place.falls_to(2)
    told = (await userinfo(place.house, made["access_token"])).json()
    assert "verified_claims" not in told
    assert client.minimum_level == 0
