"""What people do again and again, in words; each step ends in a state, none waits for time to pass."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.town import Person, Town

ALLOW = "button[value=allow]"
DENY = "button[value=deny]"


async def fill_password(page: Page, person: Person, password: str | None = None) -> None:
    """Fill in the login form and send it."""
    await page.fill("[name=username]", person.username)
    await page.fill("[name=password]", password or person.password)
    await page.click("main button[type=submit]")


async def fill_code(page: Page, code: str) -> None:
    """Fill in the form for the one-time password and send it."""
    await page.fill("[name=otp]", code)
    await page.click("main button[type=submit]")


async def register_by_phone(page: Page, town: Town, phone: str, name: str = "", password: str = "") -> None:
    """From the start page to an account of one's own, by the code that the phone gets."""
    await page.goto(f"{town.issuer}/register")
    await send_phone_and_code(page, town, phone)
    await page.fill("[name=name]", name)
    await page.fill("[name=new_password]", password)
    await page.check("[name=terms]")
    await page.click("main button[type=submit]")
    await page.wait_for_url(f"{town.issuer}/")


async def send_phone_and_code(page: Page, town: Town, phone: str) -> None:
    """Fill in the form for a phone, then the one for what it was sent."""
    await page.fill("[name=phone]", phone)
    await page.click("main button[type=submit]:visible >> nth=0")
    await page.fill("[name=code]", await town.code(phone))
    await page.click("main button[type=submit]:visible >> nth=0")


async def agree_if_asked(page: Page) -> None:
    """Say yes on the consent page where there is one; end at the system."""
    system = page.locator("main#content")
    await expect(page.locator(ALLOW).or_(system)).to_be_visible()
    if await page.locator(ALLOW).is_visible():
        await page.click(ALLOW)
    await expect(system).to_be_visible()


async def log_in(page: Page, person: Person) -> None:
    """From the login form into the system behind it."""
    await fill_password(page, person)
    if person.totp_secret:
        await fill_code(page, person.code())
    await agree_if_asked(page)


async def enter_portal(page: Page, town: Town, person: Person) -> None:
    """Log in by way of the portal, from its home page."""
    await page.goto(town.portal)
    await page.click("#login")
    await log_in(page, person)
    await expect(page.locator("#name")).to_have_text(person.name)


async def enter_credit(page: Page, town: Town) -> None:
    """Open the credit system while logged in."""
    await page.goto(f"{town.credit}/login?next=/")
    await agree_if_asked(page)
    await expect(page.locator("#logout")).to_be_visible()


async def log_out(page: Page) -> None:
    """By the button of the system that the page belongs to."""
    await page.click("#logout")
    await expect(page.locator("#logged-out")).to_be_visible()


async def expect_nobody_anywhere(page: Page, town: Town) -> None:
    """Neither system nor the provider knows who sits here."""
    for system in (town.portal, town.credit):
        await page.goto(system)
        await expect(page.locator("#login")).to_be_visible()
        await expect(page.locator("#name")).to_have_count(0)
    await page.goto(town.issuer)
    await expect(page.get_by_role("heading", level=1)).to_have_text("一次登录，办全区的事")


COMPANY, COMPANY_CODE = "湛河示例港资有限公司", "91410411MA0000031E"
"""Of `Town.representative`, says the simulated register."""


async def confirm(page: Page) -> None:
    """Press the button that the question ends with."""
    await page.locator("main form button[type=submit]").first.click()


async def bind_company(page: Page, town: Town) -> None:
    """The representative, who is logged in, binds the company; where that was done before, it stays."""
    await page.goto(f"{town.issuer}/me/organizations")
    if await page.get_by_role("link", name="管理授权").count():
        return
    await page.get_by_role("link", name="填写登记信息").click()
    await page.fill("[name=unified_social_credit_code]", COMPANY_CODE)
    await page.fill("[name=name]", COMPANY)
    await page.get_by_role("button", name="核对并绑定").click()
    await expect(page.locator(".notice")).to_contain_text("已绑定")


async def invite_agent(page: Page, town: Town, name: str, phone: str) -> None:
    """The company asks somebody to act for it."""
    await page.goto(f"{town.issuer}/me/organizations")
    await page.get_by_role("link", name="管理授权").first.click()
    await page.get_by_role("link", name="邀请经办人").click()
    await page.fill("[name=name]", name)
    await page.fill("[name=phone]", phone)
    await page.get_by_role("button", name="发出邀请").click()
    await expect(page.locator(".notice")).to_contain_text("邀请已发出")


async def accept_invitation(page: Page, town: Town) -> None:
    """Whoever was asked says yes."""
    await page.goto(f"{town.issuer}/me/mandates")
    await page.get_by_role("link", name="接受").first.click()
    await confirm(page)
    await expect(page.locator(".notice")).to_be_visible()


async def act_for(page: Page, town: Town, principal: str) -> None:
    """Choose for whom one acts."""
    await page.goto(f"{town.issuer}/acting")
    await page.get_by_label(principal, exact=True).check()
    await page.get_by_role("button", name="确定").click()
    await expect(page.locator("#principal")).to_have_text(principal)


async def at_home(visitor: Visitor, town: Town, person: Person) -> Page:
    """The browser of somebody who has logged in at the user centre."""
    page = await (await visitor()).new_page()
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, person)
    await page.wait_for_url(f"{town.issuer}/")
    return page


async def at_the_counter(visitor: Visitor, town: Town, *roles: str) -> Page:
    """The browser of somebody of the staff, on the first page of the counter."""
    page, person = await (await visitor()).new_page(), town.staff(*roles)
    await page.goto(f"{town.issuer}/counter")
    await fill_password(page, person)
    await fill_code(page, person.code())
    await expect(page.get_by_role("heading", level=1)).to_have_text("政务服务窗口")
    return page


PROVINCE = "河南省统一身份认证（豫事办）"


async def to_the_province(page: Page, town: Town, *, for_a_company: bool = False) -> None:
    """From our login page to the province's."""
    await page.goto(f"{town.issuer}/login")
    label = f"用{PROVINCE}登录{'（企业）' if for_a_company else ''}"
    last = "（上次使用）"
    await page.get_by_role("link", name=re.compile(f"^{label}({last})?$")).click()
    await page.wait_for_url(f"{town.province}/henan/**")


async def consent_as(page: Page, label: str) -> None:
    """Log in there as somebody, and say yes."""
    await page.get_by_role("button", name=label).click()
    await page.get_by_role("button", name="同意授权").click()


@contextmanager
def province_away(town: Town, mode: str) -> Iterator[None]:
    """The province fails, until the end of the block."""
    town.tell_province(mode=mode)
    try:
        yield
    finally:
        town.tell_province(mode="ok")
