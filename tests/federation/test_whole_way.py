"""Every delivered profile from our login page to the platform and back into a session, in a whole provider."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.federation.test_all_profiles import AGENTS, CHANNELS, LEGAL, LEVELS, PERSONS
from tests.federation.test_failures_of_platforms import who
from tests.province.app import build
from tests.province.catalogue import PLATFORMS
from tests.province.control import change, credentials
from tests.province.world import TICKET_SECONDS, World
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import ISSUER, Provider, provider
from tests.support.upstream import PROVINCE
from tests.support.visits import SESSION_COOKIE, callback, page, sql, visitor

pytestmark = pytest.mark.anyio

UNSURE = ("gansu_city",)
"""Says nothing of how sure it is: whoever comes is of level 1, which is not enough for a company."""
NO_TIME = ("henan_via_pingdingshan", "guangdong", "beijing_legal", "oidc", "wechat_miniprogram")
"""Platforms that look at no clock."""


@dataclass
class Whole:
    """A provider that uses all platforms, and the platforms."""

    house: Provider
    world: World
    platforms: httpx2.AsyncClient

    def told(self, name: str, **said: Any) -> None:
        """Tell a platform something, as POST /control does."""
        change(self.world, {"platform": name, **said})

    async def ticket(self, someone: Browserless, name: str, login: str, kind: str) -> Form:
        """Begin here, log in and consent there: what the browser then brings to the callback."""
        there = callback(await someone.open(f"/upstream/{name}/{'start' if kind == 'person' else 'legal'}"))
        entrance = httpx2.URL(there.url, params={**there.parameters, "sim_kind": kind})
        self.platforms.cookies.clear()
        await self.platforms.post(entrance, data={"who": login})
        answer = await self.platforms.post(entrance, data={"decision": "agree"})
        if answer.status_code == 303:
            return Form(answer.headers["location"], "GET")
        fields = re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', answer.text)
        found = re.search(r'action="(.*?)"', answer.text)
        assert found, answer.text
        return Form(html.unescape(found[1]), "POST", dict(fields))

    async def came(self, someone: Browserless, name: str, login: str = "", kind: str = "") -> Page:
        """A whole login; the page on which it ends."""
        default = who(name)
        brought = await self.ticket(someone, name, login or default[0], kind or default[1])
        return await arrived(someone, brought)

    async def refusals(self) -> list[str]:
        """The reasons in the record, of all that were refused."""
        lines = await self.house.audit_lines()
        found = [json.loads(line["detail"]) for line in lines if line["event"] == "upstream.refused"]
        return [detail["reason"] for detail in found for _ in range(detail.get("count", 1))]


async def arrived(someone: Browserless, brought: Form) -> Page:
    """The browser comes back."""
    if brought.method == "POST":
        return page(await someone.submit(brought))
    return page(await someone.open(brought.action))


@asynccontextmanager
async def opened(folder: Path, target: str = "", **options: Any) -> AsyncIterator[Whole]:
    """All platforms in use, by the secrets that they gave out; `target` is an application of each, named tax."""
    world = World("tests", url=PROVINCE, callbacks=(f"{ISSUER}/",))
    platforms = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(world)))
    secrets = folder / "upstreams.toml"
    sections = (
        "\n".join(
            [
                f"[{name}]",
                *(f'{key} = "{value}"' for key, value in values.items()),
                f'targets = {{ tax = "{target}" }}' if target else "",
            ]
        )
        for name, values in credentials(world).items()
    )
    secrets.write_text("\n".join(sections), "utf-8")
    secrets.chmod(0o600)
    async with platforms, provider(folder, upstream_secrets_file=secrets, **options) as house:
        world.base = house.clock
        house.worker.upstream_http._client = platforms
        yield Whole(house, world, platforms)


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    """See `opened`."""
    async with opened(tmp_path) as it:
        yield it


def is_in(someone: Browserless) -> bool:
    """Whether the browser has a session."""
    return SESSION_COOKIE in {cookie.name for cookie in someone.client.cookies.jar}


async def test_every_platform_is_offered_on_the_login_page(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        shown = page(await someone.open("/login")).text
    for name, one in PLATFORMS.items():
        in_browser = name != "wechat_miniprogram"
        assert (f"/upstream/{name}/start" in shown) == ("person" in one.kinds and in_browser)
        assert (f"/upstream/{name}/legal" in shown) == ("legal" in one.kinds)
    async with visitor(whole.house) as someone:
        someone.client.headers["user-agent"] = (
            "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0 miniProgram/wx1"
        )
        assert "/upstream/wechat_miniprogram/start" in page(await someone.open("/login")).text


@pytest.mark.parametrize("name", PERSONS)
async def test_a_person_is_in_with_the_level_and_again_the_same(whole: Whole, name: str) -> None:
    for _ in range(2):
        async with visitor(whole.house) as someone:
            shown = await whole.came(someone, name)
            assert (shown.status, is_in(someone)) == (200, True)
            assert name in CHANNELS or "张三，您好" in shown.text
    accounts = await sql(whole.house, "select real_name_level, state from accounts")
    assert [tuple(row.values()) for row in accounts] == [(LEVELS[name][3], "active")]
    assert (await whole.house.audit_events()).count("upstream.linked") == 1


async def test_two_platforms_that_are_sure_enough_lead_to_one_account(whole: Whole) -> None:
    for name in ("henan", "guangdong", "oidc"):
        async with visitor(whole.house) as someone:
            await whole.came(someone, name)
    assert len(await sql(whole.house, "select id from accounts")) == 1


@pytest.mark.parametrize("name", LEGAL)
async def test_a_representative_acts_for_the_company(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        shown = await whole.came(someone, name, "zhangsan@trade", "legal")
        if name in UNSURE:
            assert (shown.status, is_in(someone)) == (403, False)
            return
        assert (shown.status, "您正在为单位办事" in shown.text) == (200, True)
        assert "湛河示例商贸有限公司" in shown.text


@pytest.mark.parametrize("name", [one for one in AGENTS if one not in UNSURE])
async def test_an_agent_is_named_and_not_taken_for_proven(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        shown = await whole.came(someone, name, "clerk@company", "legal")
    assert "平台说办事的人是钱经办" in shown.text
    assert "湛河示例科技有限公司" in shown.text


@pytest.mark.parametrize("name", [one for one in PLATFORMS if PLATFORMS[one].logout and one not in UNSURE])
async def test_after_the_logout_one_may_leave_the_platform_too(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, name)
        shown = page(await someone.log_out("/end_session"))
        assert not is_in(someone)
        found = re.search(rf'href="({PROVINCE}/{name}/.*?)"', shown.text)
        assert found, shown.text
        answer = await whole.platforms.get(html.unescape(found[1]))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUER}/")


@pytest.mark.parametrize("name", PLATFORMS)
async def test_when_a_platform_fails_nobody_is_in_and_the_page_leads_on(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        for mode in ("500", "malformed", "html"):
            whole.told(name, mode=mode)
            shown = await whole.came(someone, name)
            assert (shown.status, is_in(someone)) == (503, False)
            assert "暂时连不上" in shown.text
            assert 'href="/login?continue=' in shown.text
        assert sorted(await whole.refusals()) == ["malformed", "malformed", "unavailable"]
        whole.told(name, mode="ok")
        await whole.came(someone, name)
        assert is_in(someone)  # it is back, and so are we


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_ticket_that_lapsed_on_the_way_lets_nobody_in(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        brought = await whole.ticket(someone, name, *who(name))
        whole.world.offset += TICKET_SECONDS + 1 if name in NO_TIME else 0
        whole.world.tickets = {
            ticket: grant for ticket, grant in whole.world.tickets.items() if ticket.startswith("sign:")
        }
        shown = await arrived(someone, brought)
        assert (shown.status, is_in(someone)) == (400, False)
    assert "凭证已过期" in shown.text
    assert await whole.refusals() == ["ticket_expired"]


@pytest.mark.parametrize("name", [one for one in PLATFORMS if one not in NO_TIME])
async def test_when_the_clocks_differ_it_is_said_to_be_our_fault(whole: Whole, name: str) -> None:
    whole.told(name, clock_offset=3600)
    async with visitor(whole.house) as someone:
        shown = await whole.came(someone, name)
        assert (shown.status, is_in(someone)) == (502, False)
    assert "不是您的错" in shown.text
    assert await whole.refusals() == ["clock"]


@pytest.mark.parametrize("name", [one for one in PERSONS if one not in CHANNELS and one != "oidc"])
async def test_whoever_closed_the_account_there_is_told_so(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        shown = await whole.came(someone, name, "cancelled", "person")
        assert (shown.status, is_in(someone)) == (403, False)
    assert "账号已注销" in shown.text
    assert await whole.refusals() == ["cancelled"]


@pytest.mark.parametrize("name", ["henan", "zhejiang_legal"])
async def test_one_callback_fifty_times_at_once_is_one_login(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        brought = await whole.ticket(someone, name, *who(name))
        if brought.method == "POST":
            answer = await someone.client.post(brought.action, data=brought.fields)
            brought = Form(f"{ISSUER}{answer.headers['location']}", "GET")
        answers = await asyncio.gather(*(someone.client.get(brought.action) for _ in range(50)))
    assert [answer.status_code for answer in answers] == [303] * 50
    assert len({answer.cookies[SESSION_COOKIE] for answer in answers}) == 1
    assert len(await sql(whole.house, "select id from sessions where ended_at is null")) == 1
