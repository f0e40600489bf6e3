"""What comes back from a platform, as a thief, a careless platform or a broken browser would bring it."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from idp.infrastructure.web.attempts import KEPT_SECONDS
from tests.province.catalogue import PLATFORMS
from tests.support.browserless import Form
from tests.support.logins import is_inside
from tests.support.platforms import Whole, arrived, who
from tests.support.visits import SESSION_COOKIE, page, visitor

pytestmark = pytest.mark.anyio
BY_POST = [name for name in PLATFORMS if name == "zhejiang_legal"]
CALLBACK = "/upstream/henan/callback"


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_callback_counts_in_the_browser_that_began_and_there_it_still_does(
    whole: Whole, name: str
) -> None:
    async with visitor(whole.house) as victim, visitor(whole.house, "192.0.2.66") as thief:
        brought = await whole.ticket(victim, name, *who(name))
        shown = await arrived(thief, brought)
        assert (shown.status, is_inside(thief)) == (403, False)
        assert "同一个浏览器" in shown.text
        await arrived(victim, brought)
        assert is_inside(victim)
    assert await whole.refusals() == ["browser"]


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_callback_is_good_once(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        brought = await whole.ticket(someone, name, *who(name))
        await arrived(someone, brought)
        someone.client.cookies.delete(SESSION_COOKIE)
        whole.house.clock.forward(KEPT_SECONDS + 1)
        assert (await arrived(someone, brought)).status == 400
        assert not is_inside(someone)


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_callback_that_is_reloaded_is_one_login(whole: Whole, name: str) -> None:
    """The first answer may have been lost on a slow line."""
    async with visitor(whole.house) as someone:
        brought = await whole.ticket(someone, name, *who(name))
        await arrived(someone, brought)
        first = someone.client.cookies[SESSION_COOKIE]
        await arrived(someone, brought)
        assert someone.client.cookies[SESSION_COOKIE] == first
        someone.client.cookies.delete(SESSION_COOKIE)
        await arrived(someone, brought)
        assert someone.client.cookies[SESSION_COOKIE] == first
    assert await whole.refusals() == []


async def test_a_ticket_that_was_spent_begins_no_second_login(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        first = await whole.ticket(someone, "henan", "zhangsan", "person")
        await arrived(someone, first)
        spent = dict(parse_qsl(urlsplit(first.action).query))["ticket"]
        someone.client.cookies.delete(SESSION_COOKIE)
        second = await whole.ticket(someone, "henan", "zhangsan", "person")
        fresh = dict(parse_qsl(urlsplit(second.action).query))
        shown = page(await someone.open(f"{CALLBACK}?{urlencode({**fresh, 'ticket': spent})}"))
        assert (shown.status, is_inside(someone)) == (409, False)
    assert await whole.refusals() == ["ticket_used"]


async def test_a_login_begun_for_one_platform_does_not_end_at_another(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        begun = await whole.ticket(someone, "henan", "zhangsan", "person")
        query = urlsplit(begun.action).query
        for other in ("guangdong", "jis1", "oidc"):
            shown = page(await someone.open(f"/upstream/{other}/callback?{query}"))
            assert (shown.status, is_inside(someone)) == (400, False)


@pytest.mark.parametrize(
    "query",
    ["", "st=x", "ticket=x", "st=&ticket=", "st=x&ticket=x", f"st={'x' * 5000}", "posted=x", "st=%ff"],
)
async def test_what_nobody_began_is_a_readable_page(whole: Whole, query: str) -> None:
    async with visitor(whole.house) as someone:
        answer = await someone.client.get(f"{CALLBACK}?{query}")
        assert answer.status_code in (400, 414)
        assert not is_inside(someone)
        assert "登录" in answer.text


@pytest.mark.parametrize("name", BY_POST)
async def test_a_post_that_nobody_began_is_a_readable_page(whole: Whole, name: str) -> None:
    async with visitor(whole.house) as someone:
        for fields in (
            {},
            {"ssotoken": "x"},
            {"ssotoken": "x" * 9000},
            {f"f{one}": "1" for one in range(60)},
        ):
            callback = f"/upstream/{name}/callback"
            shown = page(await someone.submit(Form(callback, "POST", dict(fields))))
            assert (shown.status, is_inside(someone)) == (400, False)


async def test_what_was_posted_does_not_wait_for_ever(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        brought = await whole.ticket(someone, "zhejiang_legal", *who("zhejiang_legal"))
        answer = await someone.client.post(brought.action, data=brought.fields)
        whole.house.clock.forward(61)
        assert page(await someone.open(answer.headers["location"])).status == 400
        assert not is_inside(someone)


async def test_a_session_that_was_there_before_is_not_the_one_afterwards(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        before = someone.client.cookies[SESSION_COOKIE]
        await whole.came(someone, "henan", "zhangsan", "person")
        assert someone.client.cookies[SESSION_COOKIE] != before
