"""A line with 900 ms latency, each form tapped twice, where a session exists: a step-up, real names, the counter."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.slow_line import Slow, logged_in, newcomer, slow
from tests.journeys.steps import ALLOW
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.anyio

KNOWN = ("阿卜杜拉·买买提", "410411199001010031")
"""Of the simulated registers; nobody else's in these journeys."""
PRESENT = ("林慢生", "E00880099")
PASSPORT = "414"


async def step_up_for_a_system(page: Page, town: Town) -> Slow:
    """On a trusted device the password was enough; a system asks for a level that takes the second factor."""
    person = await newcomer(town, level=3, totp=True)
    line = await slow(page)
    await page.goto(f"{town.issuer}/login")
    await line.fill(username=person.username, password=person.password)
    await line.tap()
    await line.fill(otp=person.code())
    await page.check("[name=trust]")
    await line.tap()
    await page.goto(f"{town.issuer}/end_session")
    await line.tap("button[value=logout]")
    await page.goto(f"{town.issuer}/login")
    await line.fill(username=person.username, password=person.password)
    await line.tap()
    await expect(page).to_have_url(f"{town.issuer}/")
    await page.goto(f"{town.portal}/login?next=/me&level=3")
    await line.fill(otp=person.next_code())
    await line.tap()
    await line.tap(ALLOW)
    await expect(page).to_have_url(f"{town.portal}/me")
    await expect(page.locator("main")).to_contain_text("动态口令")
    return line


async def step_up_for_the_own_account(page: Page, town: Town) -> Slow:
    """Whoever came by a code to the phone alone shows the password before the account is changed."""
    phone = town.phone()
    person = await newcomer(town, phone=phone)
    line = await slow(page)
    await page.goto(f"{town.issuer}/login/sms")
    await line.fill(phone=phone)
    await line.tap()
    await line.fill(code=await town.code(phone))
    await line.tap()
    await line.tap("button[value=enter]")
    await expect(page).to_have_url(f"{town.issuer}/")
    await page.goto(f"{town.issuer}/me/security/totp")
    await line.fill(password=person.password)
    await line.tap()
    await expect(page).to_have_url(f"{town.issuer}/me/security/totp")
    await expect(page.locator("[name=otp]")).to_be_visible()
    return line


async def real_name(page: Page, town: Town) -> Slow:
    """Name and number compared, then confirmed in the app: two levels, one after the other."""
    person = await newcomer(town, level=0, phone=town.phone())
    await logged_in(page, town, person)
    line = await slow(page)
    name, number = KNOWN
    await page.goto(f"{town.issuer}/me/real-name/check")
    await line.fill(name=name, certificate_number=number)
    await line.tap()
    await expect(page.locator("dl.facts")).to_contain_text("1 级（最高 4 级）")
    await page.goto(f"{town.issuer}/me/real-name/network")
    await line.tap()
    app = await page.context.new_page()
    href = await page.locator("ol.steps a").get_attribute("href")
    await app.goto(str(href))
    await app.select_option("[name=number]", number)
    await app.click("[value=confirm]")
    await line.fill(answer=await app.input_value("#result"))
    await line.tap()
    await expect(page.locator("dl.facts")).to_contain_text("3 级（最高 4 级）")
    return line


async def staff(page: Page, town: Town) -> Slow:
    """Somebody of the staff, at the counter."""
    person: Person = await asyncio.to_thread(town.staff, "counter")
    await logged_in(page, town, person)
    line = await slow(page)
    await page.goto(f"{town.issuer}/counter")
    return line


async def registered_at_the_counter(page: Page, town: Town, other: Page, own: Page) -> Slow:
    """The one enters who is present, whose own phone confirms the number; the other confirms who it is."""
    phone = town.phone()
    first, second, present = await asyncio.gather(staff(page, town), staff(other, town), slow(own))
    name, number = PRESENT
    await page.goto(f"{town.issuer}/counter/register")
    await page.select_option("[name=certificate_type]", PASSPORT)
    await first.fill(name=name, certificate_number=number, phone=phone)
    await page.check("[name=seen]")
    await first.tap()
    await own.goto(await page.inner_text("main code"))
    await present.fill(code=await town.code(phone))
    await present.tap()
    await expect(own.get_by_role("status")).to_contain_text("已确认")
    await first.tap(page.get_by_role("button", name="查看结果"))
    await first.tap(page.get_by_role("button", name="继续办理"))
    await expect(page.get_by_role("status")).to_contain_text("已登记")
    await other.goto(f"{town.issuer}/counter/queue")
    await second.tap(
        other.locator("main section", has_text=name).get_by_role("button", name="人证一致，确认")
    )
    await expect(other.get_by_role("status")).to_contain_text("立即生效")
    first.refused += second.refused + present.refused
    assert second.sent_twice()
    assert present.sent_twice()
    return first


async def acting_at_the_counter(page: Page, town: Town) -> Slow:
    """For somebody who is present, until it is ended; the session of the staff is back."""
    citizen, line = await asyncio.gather(newcomer(town, name="何慢来"), staff(page, town))
    await page.goto(f"{town.issuer}/counter/act")
    await line.fill(identifier=citizen.username)
    await line.tap()
    await page.check("[name=seen]")
    await line.tap(page.get_by_role("button", name="开始代办"))
    await expect(page.locator("#principal")).to_have_text("何慢来")
    await page.goto(town.issuer)
    await line.tap(page.get_by_role("button", name="结束代办"))
    await expect(page.get_by_role("status")).to_contain_text("代办已结束")
    await page.goto(f"{town.issuer}/counter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("政务服务窗口")
    return line


async def test_every_step_inside_on_a_slow_line_with_every_form_tapped_twice(
    visitor: Visitor, town: Town
) -> None:
    async def tab() -> Page:
        return await (await visitor()).new_page()

    lines = await asyncio.gather(
        step_up_for_a_system(await tab(), town),
        step_up_for_the_own_account(await tab(), town),
        real_name(await tab(), town),
        registered_at_the_counter(await tab(), town, await tab(), await tab()),
        acting_at_the_counter(await tab(), town),
    )
    assert [line.refused for line in lines] == [[]] * len(lines)
    assert all(line.sent_twice() for line in lines)
