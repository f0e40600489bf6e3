"""Whoever acts for a citizen at a counter: enters nothing as themselves, and no longer than both are there for it."""

from collections.abc import Awaitable, Callable

import pytest

from idp.organizations.roles import RoleName
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Browserless, Callback, Form, Page
from tests.support.visits import SESSION_COOKIE, asking, claims_of, page, refresh, signed_in, tokens

pytestmark = pytest.mark.anyio
PRESENCE = "__Host-zhanhe-presence"


async def begun(someone: Browserless) -> Page:
    """The page on which staff find themselves once they act for zhangsan."""
    form = page(await someone.open("/counter/act")).form_with("identifier")
    assert form is not None
    form = page(await someone.submit(form, identifier=NUMBER)).form_with("account")
    assert form is not None
    return page(await someone.submit(form, seen="1"))


async def frozen_citizen(hall: Hall) -> None:
    assert await hall.house.worker.lifecycle.freeze(hall.id("zhangsan"), "盗用", "test")


async def frozen_staff(hall: Hall) -> None:
    assert await hall.house.worker.lifecycle.freeze(hall.id("zhaoliu"), "盗用", "test")


async def left_office(hall: Hall) -> None:
    await hall.house.worker.roles.withdraw(hall.id("zhaoliu"), RoleName.COUNTER, "410411", "test")


async def time_over(hall: Hall) -> None:
    hall.house.clock.forward(1801)


@pytest.mark.parametrize("meanwhile", [frozen_citizen, frozen_staff, left_office, time_over])
async def test_nothing_is_entered_for_the_citizen_after_the_right_to_it_is_over(
    hall: Hall, meanwhile: Callable[[Hall], Awaitable[None]]
) -> None:
    house = hall.house
    client, secret = await house.register(principal_kinds=["person"])
    async with signed_in(house, "zhaoliu", STRONG) as someone:
        await begun(someone)
        got = await tokens(house, client, secret, someone, scope="openid offline_access")
        assert claims_of(got["id_token"])["principal"]["id"] == hall.id("zhangsan")
        await meanwhile(hall)
        here = await someone.open(asking(client))
        assert not isinstance(here, Callback), here.parameters
        assert (await refresh(house, client, secret, got["refresh_token"])).status_code == 400


async def test_no_choice_leads_into_a_system_as_the_clerk(hall: Hall) -> None:
    house = hall.house
    client, secret = await house.register(principal_kinds=["person"])
    async with signed_in(house, "zhaoliu", STRONG) as someone:
        shown = await begun(someone)
        choice = shown.form_with("mandate")
        assert choice is not None
        for chosen in ("self", "", "invented"):
            await someone.submit(choice, mandate=chosen)
            entered = claims_of((await tokens(house, client, secret, someone))["id_token"])
            assert entered["principal"]["id"] == hall.id("zhangsan"), chosen


async def test_nothing_of_the_clerk_s_own_is_seen_or_changed_in_the_session_for_the_citizen(
    hall: Hall,
) -> None:
    async with signed_in(hall.house, "zhaoliu", STRONG) as someone:
        own = page(await someone.open("/me/security/password"))
        password = own.form_with("new_password")
        await begun(someone)
        before = await hall.house.worker.counter.account(hall.id("zhaoliu"))
        for path in ("/counter", "/counter/queue", "/counter/accounts", "/counter/register"):
            assert page(await someone.open(path)).status == 403
        if password is not None:
            await someone.submit(
                password, current_password="correct horse battery", new_password="zh4n-he-new-word"
            )
        assert await hall.house.worker.counter.account(hall.id("zhaoliu")) == before


async def test_a_session_for_the_citizen_is_of_no_use_to_a_later_visit_or_another_clerk(hall: Hall) -> None:
    house = hall.house
    client, _ = await house.register(principal_kinds=["person"])
    async with signed_in(house, "zhaoliu", STRONG) as someone, signed_in(house, "zhouba", STRONG) as other:
        shown = await begun(someone)
        acting, presence = someone.client.cookies[SESSION_COOKIE], someone.client.cookies[PRESENCE]
        end = next(each for each in shown.forms if each.action.endswith("/counter/act/end"))
        await someone.submit(end)
        someone.client.cookies.set(SESSION_COOKIE, acting, domain="id.test", path="/")
        assert not isinstance(await someone.open(asking(client)), Callback)
        # The cookie of a visit that is over, brought to the browser of another clerk, ends and begins nothing there.
        own = other.client.cookies[SESSION_COOKIE]
        other.client.cookies.set(PRESENCE, presence, domain="id.test", path="/")
        token = page(await other.open("/login")).form_with("csrf")
        assert token is not None
        await other.submit(Form("https://id.test/counter/act/end", "POST", {"csrf": token.fields["csrf"]}))
        found = await house.worker.sessions.find(other.client.cookies.get(SESSION_COOKIE))
        assert found is None or found.account_id in (hall.id("zhaoliu"), hall.id("zhouba"))
        assert await house.worker.sessions.find(own) is not None
        assert await house.worker.mandates.principals(hall.id("zhouba")) == []
