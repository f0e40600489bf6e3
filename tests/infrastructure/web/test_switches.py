"""The switches of the header: another language or mode of this very page, by whatever road one came to it."""

import re

import httpx2
import pytest

from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider
from tests.support.visits import asking, page, person, signed_in, visitor

pytestmark = pytest.mark.anyio

ELDER = 'class="elder"'


def switch(shown: str | httpx2.Response, what: str) -> str:
    """The address behind a switch: `elder=1`, `ui_locales=en`."""
    text = shown if isinstance(shown, str) else shown.text
    (href,) = re.findall(rf'<a (?:class="mode" )?href="([^"]*{what})"', text)
    return str(href).replace("&amp;", "&")


async def press(someone: Browserless, shown: Page, what: str) -> Page:
    """Follow a switch."""
    return page(await someone.open(str(httpx2.URL(shown.url).join(switch(shown.text, what)))))


async def test_the_elder_mode_is_on_at_once_stays_and_goes(house: Provider) -> None:
    async with visitor(house) as someone:
        shown = page(await someone.open("/login"))
        assert ELDER not in shown.text
        elder = await press(someone, shown, "elder=1")
        assert ELDER in elder.text
        assert ELDER in page(await someone.open("/")).text
        assert ELDER in page(await someone.open("/nowhere")).text
        ordinary = await press(someone, elder, "elder=0")
        assert ELDER not in ordinary.text
        assert ELDER not in page(await someone.open("/")).text


async def test_a_page_that_answers_a_form_has_the_switches_and_they_keep_what_one_came_for(
    house: Provider,
) -> None:
    client, _ = await house.register()
    async with visitor(house) as someone:
        form = page(await someone.open(asking(client))).form_with("password")
        assert form is not None
        wrong = page(await someone.submit(form, username="nobody", password="not this one"))
        assert wrong.status == 401
        for what, sign in (("elder=1", ELDER), ("ui_locales=en", 'lang="en"')):
            again = await press(someone, wrong, what)
            assert sign in again.text
            assert "测试系统" in again.text
            assert again.form_with("password") is not None


async def test_where_a_path_only_takes_forms_the_switches_lead_to_the_start_page(house: Provider) -> None:
    async with signed_in(house) as someone:
        form = page(await someone.open("/end_session")).form_with("decision")
        assert form is not None
        gone = page(await someone.submit(form, decision="logout"))
        assert switch(gone.text, "elder=1") == "/?elder=1"


async def test_the_switches_stay_with_us_whatever_the_path(house: Provider) -> None:
    async with house.browser() as browser:
        for path in ("//elsewhere.example", "/%2F/elsewhere.example"):
            assert switch(await browser.get(f"https://id.test{path}"), "elder=1") == "?elder=1"


async def test_codes_that_are_shown_once_are_not_lost_by_a_switch(house: Provider) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    async with signed_in(house, username, amr=("pwd", "otp", "mfa")) as someone:
        form = page(await someone.open("/me/security")).form_with("csrf")
        assert form is not None
        codes = page(await someone.submit(form))
        assert '<ol class="codes">' in codes.text
        assert codes.text.count('target="_blank"') == 3


@pytest.mark.parametrize("asked", ["", "2", "true", "<script>", "1" * 5000, "%00"])
async def test_a_mode_that_there_is_not_changes_nothing(house: Provider, asked: str) -> None:
    async with house.browser() as browser:
        shown = await browser.get(f"/?elder={asked}")
        assert ELDER not in shown.text
        assert "zhanhe-elder" not in shown.headers.get("set-cookie", "")


async def test_a_notice_is_not_said_again_by_a_switch(house: Provider) -> None:
    async with signed_in(house) as someone:
        shown = page(await someone.open("/me/security?done=chosen"))
        assert "done" not in switch(shown.text, "elder=1")
