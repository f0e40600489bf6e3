from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.clients.making import ISSUER, NOW, SYSTEM, SigningKey
from tests.clients.stage import Stage, config, stage

pytestmark = pytest.mark.anyio


def cookies_set(response: httpx2.Response) -> list[str]:
    return response.headers.get_list("set-cookie")


async def state_of_a_new_login(on: Stage, path: str = "/login?next=/me") -> str:
    answer = await on.step(path)
    return parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]


async def test_a_protected_page_starts_the_login_and_is_reached() -> None:
    async with stage() as on:
        page = await on.visit("/me?lang=en")
    assert page.status_code == 200
    assert page.text.startswith("张三 2 access_")
    assert str(page.url) == f"{SYSTEM}/me?lang=en"
    assert page.headers["cache-control"] == "no-store"


async def test_a_second_visit_asks_the_provider_nothing() -> None:
    async with stage() as on:
        await on.visit("/me")
        asked = len(on.provider.requests)
        assert (await on.step("/me")).status_code == 200
        assert len(on.provider.requests) == asked


async def test_the_home_page_is_for_everybody() -> None:
    async with stage() as on:
        assert (await on.step("/")).text == "home of nobody"
        assert on.provider.requests == []


@pytest.mark.parametrize(
    "wanted",
    ["//elsewhere.example", "/%5Celsewhere.example", "https://elsewhere.example", "/logout", "/login"],
)
async def test_a_login_returns_to_no_other_place(wanted: str) -> None:
    async with stage() as on:
        page = await on.visit(f"/login?next={wanted}")
    assert str(page.url) == f"{SYSTEM}/"


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    async with stage() as on:
        begun = await on.step("/login")
        ended = await on.browser.get((await on.browser.get(begun.headers["location"])).headers["location"])
    for cookie in cookies_set(begun) + cookies_set(ended):
        assert cookie.startswith("credit-")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie


async def test_with_tls_cookies_are_secure_and_bound_to_the_host() -> None:
    async with stage(config(url="https://credit.example")) as on:
        page = await on.visit("/me")
        begun = await on.step("/login")
    assert page.status_code == 200
    for cookie in cookies_set(begun):
        assert cookie.startswith("__Host-credit-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


async def test_the_login_cookie_shows_nothing() -> None:
    async with stage() as on:
        begun = await on.step("/login?next=/me")
    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert query["nonce"][0] not in cookies_set(begun)[0]
    assert query["state"][0] not in cookies_set(begun)[0]


async def test_two_tabs_log_in_side_by_side() -> None:
    async with stage() as on:
        first = await on.step("/login?next=/me")
        second = await on.step("/login?next=/")
        for begun, end in ((second, "/"), (first, "/me")):
            page = await on.browser.get(begun.headers["location"], follow_redirects=True)
            assert str(page.url) == f"{SYSTEM}{end}"


async def test_many_tabs_keep_the_cookie_header_short() -> None:
    async with stage() as on:
        for _ in range(20):
            on.clock.pass_by(1)
            last = await on.step("/login?next=/me")
        assert len(on.browser.cookies) == 6
        page = await on.browser.get(last.headers["location"], follow_redirects=True)
    assert page.text.startswith("张三")


async def test_an_answer_without_our_cookie_is_refused() -> None:
    async with stage() as on:
        state = await state_of_a_new_login(on)
        on.browser.cookies.clear()
        page = await on.step(f"/callback?code=zac_1&state={state}&iss={ISSUER}")
    assert page.status_code == 400
    assert "请重新登录" in page.text
    assert on.provider.asked("/token") == []


async def test_a_cookie_under_another_secret_is_refused() -> None:
    async with stage() as on:
        state = await state_of_a_new_login(on)
        async with stage(config(secret="t" * 32)) as other:
            other.browser.cookies = on.browser.cookies
            page = await other.step(f"/callback?code=zac_1&state={state}&iss={ISSUER}")
    assert page.status_code == 400


async def test_an_answer_is_taken_once() -> None:
    async with stage() as on:
        begun = await on.step("/login?next=/me")
        callback = (await on.browser.get(begun.headers["location"])).headers["location"]
        assert (await on.browser.get(callback)).status_code == 303
        assert (await on.browser.get(callback)).status_code == 400
    assert len(on.provider.asked("/token")) == 1


async def test_a_login_that_took_too_long_is_over() -> None:
    async with stage() as on:
        begun = await on.step("/login?next=/me")
        on.clock.pass_by(601)
        page = await on.browser.get(begun.headers["location"], follow_redirects=True)
    assert page.status_code == 400
    assert "/login?next=%2Fme" in page.text


async def test_a_mixed_up_issuer_gets_no_code() -> None:
    async with stage() as on:
        on.provider.changed_answer = {"iss": "https://elsewhere.example"}
        page = await on.visit("/me")
    assert page.status_code == 400
    assert on.provider.asked("/token") == []


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "nonce-of-another-login"},
        {"aud": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"exp": NOW - 60},
        {"sub": "person-2"},
    ],
    ids=repr,
)
async def test_an_id_token_that_fails_a_check_opens_nothing(claims: dict[str, Any]) -> None:
    async with stage() as on:
        on.provider.changed_claims = claims
        page = await on.visit("/me")
        assert page.status_code == 502
        assert "没有通过核对" in page.text
        assert (await on.step("/me")).status_code == 303


async def test_a_new_key_is_fetched_when_it_is_first_seen() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.clock.pass_by(60)
        on.provider.key = SigningKey(kid="key-2")
        assert (await on.visit("/login?next=/me")).status_code == 200
        assert len(on.provider.asked("/jwks")) == 2


async def test_made_up_keys_do_not_become_a_flood() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.clock.pass_by(60)
        forged = SigningKey(kid="made-up")
        for _ in range(5):
            await on.notify(forged.sign({}, typ="logout+jwt"))
    assert len(on.provider.asked("/jwks")) == 2


async def test_every_login_makes_a_new_session() -> None:
    async with stage() as on:
        await on.visit("/me")
        before = on.browser.cookies["credit-session"]
        await on.visit("/login?next=/me")
        after = on.browser.cookies["credit-session"]
        assert before != after


async def test_a_session_id_chosen_by_somebody_else_is_not_kept() -> None:
    async with stage() as on:
        on.browser.cookies.set("credit-session", "chosen-by-somebody", domain="127.0.0.1", path="/")
        await on.visit("/me")
        assert [c.value for c in on.browser.cookies.jar if c.value == "chosen-by-somebody"] == []


async def test_the_old_session_is_closed_by_a_new_login() -> None:
    async with stage() as on:
        await on.visit("/me")
        before = on.browser.cookies["credit-session"]
        await on.visit("/login?next=/me")
        on.browser.cookies.clear()
        page = await on.browser.get(f"{SYSTEM}/", headers={"cookie": f"credit-session={before}"})
    assert page.text == "home of nobody"


async def test_a_session_ends_when_it_is_not_used() -> None:
    async with stage() as on:
        on.provider.changed_token = {"refresh_token": None}
        await on.visit("/me")
        on.clock.pass_by(1799)
        assert (await on.step("/")).text == "home of 张三"
        on.clock.pass_by(1800)
        assert (await on.step("/")).text == "home of nobody"


async def test_a_form_sent_without_a_session_comes_back_to_the_start() -> None:
    async with stage() as on:
        answer = await on.browser.post(f"{SYSTEM}/me")
    assert answer.headers["location"] == "/login?next=%2F"


async def test_health_needs_no_visitor() -> None:
    async with stage() as on:
        assert (await on.step("/health")).text == "well"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/login"), ("POST", "/callback"), ("GET", "/backchannel-logout")]
)
async def test_the_logins_own_paths_take_only_their_methods(method: str, path: str) -> None:
    async with stage() as on:
        answer = await on.browser.request(method, f"{SYSTEM}{path}")
    assert answer.status_code == 405
    assert answer.headers["allow"]
