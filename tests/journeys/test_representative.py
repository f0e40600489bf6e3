"""A company's legal representative changes: every mandate rests, whoever acted is thrown out, the new one decides."""

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import (
    accept_invitation,
    act_for,
    agree_if_asked,
    at_home,
    confirm,
    fill_password,
    invite_agent,
)
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.anyio

CODE, COMPANY = "91410411MA0000040C", "湛河示例文化有限公司"
BEFORE, AFTER = ("何一", "414", "E00000041"), ("何二", "414", "E00000042")


def somebody(town: Town, name: str, kind: str, number: str) -> Person:
    """A person whom the register will know as a representative."""
    return town.newcomer(name=name, phone=town.phone(), certificate=(kind, number))


async def bind(page: Page, town: Town) -> None:
    """Whoever the register has as the representative binds the company."""
    await page.goto(f"{town.issuer}/me/organizations/bind")
    await page.fill("[name=unified_social_credit_code]", CODE)
    await page.fill("[name=name]", COMPANY)
    await page.get_by_role("button", name="核对并绑定").click()
    await expect(page.locator(".notice")).to_contain_text("已绑定")


async def acting_agent(visitor: Visitor, town: Town, name: str, by: Page) -> tuple[Page, Person]:
    """Somebody whom the company asked, who accepted and is in a system in its name."""
    phone = town.phone()
    agent = town.newcomer(name=name, phone=phone)
    await invite_agent(by, town, name, phone)
    page = await at_home(visitor, town, agent)
    await accept_invitation(page, town)
    await enter_for_the_company(page, town)
    return page, agent


async def enter_for_the_company(page: Page, town: Town) -> None:
    """Into the credit system in its name."""
    await act_for(page, town, COMPANY)
    await page.goto(f"{town.credit}/login?next=/")
    await agree_if_asked(page)
    await expect(page.locator("#principal")).to_contain_text(COMPANY)


async def test_a_change_of_the_representative_suspends_all_mandates(visitor: Visitor, town: Town) -> None:
    old = await at_home(visitor, town, somebody(town, *BEFORE))
    await bind(old, town)
    kept, keeper = await acting_agent(visitor, town, "周十", old)
    left, leaver = await acting_agent(visitor, town, "周十一", old)

    changed = dict(zip(("representative", "certificate_type", "certificate_number"), AFTER, strict=True))
    httpx2.post(f"{town.authorities}/register/change", data={"code": CODE, **changed}).raise_for_status()
    new = await at_home(visitor, town, somebody(town, *AFTER))
    await bind(new, town)

    for page, agent in ((kept, keeper), (left, leaver)):  # thrown out of the system and of the user centre
        await page.goto(town.credit)
        await expect(page.locator("#login")).to_be_visible()
        await page.goto(f"{town.issuer}/acting")
        await fill_password(page, agent)
        await expect(page.locator("h1")).to_be_visible()
        await expect(page.get_by_label(COMPANY, exact=True)).to_have_count(0)
    await old.goto(f"{town.issuer}/me/organizations")
    await expect(old.get_by_role("link", name="管理授权")).to_have_count(0)

    await new.get_by_role("link", name="管理授权").click()
    waiting = new.locator("ul[aria-labelledby=pending] > li")
    await expect(waiting).to_have_count(2)
    for agent, decision in ((keeper, "恢复"), (leaver, "撤销")):
        await (
            waiting.filter(has=new.get_by_text(agent.name, exact=True))
            .get_by_role("link", name=decision)
            .click()
        )
        await confirm(new)
        await expect(new.locator(".notice")).to_be_visible()
    await expect(waiting).to_have_count(0)

    await enter_for_the_company(kept, town)
    await left.goto(f"{town.issuer}/acting")
    await expect(left.get_by_label(COMPANY, exact=True)).to_have_count(0)
