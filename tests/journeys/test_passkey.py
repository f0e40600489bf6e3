"""Passkeys as Chromium has them: made, used as the whole login and as the second step, cancelled, removed.

The provider is one of the test's own under the name localhost: browsers make no passkeys for an address.
"""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.examiner import RULES
from tests.journeys.passkeys import USE, House, authenticator

pytestmark = pytest.mark.anyio


async def violations(page: Page) -> list[str]:
    """What axe finds."""
    await page.evaluate(Axe().axe_script)
    found = await page.evaluate("rules => axe.run(document, rules)", RULES)
    return [violation["id"] for violation in found["violations"]]


async def test_a_passkey_is_made_and_then_is_the_whole_login(house: House) -> None:
    devtools, key = await authenticator(house)
    await house.log_in()
    await house.make_passkey()
    assert await violations(house.page) == []
    stored = await devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})
    assert [each["rpId"] for each in stored["credentials"]] == ["localhost"]
    await house.log_out()

    await house.page.goto(f"{house.url}/login")
    await house.page.get_by_role("link", name="用通行密钥登录").click()
    await expect(house.page.get_by_role("button", name=USE)).to_be_visible()
    assert await violations(house.page) == []
    await house.page.get_by_role("button", name=USE).click()
    await house.is_in()

    await house.log_out()
    await house.page.goto(f"{house.url}/login")
    first = house.page.locator(".ways a").first
    await expect(first).to_contain_text("上次使用")
    await expect(first).to_contain_text("通行密钥")


async def test_a_passkey_is_the_second_step_after_a_password(house: House) -> None:
    await authenticator(house)
    await house.log_in()
    await house.make_passkey()
    await house.log_out()
    await house.log_in()
    await expect(house.page.get_by_role("heading", level=1)).to_have_text("第二步验证")
    await house.page.get_by_role("link", name=USE).click()
    await house.page.get_by_role("button", name=USE).click()
    await house.is_in()


async def test_who_cancels_or_has_none_may_try_again(house: House) -> None:
    devtools, key = await authenticator(house)
    await house.log_in()
    await house.make_passkey()
    await house.log_out()
    await devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    await house.page.goto(f"{house.url}/login/passkey")
    button = house.page.get_by_role("button", name=USE)
    await button.click()
    await expect(house.page.get_by_role("alert")).to_contain_text("没有完成")
    await expect(button).to_be_enabled()
    await devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    await button.click()
    await house.is_in()


async def test_a_removed_passkey_lets_nobody_in(house: House) -> None:
    await authenticator(house)
    await house.log_in()
    await house.make_passkey()
    await house.log_out()
    await house.log_in()
    await house.page.get_by_role("link", name=USE).click()
    await house.page.get_by_role("button", name=USE).click()
    await house.is_in()
    await house.page.goto(f"{house.url}/me/security")
    await house.page.get_by_role("link", name="移除").click()
    await house.page.get_by_role("button", name="移除").click()
    await expect(house.page.get_by_role("status")).to_have_text("已移除。")
    await house.log_out()
    await house.page.goto(f"{house.url}/login/passkey")
    await house.page.get_by_role("button", name=USE).click()
    await expect(house.page.get_by_role("alert")).to_contain_text("没有通过验证")


async def test_without_a_script_other_ways_are_offered(visitor: Visitor, house: House) -> None:
    page = await (await visitor(java_script_enabled=False)).new_page()
    await page.goto(f"{house.url}/login/passkey")
    await expect(page.locator("noscript p")).to_contain_text("通行密钥需要浏览器允许运行脚本")
    await expect(page.get_by_role("button", name=USE)).to_have_count(0)
    await page.get_by_role("link", name="用密码登录").click()
    await expect(page.locator("[name=password]")).to_be_visible()
    await page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_phone_lets_the_computer_in_by_picture(visitor: Visitor, house: House, scripts: bool) -> None:
    await house.log_in()
    computer = await (await visitor(java_script_enabled=scripts)).new_page()
    await computer.goto(f"{house.url}/login/qr")
    number = await computer.locator(".number").inner_text()
    if scripts:
        assert await violations(computer) == []
    cookies = {each["name"]: each["value"] for each in await computer.context.cookies()}
    await house.page.goto(f"{house.url}/qr?id={cookies['zhanhe-qr']}")
    assert await violations(house.page) == []
    await expect(computer.get_by_role("status")).to_contain_text("已扫描")
    await house.page.get_by_role("button", name=number, exact=True).click()
    await expect(house.page.get_by_role("heading", level=1)).to_have_text("已确认")
    await expect(computer.get_by_role("heading", level=1)).to_contain_text("张三")
    await computer.context.close()
