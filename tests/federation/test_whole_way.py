"""Every delivered profile from our login page to the platform and back into a session, in a whole provider."""

import asyncio
import html
import re

import pytest

from tests.province.catalogue import PLATFORMS
from tests.province.world import TICKET_SECONDS
from tests.support.browserless import Form
from tests.support.inprocess import ISSUER
from tests.support.logins import is_inside
from tests.support.platforms import AGENTS, CHANNELS, LEGAL, LEVELS, PERSONS, Whole, arrived, who
from tests.support.upstream import PROVINCE
from tests.support.visits import SESSION_COOKIE, page, sql, visitor

pytestmark = pytest.mark.anyio

UNSURE = ("gansu_city",)
"""Says nothing of how sure it is: whoever comes is of level 1, which is not enough for a company."""
NO_TIME = ("henan_via_pingdingshan", "guangdong", "beijing_legal", "oidc", "wechat_miniprogram")
"""Platforms that look at no clock."""


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
            assert (shown.status, is_inside(someone)) == (200, True)
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
            assert (shown.status, is_inside(someone)) == (403, False)
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
        assert not is_inside(someone)
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
            assert (shown.status, is_inside(someone)) == (503, False)
            assert "暂时连不上" in shown.text
            assert 'href="/login?continue=' in shown.text
        assert sorted(await whole.refusals()) == ["malformed", "malformed", "unavailable"]
        whole.told(name, mode="ok")
        await whole.came(someone, name)
        assert is_inside(someone)  # it is back, and so are we


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_ticket_that_lapsed_on_the_way_lets_nobody_in(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        brought = await whole.ticket(someone, name, *who(name))
        whole.world.offset += TICKET_SECONDS + 1 if name in NO_TIME else 0
        whole.world.tickets = {
            ticket: grant for ticket, grant in whole.world.tickets.items() if ticket.startswith("sign:")
        }
        shown = await arrived(someone, brought)
        assert (shown.status, is_inside(someone)) == (400, False)
    assert "凭证已过期" in shown.text
    assert await whole.refusals() == ["ticket_expired"]


@pytest.mark.parametrize("name", [one for one in PLATFORMS if one not in NO_TIME])
async def test_when_the_clocks_differ_it_is_said_to_be_our_fault(whole: Whole, name: str) -> None:
    whole.told(name, clock_offset=3600)
    async with visitor(whole.house) as someone:
        shown = await whole.came(someone, name)
        assert (shown.status, is_inside(someone)) == (502, False)
    assert "不是您的错" in shown.text
    assert await whole.refusals() == ["clock"]


@pytest.mark.parametrize("name", [one for one in PERSONS if one not in CHANNELS and one != "oidc"])
async def test_whoever_closed_the_account_there_is_told_so(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        shown = await whole.came(someone, name, "cancelled", "person")
        assert (shown.status, is_inside(someone)) == (403, False)
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
