"""A company: bound by its representative, its agent invited, accepted, acting; then revoked, and thrown out at once."""

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import (
    COMPANY,
    accept_invitation,
    act_for,
    agree_if_asked,
    at_home,
    bind_company,
    confirm,
    fill_password,
    invite_agent,
)
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio


async def test_bind_invite_accept_act_revoke(visitor: Visitor, town: Town) -> None:
    phone = town.phone()
    agent = town.newcomer(name="周九", phone=phone)
    representative = await at_home(visitor, town, town.representative())
    await bind_company(representative, town)
    await invite_agent(representative, town, agent.name, phone)
    assert COMPANY in await town.message(phone)

    page = await at_home(visitor, town, agent)
    await accept_invitation(page, town)
    await act_for(page, town, COMPANY)
    await page.goto(f"{town.credit}/login?next=/")
    await agree_if_asked(page)
    await expect(page.locator("#principal")).to_contain_text(COMPANY)
    await expect(page.locator("#principal")).to_contain_text(agent.name)

    await representative.reload()
    row = representative.locator("li", has_text=agent.name)
    await row.get_by_role("link", name="撤销").click()
    await expect(representative.locator("dl.facts")).to_contain_text(agent.name)
    await confirm(representative)
    await expect(representative.locator(".notice")).to_contain_text("已撤销")

    await page.goto(town.credit)
    await expect(page.locator("#login")).to_be_visible()
    await page.goto(f"{town.issuer}/me/mandates")
    await expect(page.locator("[name=password]")).to_be_visible()
    await fill_password(page, agent)
    await expect(page.locator("main")).not_to_contain_text(f"接受 {COMPANY}")
    await page.goto(f"{town.issuer}/acting")
    await expect(page.get_by_label(COMPANY, exact=True)).to_have_count(0)


async def test_a_company_of_somebody_else_is_not_bound(visitor: Visitor, town: Town) -> None:
    page = await at_home(visitor, town, town.representative())
    await page.goto(f"{town.issuer}/me/organizations/bind")
    await page.fill("[name=unified_social_credit_code]", "91410411MA0000007X")
    await page.fill("[name=name]", "湛河示例科技有限公司")
    await page.get_by_role("button", name="核对并绑定").click()
    await expect(page.get_by_role("alert")).to_be_visible()
