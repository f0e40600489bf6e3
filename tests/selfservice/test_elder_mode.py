"""The elder mode is kept with the person: it comes along to a new device, and stays away from other people."""

import re

import pytest

from tests.support.browserless import Browserless
from tests.support.inprocess import PASSWORD, Provider
from tests.support.visits import page, person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio

ELDER = 'class="elder"'


async def log_in(someone: Browserless, username: str) -> str:
    """The page after the login."""
    form = page(await someone.open("/login")).form_with("password")
    assert form is not None
    return page(await someone.submit(form, username=username, password=PASSWORD)).text


async def test_the_mode_is_kept_with_the_account_and_wins_on_a_new_device(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as at_home:
        await at_home.open("/me/security?elder=1")
    async with visitor(house) as new_device:
        assert ELDER not in page(await new_device.open("/login")).text
        assert ELDER in await log_in(new_device, username)
    async with signed_in(house, username) as at_home:
        await at_home.open("/me/security?elder=0")
    async with visitor(house) as another_device:
        assert ELDER not in await log_in(another_device, username)


async def test_a_device_whose_mode_was_chosen_keeps_it(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as at_home:
        await at_home.open("/me/security?elder=1")
    async with visitor(house) as of_the_family:
        await of_the_family.open("/?elder=0")
        assert ELDER not in await log_in(of_the_family, username)


async def test_what_somebody_chose_before_logging_in_is_not_kept_for_who_logs_in(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as shared:
        await shared.open("/?elder=1")
        assert ELDER in await log_in(shared, username)
    assert [
        dict(row) for row in await sql(house, "select elder_mode from accounts where username = ?", username)
    ] == [{"elder_mode": 0}]


async def test_in_the_elder_mode_the_text_message_comes_first_and_the_rest_on_request(
    house: Provider,
) -> None:
    async with visitor(house) as someone:
        shown = page(await someone.open("/login?elder=1")).text
        assert shown.index("/login/sms?") < shown.index('name="username"')
        assert shown.index("/login/sms?") < shown.index("<details>") < shown.index("/login/qr?")


async def test_in_the_elder_mode_the_navigation_is_short_and_says_that_there_is_no_hurry(
    house: Provider,
) -> None:
    async with signed_in(house) as someone:
        shown = page(await someone.open("/me/security?elder=1")).text
        navigation, _, rest = shown.partition("<details>")
        assert len(re.findall(r"<li><a ", navigation)) == 6
        assert 'href="/me/events"' in rest
        assert "30 分钟没有操作会自动退出" in shown
