"""With the login on to an application of the platform (generateTicket), and here with the login of the platform."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.logins import is_inside
from tests.support.platforms import Whole, opened
from tests.support.visits import callback, page, person, signed_in, visitor

pytestmark = pytest.mark.anyio
TAX = "https://neighbour.example/sso"
"""What the simulated platforms know as an application of theirs."""
GO = "/upstream/henan/go?app=tax"


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    """Platforms of which one has an application to go on to."""
    async with opened(tmp_path, TAX) as it:
        yield it


async def test_somebody_from_the_platform_goes_on_to_its_application_with_a_ticket_for_it(
    whole: Whole,
) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        for _ in range(2):
            there = callback(await someone.open(GO))
            assert (there.url, list(there.parameters)) == (TAX, ["ticket"])
            grant = whole.world.tickets[there.parameters["ticket"]]
            assert (grant.app.name, grant.login.person) == ("neighbour", "zhangsan")
    lines = [line for line in await whole.house.audit_lines() if line["event"] == "upstream.handed_on"]
    assert [json.loads(line["detail"]) for line in lines] == [{"profile": "henan", "target": "tax"}] * 2


async def test_nobody_is_sent_where_the_installation_does_not_say(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        for target in ("", "other", "https://evil.test/", TAX):
            answer = await someone.client.get("/upstream/henan/go", params={"app": target})
            assert answer.status_code == 404
            assert 'href="https://evil' not in answer.text
        assert (await someone.client.get("/upstream/oidc/go?app=tax")).status_code == 404


async def test_who_did_not_come_from_there_is_asked_to(whole: Whole) -> None:
    await person(whole.house, username="wangwu")
    async with visitor(whole.house) as nobody, signed_in(whole.house, "wangwu") as local:
        for someone in (nobody, local):
            shown = page(await someone.open(GO))
            assert shown.status == 403
            assert "请先从" in shown.text
    async with visitor(whole.house) as elsewhere:
        await whole.came(elsewhere, "guangdong", "zhangsan", "person")
        assert page(await elsewhere.open(GO)).status == 403


async def test_after_the_logout_nothing_is_left_to_go_on_with(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        await someone.log_out("/end_session")
        assert page(await someone.open(GO)).status == 403
        assert not is_inside(someone)


async def test_a_platform_that_is_away_hands_nobody_on_and_says_so(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        whole.told("henan", mode="500")
        assert page(await someone.open(GO)).status == 503
        whole.told("henan", mode="ok")
        assert callback(await someone.open(GO)).url.startswith(TAX)


async def test_a_login_at_the_platform_arrives_here_known(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        there = callback(await someone.open("/upstream/henan/trust"))
        assert "loginTrust" in there.url
        await whole.platforms.post(there.url, params=there.parameters, data={"who": "zhangsan"})
        back = await whole.platforms.get(there.url, params=there.parameters)
        assert page(await someone.open(back.headers["location"])).status == 200
        assert is_inside(someone)
