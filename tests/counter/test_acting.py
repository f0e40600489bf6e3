"""Acting for somebody who is present: for them only, under a banner, and back to the own login, on both databases."""

import pytest

from idp.organizations.model import COUNTER_SECONDS
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Browserless, Callback, Form, Page
from tests.support.visits import SESSION_COOKIE, asking, claims_of, page, signed_in, tokens

pytestmark = pytest.mark.anyio
BANNER = "正在为*三办理窗口代办"
END = "/counter/act/end"


async def begun(someone: Browserless) -> Page:
    """The page on which staff find themselves once they act for whom they found."""
    shown = page(await someone.open("/counter/act"))
    found = shown.form_with("identifier")
    assert found is not None
    shown = page(await someone.submit(found, identifier=NUMBER))
    ask = shown.form_with("account")
    assert ask is not None, shown.text
    return page(await someone.submit(ask, seen="1"))


def end_of(shown: Page) -> Form:
    """The button of the banner."""
    return next(each for each in shown.forms if each.action.endswith(END))


async def test_who_begins_to_act_enters_systems_as_the_citizen_with_no_further_choice(any_hall: Hall) -> None:
    house = any_hall.house
    client, secret = await house.register(consent_required=False, principal_kinds=["person"])
    async with signed_in(house, "zhaoliu", STRONG) as someone:
        shown = await begun(someone)
        assert BANNER in shown.text
        choice = shown.form_with("mandate")
        assert choice is not None
        assert 'value="self"' not in shown.text  # the own identity is no choice here
        assert "张三" in shown.text
        entered = claims_of((await tokens(house, client, secret, someone))["id_token"])
        assert entered["principal"]["id"] == any_hall.id("zhangsan")


async def test_a_system_that_asks_for_a_choice_offers_the_citizen_alone(any_hall: Hall) -> None:
    client, _ = await any_hall.house.register(consent_required=False, principal_kinds=["person"])
    async with signed_in(any_hall.house, "zhaoliu", STRONG) as someone:
        await begun(someone)
        any_hall.house.clock.forward(5)
        shown = page(await someone.open(asking(client, prompt="select_account")))
        choice = shown.form_with("mandate")
        assert choice is not None
        assert 'value="self"' not in shown.text
        assert BANNER in shown.text
        assert isinstance(await someone.submit(choice), Callback)


@pytest.mark.parametrize("path", ["/", "/acting", "/me/security", "/counter", "/counter/queue", "/login"])
async def test_the_banner_with_its_countdown_stands_on_every_page(any_hall: Hall, path: str) -> None:
    async with signed_in(any_hall.house, "zhaoliu", STRONG) as someone:
        await begun(someone)
        any_hall.house.clock.forward(COUNTER_SECONDS - 90)
        shown = page(await someone.open(path))
        assert BANNER in shown.text
        assert 'data-seconds="90"' in shown.text
        any_hall.house.clock.forward(100)
        late = page(await someone.open(path))
        assert "时间已到，请结束代办" in late.text
        assert end_of(late)


async def test_ending_it_ends_what_lives_on_it_and_leaves_the_own_session_untouched(any_hall: Hall) -> None:
    house = any_hall.house
    async with signed_in(house, "zhaoliu", STRONG) as someone:
        own = someone.client.cookies[SESSION_COOKIE]
        before = await house.worker.sessions.find(own)
        shown = await begun(someone)
        acting = someone.client.cookies[SESSION_COOKIE]
        assert acting != own
        assert (await house.worker.sessions.find(own)) is not None
        done = page(await someone.submit(end_of(shown)))
        assert "代办已结束" in done.text
        assert BANNER not in done.text
        assert someone.client.cookies[SESSION_COOKIE] == own
        after = await house.worker.sessions.find(own)
        assert before is not None
        assert after is not None
        assert (after.id, after.principal) == (before.id, None)
        assert await house.worker.sessions.find(acting) is None
        assert await house.worker.mandates.principals(any_hall.id("zhaoliu")) == []
        assert page(await someone.open("/counter/queue")).status == 200


async def test_after_the_time_the_own_session_is_one_click_away(any_hall: Hall) -> None:
    async with signed_in(any_hall.house, "zhaoliu", STRONG) as someone:
        await begun(someone)
        any_hall.house.clock.forward(COUNTER_SECONDS + 1)
        shown = page(await someone.open("/counter"))
        assert (shown.status, "先点页面上方的“结束代办”" in shown.text) == (403, True)
        done = page(await someone.submit(end_of(shown)))
        assert BANNER not in done.text


async def test_the_own_login_cannot_take_up_what_was_begun_at_the_counter(any_hall: Hall) -> None:
    async with signed_in(any_hall.house, "zhaoliu", STRONG) as someone:
        own = someone.client.cookies[SESSION_COOKIE]
        await begun(someone)
        async with signed_in(any_hall.house, "zhaoliu", STRONG) as elsewhere:
            elsewhere.client.cookies.set(SESSION_COOKIE, own, domain="id.test", path="/")
            assert "张三" not in page(await elsewhere.open("/acting")).text


async def test_logging_out_while_acting_leaves_nobody_logged_in(any_hall: Hall) -> None:
    async with signed_in(any_hall.house, "zhaoliu", STRONG) as someone:
        own = someone.client.cookies[SESSION_COOKIE]
        await begun(someone)
        asked = page(await someone.open("/end_session"))
        button = asked.form_with("decision")
        assert button is not None
        out = page(await someone.submit(button, decision="logout"))
        assert BANNER not in out.text
        assert await any_hall.house.worker.sessions.find(own) is None


async def test_a_system_that_logs_the_citizen_out_leaves_the_own_session(any_hall: Hall) -> None:
    house = any_hall.house
    client, secret = await house.register(consent_required=False, principal_kinds=["person"])
    async with signed_in(house, "zhaoliu", STRONG) as someone:
        own = someone.client.cookies[SESSION_COOKIE]
        await begun(someone)
        hint = (await tokens(house, client, secret, someone))["id_token"]
        out = page(await someone.open(f"/end_session?id_token_hint={hint}"))
        assert BANNER not in out.text
        assert someone.client.cookies[SESSION_COOKIE] == own
        assert page(await someone.open("/counter/queue")).status == 200


async def test_a_presence_that_is_not_ours_and_a_forged_end_do_nothing(any_hall: Hall) -> None:
    async with signed_in(any_hall.house, "zhaoliu", STRONG) as someone:
        shown = await begun(someone)
        forged = Form(end_of(shown).action, "POST", {"csrf": "0" * 64})
        assert page(await someone.submit(forged)).status == 400
        assert len(await any_hall.house.worker.mandates.principals(any_hall.id("zhaoliu"))) == 1
        someone.client.cookies.set("__Host-zhanhe-presence", "nonsense", domain="id.test", path="/")
        assert BANNER not in page(await someone.open("/acting")).text
