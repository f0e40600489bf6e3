"""What binds a page to one browser, and what a forged form lacks."""

import re

import httpx2
import pytest

from tests.support.inprocess import ISSUER, Provider
from tests.support.raw import raw_request
from tests.support.visits import CSRF_COOKIE

pytestmark = pytest.mark.anyio
PLANTED = ["", "x", "a" * 23, "a" * 25, "a" * 5000, "!" * 24, "密" * 24, "../../../../etc/passwd12"]


def token_in(text: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', text)
    assert found is not None
    return found.group(1)


async def test_every_browser_has_a_secret_of_its_own(house: Provider) -> None:
    pages = []
    for _ in range(2):
        async with house.browser() as browser:
            pages.append((await browser.get("/login")).text)
            assert len(browser.cookies[CSRF_COOKIE]) == 24
            assert token_in((await browser.get("/login")).text) == token_in(pages[-1])
    assert token_in(pages[0]) != token_in(pages[1])


@pytest.mark.parametrize("planted", PLANTED)
async def test_a_cookie_that_we_did_not_make_is_replaced(house: Provider, planted: str) -> None:
    cookie = f"{CSRF_COOKIE}={planted}".encode()
    headers = [(b"cookie", cookie), (b"accept", b"text/html")]
    answer = await raw_request(house, "GET", "/login", headers=headers)
    made = re.match(rf"{CSRF_COOKIE}=([\w-]{{24}});", answer.headers["set-cookie"])
    assert made is not None
    assert made.group(1) != planted


@pytest.mark.parametrize("planted", PLANTED)
async def test_no_token_fits_a_cookie_that_we_did_not_make(house: Provider, planted: str) -> None:
    """A constant secret, planted by a neighbour under the same domain, must not give a token known to all."""
    async with house.browser() as attacker:
        response = await attacker.get("/login", headers={b"cookie": f"{CSRF_COOKIE}={planted}".encode()})
    body = f"csrf={token_in(response.text)}&username=a&password=b".encode()
    headers = [
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"cookie", f"{CSRF_COOKIE}={planted}".encode()),
        (b"accept", b"text/html"),
    ]
    assert (await raw_request(house, "POST", "/login", headers=headers, body=body)).status == 400


async def test_the_other_languages_of_a_page_are_this_page(house: Provider) -> None:
    async with house.browser() as browser:
        shown = (await browser.get("/login", params={"continue": "a&b", "x": "<"})).text
        links = re.findall(r'href="(\?[^"]*ui_locales=en)"', shown)
        assert len(links) == 1
        english = await browser.get(httpx2.URL(f"{ISSUER}/login").join(links[0].replace("&amp;", "&")))
        assert 'lang="en"' in english.text
        assert 'lang="en"' in (await browser.get("/login")).text  # and it is remembered


@pytest.mark.parametrize("language", ["xx", "../../etc", "zh-CN" * 500, "<script>", "en;q=x", "\xff"])
async def test_a_language_that_nobody_speaks_is_chinese(house: Provider, language: str) -> None:
    raw = language.encode("latin-1")
    for headers in ([(b"accept-language", raw)], [(b"cookie", b"__Host-zhanhe-language=" + raw)]):
        answer = await raw_request(house, "GET", "/login", headers=[*headers, (b"accept", b"text/html")])
        assert 'lang="zh-CN"' in answer.text
