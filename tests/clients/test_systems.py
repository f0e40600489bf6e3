import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from clients.common.people import level_words, masked_certificate, masked_phone
from clients.common.settings import About, BadSettings, Settings, read_settings
from clients.credit import app as credit
from clients.portal import app as portal
from tests.clients.fake_provider import SECRET, FakeProvider
from tests.clients.making import CLIENT_ID, ISSUER, SYSTEM, Clock, sources
from tests.clients.stage import browser

pytestmark = pytest.mark.anyio

ENVIRONMENT = {
    "SYSTEM_ISSUER": ISSUER,
    "SYSTEM_CLIENT_ID": CLIENT_ID,
    "SYSTEM_CLIENT_SECRET": SECRET,
    "SYSTEM_URL": SYSTEM,
    "SYSTEM_HOST": "127.0.0.1",
    "SYSTEM_PORT": "8101",
    "SYSTEM_SECRET": "s" * 32,
    "SYSTEM_PEER_URL": "http://127.0.0.1:8102",
}
PERSON = {
    "sub": "person-1",
    "name": "张三",
    "preferred_username": "zhangsan",
    "phone_number": "13800000001",
    "phone_number_verified": True,
    "real_name_level": 2,
    "certificate_type": "111",
    "certificate_number": "410411199001010015",
}
Build = Callable[..., Starlette]
BOTH = pytest.mark.parametrize(
    ("about", "build"), [(portal.ABOUT, portal.build), (credit.ABOUT, credit.build)]
)


@asynccontextmanager
async def opened(
    about: About, build: Build, level: int = 2
) -> AsyncIterator[tuple[httpx2.AsyncClient, FakeProvider]]:
    clock = Clock()
    provider = FakeProvider(clock, person=dict(PERSON), level=level)
    app = build(settings(about), sources=sources(clock), transport=provider.transport())
    async with browser(app, provider) as client:
        client.base_url = httpx2.URL(SYSTEM)
        client.follow_redirects = True
        yield client, provider


def settings(about: About, **changes: str) -> Settings:
    return read_settings(ENVIRONMENT | changes, about)


@BOTH
async def test_the_home_page_offers_the_login(about: About, build: Build) -> None:
    async with opened(about, build) as (client, _):
        page = await client.get("/")
    assert page.status_code == 200
    assert about.title in page.text
    assert re.search(r'id="login" href="/login\?next=/?', page.text)
    assert 'id="logout"' not in page.text
    assert 'href="http://127.0.0.1:8102"' in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@BOTH
async def test_my_page_shows_what_the_system_received_with_masks(about: About, build: Build) -> None:
    async with opened(about, build) as (client, _):
        page = await client.get("/me")
        home = await client.get("/")
    assert page.status_code == 200
    for shown in (
        "张三",
        "zhangsan",
        "138****0001（已验证）",
        "4104************15",
        "居民身份证",
        "2 级（实名核验）",
    ):
        assert shown in page.text
    for hidden in ("13800000001", "410411199001010015", "access_", "zrt_"):
        assert hidden not in page.text
    assert 'id="logout"' in home.text
    assert 'id="login"' not in home.text
    assert home.headers["cache-control"] == "no-store"


@BOTH
async def test_each_system_asks_for_its_scopes(about: About, build: Build) -> None:
    async with opened(about, build) as (client, provider):
        await client.get("/me")
    (asked,) = provider.asked("/authorize")
    assert asked["scope"] == about.scope
    assert ("acr_values" in asked) == (about.level > 0)


@BOTH
async def test_logging_out_shows_that_it_worked(about: About, build: Build) -> None:
    async with opened(about, build) as (client, _):
        home = await client.get("/login?next=/")
        (csrf,) = re.findall(r'name="csrf" value="([^"]+)"', home.text)
        page = await client.post("/logout", data={"csrf": csrf})
    assert 'id="logged-out"' in page.text
    assert 'id="login"' in page.text


@BOTH
async def test_a_page_that_does_not_exist_says_so(about: About, build: Build) -> None:
    async with opened(about, build) as (client, _):
        page = await client.get("/nowhere")
        style = await client.get("/static/style.css")
        health = await client.get("/health")
    assert page.status_code == 404
    assert "没有这个页面" in page.text
    assert style.status_code == 200
    assert health.json() == {"status": "ok"}


@BOTH
async def test_a_provider_that_is_down_leaves_the_home_page_up(about: About, build: Build) -> None:
    async with opened(about, build) as (client, provider):
        provider.down = True
        assert (await client.get("/")).status_code == 200
        page = await client.get("/me")
    assert page.status_code == 503
    assert "统一身份认证暂时无法使用" in page.text
    assert about.title in page.text


async def test_a_service_is_filled_in_with_what_is_known() -> None:
    async with opened(portal.ABOUT, portal.build) as (client, _):
        page = await client.get("/services/housing-fund")
        nothing = await client.get("/services/nothing")
    assert "住房公积金" in page.text
    assert "138****0001" in page.text
    assert nothing.status_code == 404


async def test_the_credit_report_is_for_level_two() -> None:
    async with opened(credit.ABOUT, credit.build) as (client, _):
        page = await client.get("/report")
    assert "个人公共信用报告" in page.text
    assert "4104************15" in page.text
    assert "演示数据" in page.text


@pytest.mark.parametrize("path", ["/report", "/me"])
async def test_below_level_two_the_credit_system_says_what_to_do(path: str) -> None:
    async with opened(credit.ABOUT, credit.build, level=1) as (client, provider):
        page = await client.get(path)
        home = await client.get("/")
    assert page.status_code == 403
    assert "需要 2 级实名认证" in page.text
    assert "政务服务大厅" in page.text
    assert len(provider.asked("/authorize")) == 1
    assert 'id="level-notice"' in home.text
    assert 'id="logout"' in home.text


def test_all_that_is_wrong_with_the_settings_is_told_at_once(tmp_path: Path) -> None:
    bad = {
        "SYSTEM_ISSUER": "http://login.example",
        "SYSTEM_CLIENT_SECRET": SECRET,
        "SYSTEM_URL": f"{SYSTEM}/portal",
        "SYSTEM_HOST": "127.0.0.1",
        "SYSTEM_PORT": "http",
        "SYSTEM_SECRET": "sesame",
        "SYSTEM_CA_FILE": str(tmp_path / "none.pem"),
        "SYSTEM_TLS_CERT_FILE": __file__,
    }
    with pytest.raises(BadSettings) as raised:
        read_settings(bad, portal.ABOUT)
    told = str(raised.value)
    for name in ("ISSUER", "CLIENT_ID", "URL", "PORT", "SECRET", "CA_FILE", "TLS_KEY_FILE"):
        assert f"SYSTEM_{name}" in told
    assert "sesame" not in told
    assert SECRET not in told


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "https://", "https://a.example/?q", "https://[", "https://a:b"]
)
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(BadSettings, match="SYSTEM_URL"):
        settings(portal.ABOUT, SYSTEM_URL=url)


def test_systems_on_one_host_have_cookies_of_their_own() -> None:
    names = {
        settings(portal.ABOUT).config.name,
        settings(credit.ABOUT).config.name,
        settings(portal.ABOUT, SYSTEM_URL="http://127.0.0.1:9101").config.name,
        settings(portal.ABOUT, SYSTEM_URL="https://portal.example/").config.name,
    }
    assert names == {"portal-8101", "credit-8101", "portal-9101", "portal"}


def test_settings_show_no_secret() -> None:
    shown = repr(settings(portal.ABOUT))
    assert SECRET not in shown
    assert "s" * 32 not in shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [("410411199001010015", "4104************15"), ("E12345678", "E123***78"), ("12345", "*****"), ("", "")],
)
def test_a_certificate_number_is_masked(number: str, shown: str) -> None:
    assert masked_certificate(number) == shown


@pytest.mark.parametrize(("number", "shown"), [("13800000001", "138****0001"), ("1380000", "*******")])
def test_a_phone_number_is_masked(number: str, shown: str) -> None:
    assert masked_phone(number) == shown


@pytest.mark.parametrize(("level", "words"), [(0, "0 级（未实名）"), (9, "9 级")])
def test_a_level_has_words(level: Any, words: str) -> None:
    assert level_words(level) == words


@BOTH
async def test_whoever_acts_for_a_company_sees_so_on_every_page(about: About, build: Build) -> None:
    company = {
        "kind": "legal_person",
        "id": "company-1",
        "name": "湛河示例科技有限公司",
        "unified_social_credit_code": "91410411MA0000007X",
        "relation": "agent",
        "mandate_id": "mandate-1",
    }
    async with opened(about, build) as (client, provider):
        provider.changed_claims = {"principal": company, "act": {"sub": PERSON["sub"]}}
        mine = await client.get("/me")
        home = await client.get("/")
        page = await client.get("/services/household" if about is portal.ABOUT else "/report")
    for shown in (mine, home, page):
        assert "代表：湛河示例科技有限公司（经办人 张三）" in shown.text
    assert "91410411MA0000007X" in mine.text
    assert "91410411MA0000007X" in page.text


@BOTH
async def test_whoever_is_thrown_out_of_a_mandate_is_thrown_out_of_the_system(
    about: About, build: Build
) -> None:
    async with opened(about, build) as (client, provider):
        assert 'id="logout"' in (await client.get("/me")).text
        answer = await client.post("/backchannel-logout", data={"logout_token": provider.logout_token()})
        assert answer.status_code == 200
        assert 'id="logout"' not in (await client.get("/")).text
