"""What somebody whom nobody knows makes us ask of others, and what comes of it for everybody else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from idp.infrastructure.breaker import FAILURES, OPEN_SECONDS
from idp.infrastructure.http_client import Answer, BadAnswer
from idp.relying_parties.model import AuthMethod
from tests.federation.trial import NAME, ZHANGSAN, Platform, back, came, federated, sent
from tests.oauth.assertions import CREDENTIALS, JWT_BEARER, assertion, key
from tests.support.browserless import Page
from tests.support.inprocess import ISSUER, Provider
from tests.support.visits import SESSION_COOKIE, asking, visitor

pytestmark = pytest.mark.anyio

STRANGER = "203.0.113.9"
MANY = 40
KEYS_AT = "https://app.test/keys"
Stage = tuple[Provider, Platform]


@pytest.fixture
async def stage(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A provider with a platform, on each database."""
    async with federated(tmp_path, database_url=migrated_url) as it:
        yield it


@pytest.fixture
def fetched(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that are fetched; the other side is away."""
    asked: list[str] = []

    async def get_json(url: str) -> bytes:
        asked.append(url)
        await asyncio.sleep(0)
        raise BadAnswer("ConnectError")

    monkeypatch.setattr(stage[0].worker.http, "get_json", get_json)
    return asked


async def test_assertions_in_the_name_of_a_client_fetch_its_keys_once_at_all_endpoints_together(
    stage: Stage, fetched: list[str]
) -> None:
    house, _ = stage
    client, _ = await house.register(
        token_endpoint_auth_method=AuthMethod.PRIVATE_KEY_JWT, jwks_uri=KEYS_AT, jwks=None
    )
    async with house.machine(STRANGER) as machine:

        async def ask(number: int) -> int:
            path = ("/token", "/introspect", "/revoke")[number % 3]
            proof = assertion(house, client, key(f"invented{number}"))
            form = {"client_assertion": proof, "client_assertion_type": JWT_BEARER, "token": "x"}
            form |= CREDENTIALS
            return (await machine.post(path, data=form)).status_code

        assert set(await asyncio.gather(*map(ask, range(MANY)))) == {401}
        assert len(fetched) == 1
        for number in range(6):
            house.clock.forward(10)
            await ask(number)
        assert len(fetched) <= 5  # longer and longer apart


async def test_invented_clients_load_nothing_at_any_door(
    stage: Stage, fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, _ = stage
    client, _ = await house.register()
    loaded: list[int] = []
    registry: Any = house.worker.registry
    reload = registry.load

    async def load() -> None:
        loaded.append(1)
        await reload()

    monkeypatch.setattr(registry, "load", load)
    async with house.browser(STRANGER) as browser, house.machine(STRANGER) as machine:
        for number in range(MANY):
            name = f"nobody{number}"
            await browser.get(asking(client, client_id=name))
            await browser.get("/end_session", params={"client_id": name, "post_logout_redirect_uri": "x"})
            await machine.post("/token", data={"grant_type": "client_credentials", "client_id": name})
            await machine.options("/token", headers={"origin": f"https://{name}.test"})
            await browser.get("/login", params={"continue": name})
    assert loaded == []
    assert fetched == []


ODD = ["a\r\nx-evil: 1", "票据", "x" * 5000, "\x00", "a\tb"]
"""None of them is a code by RFC 6749 Appendix A.11."""


async def test_a_ticket_that_no_platform_gave_out_is_asked_of_none(stage: Stage) -> None:
    house, platform = stage
    async with visitor(house, STRANGER) as stranger:
        for odd in ODD:
            answer = await stranger.client.get(back(await sent(stranger), quote(odd)))
            assert answer.status_code == 400, odd
        assert platform.asked == []
        await stranger.client.get(back(await sent(stranger), quote("' OR <b>")))  # odd, but a code
    assert len(platform.asked) == 1


@pytest.mark.parametrize("said", [Answer(403, b"<html>guard</html>"), Answer(500, b"{}"), Answer(200, b"{}")])
async def test_one_place_with_tickets_of_its_own_making_closes_a_platform_to_nobody(
    stage: Stage, said: Answer
) -> None:
    house, platform = stage
    for round_ in range(3):
        platform.failure = said
        async with visitor(house, STRANGER) as stranger:
            for number in range(FAILURES + 1):
                shown = await stranger.open(back(await sent(stranger), f"invented{round_}{number}"))
                assert isinstance(shown, Page)
        platform.failure = None
        async with visitor(house) as someone:
            await came(someone, platform, ZHANGSAN | {"id": f"u-{round_}"})
            assert SESSION_COOKIE in someone.client.cookies


async def test_nor_does_it_keep_one_closed_that_was_away(stage: Stage) -> None:
    house, platform = stage
    platform.failure = Answer(502, b"")
    for number in range(FAILURES):
        async with visitor(house, f"198.51.100.{number}") as someone:
            await someone.open(back(await sent(someone), f"t{number}"))
    house.clock.forward(OPEN_SECONDS)
    async with visitor(house, "198.51.100.0") as stranger:  # lets nobody else try, were it counted again
        await stranger.open(back(await sent(stranger), "invented"))
    platform.failure = None
    async with visitor(house) as someone:
        await came(someone, platform, ZHANGSAN)
        assert SESSION_COOKIE in someone.client.cookies


async def test_a_login_that_nobody_began_here_asks_no_platform(stage: Stage) -> None:
    house, platform = stage
    async with house.browser(STRANGER) as browser, visitor(house) as other:
        begun = await sent(other)
        for number in range(MANY):
            await browser.get(
                f"/upstream/{NAME}/callback", params={"ticket": f"t{number}", "st": f"s{number}"}
            )
            await browser.post(
                f"/upstream/{NAME}/callback", data={"ticket": f"t{number}"}, headers={"origin": ISSUER}
            )
            await browser.get(back(begun, f"t{number}"))  # of another browser
    assert platform.asked == []
