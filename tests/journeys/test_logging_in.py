"""What can go wrong between a person and a password, and how the pages help."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.journeys.conftest import Visitor
from tests.journeys.steps import agree_if_asked, fill_code, fill_password, log_in, log_out
from tests.journeys.town import Person, Town
from tests.support.inprocess import PASSWORD, provider
from tests.support.ports import LOOPBACK, free_port
from tests.support.serving import served

pytestmark = pytest.mark.anyio


async def test_a_wrong_password_is_said_in_words_and_keeps_the_name(page: Page, town: Town) -> None:
    person = town.people["wangwu"]
    await page.goto(f"{town.portal}/me")
    await fill_password(page, person, "not this one")
    await expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
    await expect(page).to_have_title(re.compile("^错误："))
    name, password = page.locator("[name=username]"), page.locator("[name=password]")
    await expect(name).to_have_value(person.username)
    await expect(password).to_have_value("")
    await expect(password).to_be_focused()
    for field in (name, password):
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_accessible_description("用户名或密码不正确。")
    await log_in(page, person)
    await expect(page.locator("#name")).to_have_text(person.name)


async def test_an_unknown_name_is_answered_like_a_wrong_password(page: Page, town: Town) -> None:
    await page.goto(f"{town.issuer}/login")
    await page.fill("[name=username]", "nobody-of-this-name")
    await page.fill("[name=password]", "not this one")
    await page.click("main button[type=submit]")
    await expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")


async def test_empty_fields_are_asked_for(page: Page, town: Town) -> None:
    await page.goto(f"{town.issuer}/login")
    await page.click("main button[type=submit]")
    await expect(page.locator("[name=username]")).to_be_focused()
    await expect(page.locator("[name=username]:invalid")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)  # the browser spoke, nothing was sent
    await page.evaluate("document.forms[0].noValidate = true")  # a browser that does not check
    await page.click("main button[type=submit]")
    await expect(page.get_by_role("alert")).to_have_text("请输入用户名和密码。")
    await expect(page.locator("[name=username]")).to_be_focused()


async def test_the_one_time_password_follows_the_password_and_works_once(page: Page, town: Town) -> None:
    person = town.newcomer(totp=True)
    await page.goto(f"{town.portal}/me")
    await fill_password(page, person)
    await fill_code(page, person.wrong_code())
    await expect(page.get_by_role("alert")).to_contain_text("验证码不正确")
    field = page.locator("[name=otp]")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    used = person.code()
    await fill_code(page, used)
    await agree_if_asked(page)
    await expect(page.locator("main")).to_contain_text("密码、动态口令")

    await log_out(page)
    await page.goto(f"{town.portal}/me")
    await fill_password(page, person)
    await fill_code(page, used)
    await expect(page.get_by_role("alert")).to_contain_text("验证码不正确或已使用过")
    await page.get_by_role("link", name="换一个账号登录").click()
    await log_in(page, town.people["zhangsan"])
    await expect(page.locator("#name")).to_have_text("张三")


async def test_an_old_login_form_still_leads_on(page: Page, town: Town) -> None:
    await page.goto(f"{town.portal}/me")
    await page.context.clear_cookies(name=re.compile("^zhanhe"))
    await fill_password(page, town.people["zhangsan"])
    await expect(page.get_by_role("alert")).to_have_text("页面已过期，请重新登录。")
    await fill_password(page, town.people["zhangsan"])
    await agree_if_asked(page)
    await expect(page).to_have_url(f"{town.portal}/me")
    await expect(page.locator("#me")).to_be_visible()


async def test_a_browser_that_keeps_no_cookies_is_told_so_at_once(page: Page, tmp_path: Path) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    async with provider(tmp_path, issuer=url, demo=True) as house:
        await house.open_account("zhangsan")
        async with served(Cookieless(house.dispatcher), url):
            await page.goto(f"{url}/login")
            await fill_password(page, Person("zhangsan", "张三", PASSWORD, None))
            await expect(page.get_by_role("heading", level=1)).to_have_text("需要允许 Cookie")
            await expect(page.locator("main")).to_contain_text("请在浏览器设置里允许本站使用 Cookie")
            await page.get_by_role("link", name="回到首页").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("一次登录，办全区的事")
            await page.goto("about:blank")


class Cookieless:
    """A provider as a browser sees it that keeps no cookies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without(message: Message) -> None:
            headers = message.get("headers", [])
            kept = [header for header in headers if header[0].lower() != b"set-cookie"]
            await send({**message, "headers": kept} if headers else message)

        await self._app(scope, receive, without)


async def test_the_pages_speak_english_from_the_switch_on(page: Page, town: Town) -> None:
    await page.goto(f"{town.portal}/me")
    await page.get_by_role("link", name="English").click()
    html, heading = page.locator("html"), page.get_by_role("heading", level=1)
    await expect(html).to_have_attribute("lang", "en")
    await expect(heading).to_have_text("Sign in")
    await fill_password(page, town.people["zhangsan"], "not this one")
    await expect(page.get_by_role("alert")).to_contain_text("password")
    await expect(html).to_have_attribute("lang", "en")
    await log_in(page, town.people["zhangsan"])
    await page.goto(town.issuer)
    await expect(html).to_have_attribute("lang", "en")
    assert not re.search("[\u4e00-\u9fff]", (await page.locator("dl").inner_text()))
    await page.get_by_role("link", name="中文").click()
    await expect(heading).to_have_text("张三，您好")


async def test_everything_works_without_javascript(visitor: Visitor, town: Town) -> None:
    page = await (await visitor(java_script_enabled=False)).new_page()
    person = town.newcomer(totp=True)
    await page.goto(f"{town.portal}/me")
    await fill_password(page, person, "not this one")
    await expect(page.get_by_role("alert")).to_be_visible()
    await log_in(page, person)
    await expect(page.locator("#name")).to_have_text(person.name)
    await log_out(page)


async def test_the_keyboard_alone_is_enough(page: Page, town: Town) -> None:
    person = town.newcomer()
    await page.goto(f"{town.portal}/me")
    await expect(page.locator("[name=username]")).to_be_focused()
    await page.keyboard.type(person.username)
    await page.keyboard.press("Tab")
    await page.keyboard.type(person.password)
    await page.keyboard.press("Enter")
    await tab_to(page, "button[value=allow]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#name")).to_have_text(person.name)
    await tab_to(page, "#logout")
    await page.keyboard.press("Space")
    await expect(page.locator("#logged-out")).to_be_visible()


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus; at every stop the focus can be seen."""
    goal = page.locator(selector)
    await expect(goal).to_be_visible()
    await page.wait_for_load_state()  # the style sheet too
    for _ in range(20):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(VISIBLE_FOCUS)
        assert stop["contrast"] >= 3, stop  # WCAG 2.2 §1.4.11
        assert stop["width"] >= 2, stop
        if await goal.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


VISIBLE_FOCUS = """() => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const element = document.activeElement, style = getComputedStyle(element);
  let behind = element.parentElement;
  while (behind.parentElement && numbers(getComputedStyle(behind).backgroundColor)[3] === 0)
    behind = behind.parentElement;
  const pair = [style.outlineColor, getComputedStyle(behind).backgroundColor].map(c => light(numbers(c)));
  return {
    what: element.outerHTML.slice(0, 100),
    width: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    contrast: (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05),
  };
}"""
