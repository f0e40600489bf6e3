"""Client libraries of other people at their defaults, each in a small application, against a running provider."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.conformance.foreign import (
    AUTHLIB,
    EXPRESS,
    MOD_AUTH_OPENIDC,
    MOZILLA,
    OIDC_CLIENT_TS,
    PASSPORT,
    SOCIAL,
    SPRING,
    Running,
    running,
)
from tests.conformance.visit import Visit
from tests.support.instance import Account, Instance
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

NAME = "张三"
EMAIL = "lisi@example.test"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A provider on SQLite, as `./dev run` has it."""
    made = Instance.create(tmp_path_factory.mktemp("provider"))
    with made.process():
        yield made


@pytest.fixture(scope="module")
def account(instance: Instance) -> Account:
    """Somebody with a mail address, by which mozilla-django-oidc tells people apart."""
    return instance.create_account("lisi", "--email", EMAIL)


@pytest.fixture
async def visit(instance: Instance, account: Account) -> AsyncIterator[Visit]:
    """A browser that was never here before."""
    async with Visit(instance.issuer, account) as begun:
        yield begun


async def test_express_openid_connect(instance: Instance, account: Account, visit: Visit) -> None:
    with running(EXPRESS, instance) as application:
        await logs_in(visit, application)
        assert (await seen(visit, application.home))["sub"] == account.account_id
        profile = await seen(visit, f"{application.url}/userinfo")
        assert (profile["name"], profile["email"]) == (NAME, EMAIL)
        await logs_out(visit, application)


async def test_express_openid_connect_hears_of_a_logout_elsewhere(instance: Instance, visit: Visit) -> None:
    with running(EXPRESS, instance) as application:
        await logs_in(visit, application)
        await visit.end_everything()
        await eventually(lambda: forgotten(visit, application))


async def test_passport_openidconnect(instance: Instance, account: Account, visit: Visit) -> None:
    with running(PASSPORT, instance) as application:
        await logs_in(visit, application)
        profile = await seen(visit, application.home)
        assert profile == {"sub": account.account_id, "name": NAME, "email": EMAIL}
        await logs_out(visit, application)


async def test_mozilla_django_oidc(instance: Instance, visit: Visit) -> None:
    with running(MOZILLA, instance) as application:
        await logs_in(visit, application)
        assert await seen(visit, application.home) == {"email": EMAIL}
        await logs_out(visit, application)


async def test_social_auth(instance: Instance, account: Account, visit: Visit) -> None:
    with running(SOCIAL, instance) as application:
        await logs_in(visit, application)
        profile = await seen(visit, application.home)
        assert profile == {
            "sub": account.account_id,
            "username": account.username,
            "name": NAME,
            "email": EMAIL,
        }
        await logs_out(visit, application)


async def test_authlib_with_a_private_key(instance: Instance, account: Account, visit: Visit) -> None:
    with running(AUTHLIB, instance) as application:
        await logs_in(visit, application)
        profile = await seen(visit, application.home)
        assert (profile["sub"], profile["name"], profile["email"]) == (account.account_id, NAME, EMAIL)
        await logs_out(visit, application)


async def test_mod_auth_openidc(instance: Instance, account: Account, visit: Visit) -> None:
    with running(MOD_AUTH_OPENIDC, instance) as application:
        await logs_in(visit, application)
        assert await seen(visit, application.home) == {
            "remote_user": f"{account.account_id}@{instance.issuer}",
            "sub": account.account_id,
            "name": NAME,
            "email": EMAIL,
        }
        await logs_out(visit, application)


async def test_mod_auth_openidc_hears_of_a_logout_elsewhere(instance: Instance, visit: Visit) -> None:
    with running(MOD_AUTH_OPENIDC, instance) as application:
        await logs_in(visit, application)
        await visit.end_everything()
        await eventually(lambda: forgotten(visit, application))


async def test_spring_security(instance: Instance, account: Account, visit: Visit) -> None:
    with running(SPRING, instance) as application:
        await logs_in(visit, application)
        assert await seen(visit, application.home) == {"sub": account.account_id, "name": NAME}
        await logs_out(visit, application)


async def test_spring_security_hears_of_a_logout_elsewhere(instance: Instance, visit: Visit) -> None:
    with running(SPRING, instance) as application:
        await logs_in(visit, application)
        await visit.end_everything()
        await eventually(lambda: forgotten(visit, application))


async def test_oidc_client_ts_in_a_browser(instance: Instance, account: Account, page: Page) -> None:
    with running(OIDC_CLIENT_TS, instance) as application:
        await eventually(
            lambda: _is_admitted(instance, application.home)
        )  # a worker hears of it within a second
        shown = page.locator("#seen")
        await page.goto(application.home)
        await expect(shown).to_have_text("null")
        await log_in_by_hand(page, account)
        await expect(shown).to_contain_text('"profile"')
        claims = json.loads(await shown.inner_text())
        assert claims["profile"]["sub"] == claims["userinfo"]["sub"] == account.account_id
        await page.click("#renew")
        await expect(shown).to_contain_text('"renewed":true')
        assert json.loads(await shown.inner_text())["userinfo"] == claims["userinfo"]
        await page.click("#logout")
        await expect(shown).to_have_text("null")
        assert page.url.startswith(application.goodbye)
        await log_in_by_hand(page, account)
        await expect(shown).to_contain_text('"profile"')


async def _is_admitted(instance: Instance, home: str) -> bool:
    """Whether a page of this application may read the provider's metadata."""
    parts = urlsplit(home)
    async with httpx2.AsyncClient() as client:
        url = f"{instance.issuer}/.well-known/openid-configuration"
        answer = await client.get(url, headers={"origin": f"{parts.scheme}://{parts.netloc}"})
    return "access-control-allow-origin" in answer.headers


async def log_in_by_hand(page: Page, account: Account) -> None:
    """From the application's page through login and consent, which a page on loopback asks for each time."""
    await page.click("#login")
    await page.fill("[name=username]", account.username)
    await page.fill("[name=password]", account.password)
    await page.click("main button[type=submit]")
    await page.click("button[value=allow]")


async def logs_in(visit: Visit, application: Running) -> None:
    """With a password and a consent, and back at a page of the application that answers."""
    here = await visit.open(application.login, application.begins_by)
    assert (here.status_code, visit.asked) == (200, ["password", "consent"]), application.process.last_lines()
    assert str(here.url).startswith(application.url)
    assert not await forgotten(visit, application), (
        f"{here.url}: {here.text}\n{application.process.last_lines()}"
    )


async def seen(visit: Visit, page: str) -> Any:
    """What the application says of the person; nothing is asked of them for it."""
    asked = list(visit.asked)
    answer = (await visit.open(page)).json()
    assert visit.asked == asked
    return answer


async def logs_out(visit: Visit, application: Running) -> None:
    """Without a question, since the ID token says who it is; the next login needs the password again."""
    asked = list(visit.asked)
    here = await visit.leave(application.logout)
    assert str(here.url.copy_with(query=None)).rstrip("/") == application.goodbye.rstrip("/")
    assert visit.asked == asked
    assert await forgotten(visit, application)
    await visit.open(application.login, application.begins_by)
    assert visit.asked[len(asked) :] == ["password"]


async def forgotten(visit: Visit, application: Running) -> bool:
    """Whether the application knows the person no longer."""
    here = await visit.peek(application.home)
    return here.has_redirect_location or here.json() is None
