import pytest

from tests.clients.stage import config, stage

pytestmark = pytest.mark.anyio


async def test_a_page_that_needs_more_asks_for_it() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.provider.level = 3
        assert (await on.visit("/vault")).text == "the vault"
        first, second = on.provider.asked("/authorize")
        assert "acr_values" not in first
        assert second["acr_values"] == "urn:zhanhe:acr:level:3"


async def test_whose_login_is_strong_enough_is_not_asked_again() -> None:
    async with stage() as on:
        on.provider.level = 3
        await on.visit("/me")
        assert (await on.visit("/vault")).text == "the vault"
        assert len(on.provider.asked("/authorize")) == 1


async def test_who_stays_below_is_told_what_to_do_and_not_sent_in_circles() -> None:
    async with stage() as on:
        await on.visit("/me")
        page = await on.visit("/vault")
        assert page.status_code == 403
        assert "需要 3 级实名认证" in page.text
        assert "达到的是 2 级" in page.text
        assert "/login?next=%2Fvault&amp;level=3" in page.text
        asked = len(on.provider.asked("/authorize"))
        assert (await on.step("/vault")).status_code == 403
        assert len(on.provider.asked("/authorize")) == asked
        assert (await on.step("/me")).status_code == 200


async def test_who_has_raised_their_level_can_try_again() -> None:
    async with stage() as on:
        await on.visit("/vault")
        on.provider.level = 3
        assert (await on.visit("/login?next=/vault&level=3")).text == "the vault"


async def test_a_system_may_ask_for_a_level_at_every_login() -> None:
    async with stage(config(level=2)) as on:
        await on.visit("/me")
        assert on.provider.asked("/authorize")[0]["acr_values"] == "urn:zhanhe:acr:level:2"


@pytest.mark.parametrize("level", ["5", "-1", "two", "２", ""])
async def test_a_made_up_level_is_not_asked_for(level: str) -> None:
    async with stage() as on:
        await on.visit(f"/login?level={level}")
        assert "acr_values" not in on.provider.asked("/authorize")[0]
