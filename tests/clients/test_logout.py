import anyio
import pytest

from tests.clients.making import NOW, SYSTEM, SigningKey
from tests.clients.stage import stage

pytestmark = pytest.mark.anyio


async def test_logging_out_goes_by_the_provider_and_comes_back() -> None:
    async with stage() as on:
        await on.visit("/me")
        page = await on.log_out()
        assert page.text == "home of nobody, back from logout"
        (asked,) = on.provider.asked("/end_session")
        assert asked["id_token_hint"].count(".") == 2
        assert asked["post_logout_redirect_uri"] == f"{SYSTEM}/"
        assert (await on.step("/")).text == "home of nobody"
        assert list(on.browser.cookies) == []


async def test_a_session_id_is_worth_nothing_after_logout() -> None:
    async with stage() as on:
        await on.visit("/me")
        kept = on.browser.cookies["credit-session"]
        await on.log_out()
        page = await on.browser.get(f"{SYSTEM}/", headers={"cookie": f"credit-session={kept}"})
    assert page.text == "home of nobody"


async def test_a_link_alone_logs_nobody_out() -> None:
    async with stage() as on:
        await on.visit("/me")
        page = await on.visit("/logout")
        assert "要退出登录吗" in page.text
        assert (await on.step("/")).text == "home of 张三"


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "guessed"}, {"csrf": "猜"}], ids=repr)
async def test_a_form_of_somebody_elses_logs_nobody_out(form: dict[str, str]) -> None:
    async with stage() as on:
        await on.visit("/me")
        await on.browser.post(f"{SYSTEM}/logout", data=form)
        assert (await on.step("/")).text == "home of 张三"


async def test_who_is_not_logged_in_comes_to_the_start() -> None:
    async with stage() as on:
        for method in ("GET", "POST"):
            answer = await on.browser.request(method, f"{SYSTEM}/logout")
            assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_made_up_way_back_says_nothing() -> None:
    async with stage() as on:
        assert (await on.step("/?state=made-up")).text == "home of nobody"


async def test_without_the_provider_the_session_here_still_ends() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.clock.pass_by(60)
        on.provider.down = True
        page = await on.log_out()
        assert page.status_code == 503
        assert "已经退出本系统" in page.text
        assert (await on.step("/")).text == "home of nobody"


async def test_a_logout_token_ends_the_session_it_names() -> None:
    async with stage() as on:
        await on.visit("/me")
        answer = await on.notify(on.provider.logout_token())
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert (await on.step("/")).text == "home of nobody"


async def test_a_logout_token_of_another_session_ends_nothing() -> None:
    async with stage() as on:
        await on.visit("/me")
        assert (await on.notify(on.provider.logout_token(sid="session-2"))).status_code == 200
        assert (await on.notify(on.provider.logout_token(sub="person-2"))).status_code == 200
        assert (await on.step("/")).text == "home of 张三"


async def test_a_logout_token_with_a_person_alone_ends_all_their_sessions() -> None:
    async with stage() as on:
        await on.visit("/me")
        await on.notify(on.provider.logout_token(sid=None))
        assert (await on.step("/")).text == "home of nobody"


async def test_a_logout_token_is_good_once() -> None:
    async with stage() as on:
        token = on.provider.logout_token()
        assert (await on.notify(token)).status_code == 200
        again = await on.notify(token)
        assert (again.status_code, again.headers["cache-control"]) == (400, "no-store")
        assert again.json()["error"] == "invalid_request"


async def test_a_forged_logout_token_ends_nothing() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.provider.key, real = SigningKey(), on.provider.key
        forged = on.provider.logout_token()
        on.provider.key = real
        assert (await on.notify(forged)).status_code == 400
        assert (await on.step("/")).text == "home of 张三"


@pytest.mark.parametrize(
    "content", ["", "logout_token=", "logout_token=a&logout_token=b", "a" * 70_000, "%FF=%FF"]
)
async def test_what_is_no_logout_notice_is_refused(content: str) -> None:
    async with stage() as on:
        answer = await on.browser.post(
            f"{SYSTEM}/backchannel-logout",
            content=content,
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        other = await on.browser.post(f"{SYSTEM}/backchannel-logout", json={"logout_token": "a"})
    assert (answer.status_code, other.status_code) == (400, 400)


async def test_a_logout_that_is_quicker_than_the_login_wins() -> None:
    async with stage() as on:
        begun = await on.step("/login?next=/me")
        callback = (await on.browser.get(begun.headers["location"])).headers["location"]
        assert (await on.notify(on.provider.logout_token())).status_code == 200
        page = await on.browser.get(callback)
        assert page.status_code == 400
        assert (await on.step("/")).text == "home of nobody"


async def test_after_a_logout_one_can_log_in_again() -> None:
    async with stage() as on:
        await on.visit("/me")
        await on.notify(on.provider.logout_token())
        on.clock.pass_by(1)
        assert (await on.visit("/me")).status_code == 200


async def test_a_logout_during_a_refresh_wins() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.clock.pass_by(300)
        async with anyio.create_task_group() as group:
            group.start_soon(on.step, "/me")
            group.start_soon(on.notify, on.provider.logout_token())
        assert on.clock() == NOW + 300
        assert (await on.step("/")).text == "home of nobody"
