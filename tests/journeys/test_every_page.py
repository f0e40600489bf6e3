"""Every page, in both modes and languages, at 320 px and 1280 px: axe finds nothing, and what axe cannot see holds."""

import pytest
from playwright.async_api import Page

from tests.journeys.conftest import Visitor
from tests.journeys.examiner import Examiner
from tests.journeys.places import TOURS, Tour, Visit, explore, paths_with_get
from tests.journeys.steps import bind_company, fill_code, fill_password, invite_agent
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.anyio

COMBINATIONS = [(lang, elder) for lang in ("zh-CN", "en") for elder in (False, True)]
WORDS = [f"{'elder' if elder else 'ordinary'}-{lang}" for lang, elder in COMBINATIONS]
ELSEWHERE = {
    "/login/otp": "entering_a_system",
    "/login/sms/account": "whose_number",
    "/login/known": "more_than_the_phone",
    "/register/details": "by_telephone",
    "/recover/details": "recovering",
    "/recover/phone/code": "recovering",
    "/me/security/remove": "protecting_the_account",
    "/me/systems/withdraw": "entering_a_system",
    "/register": "leads to /login/sms",
    "/authorize/resume": "leads to a system",
    "/consent": "leads to a system",
    "/login/passkey": "test_passkey.py",
}
"""Paths that show something else, or nothing, to who only opens them; and who comes to them by the right road."""


@pytest.fixture(scope="module")
async def paths(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every path of the provider that can be opened."""
    return await paths_with_get(tmp_path_factory.mktemp("routes"))


async def reader(visitor: Visitor, town: Town, lang: str, *, elder: bool) -> Examiner:
    """The browser of somebody who reads like this; the keyboard is tried in one language of each mode."""
    context = await visitor(locale=lang)
    page = await context.new_page()
    if elder:
        await page.goto(f"{town.issuer}/?elder=1")
    return Examiner(page, elder=elder, keyboard=(lang == "en") is elder)


async def log_in(page: Page, town: Town, person: Person) -> None:
    """At the user centre, with whatever the account asks for."""
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, person)
    if person.totp_secret:
        await fill_code(page, person.code())
    await page.wait_for_url(f"{town.issuer}/")


@pytest.fixture
async def agent(visitor: Visitor, town: Town) -> Person:
    """Somebody whom a company has just asked to act for it."""
    phone = town.phone()
    asked = town.newcomer(name="周九", phone=phone)
    page = await (await visitor()).new_page()
    await log_in(page, town, town.representative())
    await bind_company(page, town)
    await invite_agent(page, town, asked.name, phone)
    return asked


@pytest.mark.parametrize(("lang", "elder"), COMBINATIONS, ids=WORDS)
async def test_every_page_is_for_everybody(
    visitor: Visitor, town: Town, paths: list[str], agent: Person, lang: str, elder: bool
) -> None:
    found, seen, looked = list[str](), set[str](), set[tuple[str, str]]()
    for person, where in (
        (None, paths),
        (town.representative(), paths),
        (agent, ["/me/mandates", "/acting"]),
        (town.staff("counter", "supervisor"), [path for path in paths if path.startswith("/counter")]),
    ):
        examiner = await reader(visitor, town, lang, elder=elder)
        examiner.looked = looked
        if person is not None:
            await log_in(examiner.page, town, person)
        await explore(examiner, town, where)
        found += examiner.found
        seen |= examiner.seen
    pages = {path for path in paths if not path.startswith("/.well-known")} - MACHINES
    assert pages - seen - ELSEWHERE.keys() == set(), "nobody comes to these"
    assert not found, "\n".join(found)


MACHINES = {"/jwks", "/userinfo", "/authorize", "/login/qr/state"}


@pytest.mark.parametrize(("lang", "elder"), COMBINATIONS, ids=WORDS)
@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.__name__)
async def test_every_step_is_for_everybody(
    visitor: Visitor, town: Town, tour: Tour, lang: str, elder: bool
) -> None:
    examiner = await reader(visitor, town, lang, elder=elder)
    await tour(Visit(town, examiner, town.newcomer(totp=True)))
    assert not examiner.found, "\n".join(examiner.found)
