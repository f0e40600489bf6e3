"""A provider that browsers reach, and authenticators in them."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, expect

from tests.support.inprocess import PASSWORD, Provider

CREATE, USE = "创建通行密钥", "使用通行密钥"


@dataclass
class House:
    """A provider that browsers reach, and somebody at one of them."""

    provider: Provider
    url: str
    context: BrowserContext
    page: Page

    async def log_in(self) -> None:
        """By password."""
        await self.page.goto(f"{self.url}/login")
        await self.page.fill("[name=username]", "zhangsan")
        await self.page.fill("[name=password]", PASSWORD)
        await self.page.click("form button[type=submit]")

    async def log_out(self) -> None:
        """Everywhere."""
        await self.page.goto(f"{self.url}/end_session")
        await self.page.click("button[value=logout]")
        await expect(self.page.get_by_role("heading", level=1)).to_have_text("您已退出登录")

    async def is_in(self) -> None:
        """The overview greets the person."""
        await expect(self.page).to_have_url(f"{self.url}/")
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text("张三")

    async def make_passkey(self) -> None:
        """On the page of the own account."""
        await self.page.goto(f"{self.url}/me/security/passkey")
        await self.page.get_by_role("button", name=CREATE).click()
        await expect(self.page.get_by_role("status")).to_have_text("已添加。")


async def authenticator(house: House, **changes: Any) -> tuple[CDPSession, str]:
    """Give the browser an authenticator with fingerprint; where to speak to it, and its id."""
    devtools = await house.context.new_cdp_session(house.page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **changes,
    }
    made = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]
