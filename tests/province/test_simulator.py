"""The simulated platforms by themselves: their looks, their tickets, what /control turns."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest

from tests.province.app import build
from tests.province.apps import App
from tests.province.catalogue import PLATFORMS
from tests.province.people import ORGANIZATIONS, PEOPLE
from tests.province.world import TICKET_SECONDS, Refused, World

pytestmark = pytest.mark.anyio

HERE, HOME = "https://province.test", "https://id.test/callback"
HENAN = f"{HERE}/henan/tacs-uc/login/index?refer=na&backUrl={quote(HOME, safe='')}"
PHONE = "Mozilla/5.0 (Linux; Android 14) Mobile Safari"


@pytest.fixture
def world() -> World:
    """At a fixed time."""
    return World("tests", lambda: 1_900_000_000.0, HERE, (HOME,))


@pytest.fixture
async def browser(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that follows nothing by itself."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(world))) as client:
        yield client


async def test_a_telephone_gets_another_look_and_the_same_people(browser: httpx2.AsyncClient) -> None:
    computer = (await browser.get(HENAN)).text
    telephone = (await browser.get(HENAN, headers={"user-agent": PHONE})).text
    assert ("手机版" in computer, "手机版" in telephone) == (False, True)
    for page in (computer, telephone):
        assert "模拟 / SIMULATOR" in page
        assert all(one.name in page for one in PEOPLE)


async def test_persons_and_legal_persons_have_a_tab_each(browser: httpx2.AsyncClient) -> None:
    for url in (HENAN.replace("refer=na", "refer=cp"), f"{HENAN}&sim_kind=legal"):
        page = (await browser.get(url)).text
        assert 'aria-current="page">法人登录' in page
        assert all(one.name in page for one in ORGANIZATIONS)
    assert 'aria-current="page">个人登录' in (await browser.get(HENAN)).text


def test_everybody_that_a_platform_must_be_tried_with_is_there() -> None:
    """Section 3.3 of the reference, 5."""
    levels = {one.level for one in PEOPLE}
    types = {one.certificate_type for one in PEOPLE}
    assert levels == {0, 1, 2, 3, 4}
    assert types >= {"111", "414", "553", "HMT"}
    assert any("·" in one.name for one in PEOPLE)
    assert any(ord(sign) > 0xFFFF for one in PEOPLE for sign in one.name)
    assert any(not one.mobile and one.certificate_type == "111" for one in PEOPLE)
    assert any(one.cancelled for one in PEOPLE)
    phones = [one.mobile for one in PEOPLE if one.mobile]
    assert len(set(phones)) == len(phones) - 1
    assert {len(one.number) for one in PEOPLE if one.certificate_type == "553"} == {15, 18}
    assert {one.kind for one in ORGANIZATIONS} == {"2", "3", "4", "5", "6"}
    agents = [agent for one in ORGANIZATIONS for agent in one.agents]
    assert [agent.person for agent in agents].count("clerk") == 3
    assert any(agent.scope for agent in agents)
    assert any(agent.until < "2026" for agent in agents)
    assert any(one.dissolved for one in ORGANIZATIONS)
    assert any(one.code and not one.uscc for one in ORGANIZATIONS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_platform_has_its_own_words_for_what_goes_wrong(name: str) -> None:
    words = PLATFORMS[name].words
    assert words.keys() >= {"expired", "used", "unknown_app", "wrong_app", "signature"}
    assert len(set(words.values())) > 3


async def test_a_ticket_is_good_once_for_five_minutes_for_one_application(
    world: World, browser: httpx2.AsyncClient
) -> None:
    await browser.post(HENAN, data={"who": "zhangsan"})
    answer = await browser.post(HENAN, data={"decision": "agree"})
    [ticket] = parse_qs(urlsplit(answer.headers["location"]).query)["ticket"]
    ours, other = world.apps["henan"]["district"], world.apps["henan"]["neighbour"]
    for app, later, outcome in ((other, 0, "wrong_app"), (ours, TICKET_SECONDS + 1, "expired")):
        world.offset = later
        assert refusal(world, app, ticket) == outcome
    world.offset = TICKET_SECONDS
    assert [refusal(world, ours, ticket) for _ in range(2)] == ["", "used"]


async def test_control_turns_the_clock_the_failures_and_the_secrets(
    world: World, browser: httpx2.AsyncClient
) -> None:
    before = (await browser.get(f"{HERE}/control/apps")).json()["jis1"]
    said = {"clock_offset": 60, "platform": "jis1", "mode": "html", "latency": 0.01, "rotate": 10}
    told = (await browser.post(f"{HERE}/control", json=said)).json()
    assert (told["clock_offset"], told["modes"], told["latency"]) == (60, {"jis1": "html"}, {"jis1": 0.01})
    assert world.now() == 1_900_000_060.0
    after = (await browser.get(f"{HERE}/control/apps")).json()["jis1"]
    assert after["appmark"] == before["appmark"]
    assert after["appword"] != before["appword"]
    answer = await browser.get(f"{HERE}/jis1/gateway/interface.do")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html")
    log = (await browser.get(f"{HERE}/control/log")).json()
    assert log[-1]["outcome"] == "html"
    for mistake in ({"platform": "nowhere"}, {"platform": "jis1", "mode": "dance"}, {"clock_offset": "x"}):
        assert (await browser.post(f"{HERE}/control", json=mistake)).status_code == 400


async def test_one_whose_session_ended_there_is_asked_who_they_are(browser: httpx2.AsyncClient) -> None:
    await browser.post(HENAN, data={"who": "zhangsan"})
    assert 'value="agree"' in (await browser.get(HENAN)).text
    out = f"{HERE}/henan/tacs-uc/login/logout?backUrl="
    assert (await browser.get(out + quote("https://id.test/", safe=""))).status_code == 303
    assert 'name="who"' in (await browser.get(HENAN)).text
    assert (await browser.get(out + quote("https://evil.test/", safe=""))).status_code == 200


def refusal(world: World, app: App, ticket: str) -> str:
    """The word for which a ticket is not redeemed; none where it is."""
    try:
        world.redeem(app, ticket)
    except Refused as refused:
        return refused.word
    return ""
