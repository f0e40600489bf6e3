"""Which pages there are: every path with GET, what their links lead to, and the steps that only a form leads to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.async_api import Page, expect

from idp.demo.plan import authority_settings
from tests.journeys.examiner import Examiner
from tests.journeys.steps import ALLOW, agree_if_asked, fill_code, fill_password
from tests.journeys.town import Person, Town
from tests.support.inprocess import provider

LINKS = "[...document.querySelectorAll('main a[href]')].filter(a => a.target !== '_blank').map(a => a.href)"
EMPTY = (
    "document.querySelector("
    "'main form:has(input:is([type=text], [type=tel], [type=password], :not([type])):required)')"
)
"""A form that is refused when it is sent as it is."""
SEND_EMPTY = f"""(() => {{
  const form = {EMPTY};
  form.noValidate = true;
  form.querySelector('[type=submit]').click();
}})()"""


async def paths_with_get(folder: Path) -> list[str]:
    """Every path of every area that can be opened, as the demonstration has them."""
    named = authority_settings(8000, "a secret of nobody")
    options: dict[str, Any] = {name.removeprefix("IDP_").lower(): value for name, value in named.items()}
    async with provider(folder, demo=True, **options) as house:
        files = house.worker.site.pages.static_files()
        routes = house.dispatcher.routes
    return sorted(path for path, methods in routes.items() if "GET" in methods and path not in files)


async def explore(examiner: Examiner, town: Town, paths: list[str]) -> None:
    """Open each path and what the pages link to; what is no page for people is left.

    Links that differ only in an id are one. A form that asks for something is also sent empty.
    """
    page, waiting, opened = examiner.page, [town.issuer + path for path in paths], set[tuple[str, ...]]()
    while waiting:
        url = waiting.pop(0)
        parts = urlsplit(url)
        shape = (
            parts.path,
            *sorted(name + (value if name == "decision" else "") for name, value in parse_qsl(parts.query)),
        )
        if not url.startswith(f"{town.issuer}/") or shape in opened:
            continue
        opened.add(shape)
        answer = await page.goto(url)
        if answer is None or not answer.headers["content-type"].startswith("text/html"):
            continue
        if not page.url.startswith(f"{town.issuer}/"):  # it led to an upstream platform
            continue
        await examiner.look(parts.path)
        waiting += await page.evaluate(LINKS)
        if examiner.keyboard and await page.evaluate(f"{EMPTY} !== null"):
            async with page.expect_navigation():
                await page.evaluate(SEND_EMPTY)
            await examiner.look(f"{parts.path}, sent empty")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody new in town, at whose pages the examiner looks."""

    town: Town
    examiner: Examiner
    person: Person

    @property
    def page(self) -> Page:
        """The tab."""
        return self.examiner.page

    async def go(self, path: str) -> None:
        """Open a path of the provider."""
        await self.page.goto(self.town.issuer + path)

    async def look(self, place: str, landmark: str = "h1") -> None:
        """See `Examiner.look`."""
        await self.examiner.look(place, landmark)

    async def press(self, button: str = "main form button[type=submit]:visible >> nth=0") -> None:
        """The main button of the page, or another."""
        await self.page.click(button)

    async def log_in(self) -> None:
        """With both factors, at the user centre."""
        await self.go("/login")
        await fill_password(self.page, self.person)
        await fill_code(self.page, self.person.code())
        await self.page.wait_for_url(f"{self.town.issuer}/")


async def entering_a_system(visit: Visit) -> None:
    """From a system through password, code and consent, and out again."""
    page, person = visit.page, visit.person
    await visit.go("/nowhere")
    await visit.look("error")
    await page.goto(f"{visit.town.portal}/me")
    await visit.look("login", "[name=password]")
    await fill_password(page, person, "not this one")
    await visit.look("wrong password", "[role=alert]")
    await fill_password(page, person)
    await visit.look("one-time password", "[name=otp]")
    await fill_code(page, person.wrong_code())
    await visit.look("wrong one-time password", "[role=alert]")
    await fill_code(page, person.code())
    await visit.look("consent", ALLOW)
    await agree_if_asked(page)
    await visit.go("/me/systems")
    await visit.look("systems with one", "main details")
    await page.click("main .actions a")
    await visit.look("withdrawing")
    await visit.go("/end_session")
    await visit.look("logout", "button[value=stay]")
    await page.click("button[value=logout]")
    await visit.look("logged out", "ul.rows")


async def by_telephone(visit: Visit) -> None:
    """A number, a wrong code, the right one, and an account to be opened."""
    page, phone = visit.page, visit.town.phone()
    await visit.go("/login/sms")
    await page.fill("[name=phone]", "12345")
    await visit.press()
    await visit.look("wrong number", "[role=alert]")
    await page.fill("[name=phone]", phone)
    await visit.press()
    await visit.look("code by text message", "[name=code]")
    code = await visit.town.code(phone)
    await page.fill("[name=code]", f"{(int(code) + 1) % 1_000_000:06}")
    await visit.press()
    await visit.look("wrong code by text message", "[role=alert]")
    await page.fill("[name=code]", code)
    await visit.press()
    await visit.look("registration", "[name=terms]")
    await page.check("[name=terms]")
    await page.fill("[name=new_password]", "12345678")
    await visit.press()
    await visit.look("registration with a bad password", "[role=alert]")


async def whose_number(visit: Visit) -> None:
    """A number that has an account."""
    page, phone = visit.page, visit.town.phone()
    visit.town.newcomer(phone=phone)
    await visit.go("/login/sms")
    await page.fill("[name=phone]", phone)
    await visit.press()
    await page.fill("[name=code]", await visit.town.code(phone))
    await visit.press()
    await visit.look("whose account", "button[value=enter]")
    if await page.locator("button[value=ask]").count():
        await visit.press("button[value=ask]")
        await visit.look("the number has moved", "button[value=release]")


async def more_than_the_phone(visit: Visit) -> None:
    """Who came in by a code alone wants to change what protects the account."""
    page, phone = visit.page, visit.town.phone()
    person = visit.town.newcomer(phone=phone)
    await visit.go("/login/sms")
    await page.fill("[name=phone]", phone)
    await visit.press()
    await page.fill("[name=code]", await visit.town.code(phone))
    await visit.press()
    await visit.press("button[value=enter]")
    await page.wait_for_url(f"{visit.town.issuer}/")
    await visit.go("/me/security/totp")
    await visit.look("once more", "[name=certificate_number]")
    await page.fill("[name=password]", "not this one")
    await visit.press()
    await visit.look("not known", "[role=alert]")
    await page.fill("[name=password]", person.password)
    await visit.press()
    await expect(page.locator("[name=otp]")).to_be_visible()


async def recovering(visit: Visit) -> None:
    """The password is forgotten; the telephone is lost."""
    page, town, phone = visit.page, visit.town, visit.town.phone()
    await visit.go("/recover/password")
    await page.fill("[name=phone]", phone)
    await visit.press()
    await page.fill("[name=code]", await town.code(phone))
    await visit.press()
    await visit.look("what else proves it", "[name=new_password]")
    await page.fill("[name=new_password]", "another horse 88")
    await visit.press()
    await visit.look("not enough", "[role=alert]")
    await visit.go("/recover/phone")
    new = town.phone()
    for name, value in {"username": visit.person.username, "otp": visit.person.code(), "phone": new}.items():
        await page.fill(f"[name={name}]", value)
    await page.fill("[name=password]", visit.person.password)
    await visit.press()
    await visit.look("code to the new number", "[name=code]")
    await page.fill("[name=code]", await town.code(new))
    await visit.press()
    await visit.look("recovered")


async def protecting_the_account(visit: Visit) -> None:
    """Recovery codes, another app, removing one."""
    page = visit.page
    await visit.log_in()
    await visit.go("/me/security")
    await visit.look("with a second factor", "ul.rows")
    await page.click("form[action$=recovery-codes] button")
    await visit.look("recovery codes", ".codes")
    await visit.go("/me/security/totp")
    await page.fill("[name=otp]", "000000")
    await visit.press()
    await visit.look("wrong code of a new app", "[role=alert]")
    await visit.go("/me/security")
    await page.click("a[href*='/remove']")
    await visit.look("removing")


async def becoming_real(visit: Visit) -> None:
    """The forms of the verification, a mistake, the app."""
    page = visit.page
    await visit.log_in()
    for path in ("/me/real-name/check", "/me/real-name/network"):
        await visit.go(path)
        await visit.look(path)
        if await page.locator("[name=certificate_number]").count():
            await page.fill("[name=name]", "张三")
            await page.fill("[name=certificate_number]", "410411199001010016")
            await visit.press()
            await visit.look(f"{path}, wrong number", "[role=alert]")
            await page.fill("[name=certificate_number]", "410411199001010023")
        await visit.press()
        await visit.look(f"{path}, next")


async def reading_the_own_data(visit: Visit) -> None:
    """The copy to read, the cancellation asked for, sessions of two devices."""
    page = visit.page
    await visit.log_in()
    await visit.go("/me/data")
    await visit.press("button[value=read]")
    await visit.look("copy of the data")
    await visit.go("/me/cancellation")
    await page.fill("[name=username]", visit.person.username)
    await visit.press()
    await visit.look("cancellation asked for", ".asks")
    await visit.go("/")
    await visit.look("overview while it waits")


async def a_picture_to_scan(visit: Visit) -> None:
    """The computer's side, and the question on the telephone."""
    page = visit.page
    await visit.go("/login/qr")
    await visit.look("picture to scan", ".picture")
    await page.goto("about:blank")  # the script there would open the page anew without the cookie
    await page.context.clear_cookies(name="zhanhe-qr")
    await visit.log_in()
    await visit.go("/qr?id=nothing")
    await visit.look("a picture that lapsed")


async def a_firm_by_its_licence(visit: Visit) -> None:
    """The picture for the licence's app, and impatience."""
    await visit.go("/login")
    await fill_password(visit.page, visit.town.representative())
    await visit.page.wait_for_url(f"{visit.town.issuer}/")
    await visit.go("/me/organizations/licence")
    await visit.press()
    await visit.look("licence to scan", ".picture")
    await visit.press()
    await visit.look("not scanned yet", "[role=alert]")


async def at_the_counter(visit: Visit) -> None:
    """Somebody of the staff finds, registers, and asks a colleague."""
    page, town, phone = visit.page, visit.town, visit.town.phone()
    for role in ("counter", "supervisor"):
        town.command("account", "role", "add", visit.person.username, role)
    other = town.newcomer(name="周九")
    await visit.log_in()
    for path in ("/counter/accounts", "/counter/act", "/counter/verify", "/counter/recover"):
        await visit.go(path)
        await page.fill("[name=identifier]", other.username)
        await visit.press()
        await visit.look(f"{path}, found", "dl.facts")
    await visit.go("/counter/accounts")
    await page.fill("[name=identifier]", other.username)
    await visit.press()
    await page.click('a[href^="/counter/deceased"]')
    await visit.look("/counter/deceased", "[name=name]")
    await page.fill("[name=name]", "不是这个人")
    await page.fill("[name=reason]", "死亡证明 1 号")
    await visit.press()
    await visit.look("another name than that of the record", "[role=alert]")
    await visit.go("/counter/guardian")
    for name, who in {"child": other, "guardian": visit.person}.items():
        await page.fill(f"[name={name}]", who.username)
    await visit.press()
    await visit.look("/counter/guardian, found", "[name=papers]")
    await visit.go("/counter/register")
    for name, value in {"name": "周九", "certificate_number": "E12345678", "phone": phone}.items():
        await page.fill(f"[name={name}]", value)
    await page.select_option("[name=certificate_type]", "414")
    await page.check("[name=seen]")
    await visit.press()
    await visit.look("the person types the code", ".picture img")
    await expect(page.locator("[name=draft]")).to_have_count(2)
    own = await page.inner_text("main code")
    await page.click("main summary")
    await page.fill("[name=code]", "000000")
    await visit.press("main details button")
    await visit.look("wrong code at the counter", "[role=alert]")
    await page.goto(own)
    await visit.look("the person's own page", "[name=code]")
    await page.fill("[name=code]", "000000")
    await visit.press()
    await visit.look("wrong code on the person's own page", "[role=alert]")


Tour = Callable[[Visit], Awaitable[None]]
TOURS: tuple[Tour, ...] = (
    entering_a_system,
    by_telephone,
    whose_number,
    more_than_the_phone,
    recovering,
    protecting_the_account,
    becoming_real,
    reading_the_own_data,
    a_picture_to_scan,
    a_firm_by_its_licence,
    at_the_counter,
)
