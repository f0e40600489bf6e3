"""Each one-time form tapped twice, at two workers at once and again: one answer, one effect, on every storage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pyotp
import pytest

from idp.accounts.model import NewAccount
from idp.accounts.service import Accounts
from idp.authentication.phone.registration import TERMS_VERSION
from tests.resilience.conftest import Storage
from tests.resilience.flows import System, person
from tests.support import raw_sql
from tests.support.browserless import Browserless, Callback, Form, Page
from tests.support.inprocess import ISSUER, PASSWORD, Clock, Provider, provider
from tests.support.logins import codes_of
from tests.support.messages import last_code, messages_to
from tests.support.visits import page

pytestmark = pytest.mark.anyio

NEW_PHONE, PHONE = "13800000077", "13800000078"


@dataclass
class Stage:
    """Workers that share one storage, and somebody at a browser."""

    storage: Storage
    providers: list[Provider]
    browser: Browserless
    system: System
    totp: pyotp.TOTP

    def count(self, what: str, where: str = "1 = 1") -> int:
        """How many rows there are."""
        query = f"SELECT count(*) AS number FROM {what} WHERE {where}"  # noqa: S608
        return int(raw_sql.rows(self.storage.database_url, query)[0]["number"])

    def events(self, name: str) -> int:
        """How many audit lines of an event."""
        return self.count("audit_events", f"event = '{name}'")

    def otp(self) -> str:
        """What the authenticator app shows; the step before is over."""
        clock = self.providers[0].clock
        clock.forward(31)
        return self.totp.at(int(clock.now))

    async def send(self, number: int, cookies: str, form: Form, fields: dict[str, str]) -> httpx2.Response:
        """To a worker, with cookies of some moment, keeping none of the answer."""
        house = self.providers[number % len(self.providers)]
        async with house.machine("198.51.100.7") as client:
            return await client.post(
                form.action,
                data={**form.fields, **fields},
                headers={"accept": "text/html", "origin": ISSUER, "cookie": cookies},
            )

    async def twice(self, here: Page | Callback, field: str, **fields: str) -> Page | Callback:
        """Tap the button again and again: with the cookies of before at once, later, and with those of the answer."""
        form = page(here).form_with(field)
        assert form is not None, page(here).text
        before = self.browser.cookie_header()
        answers = list(await asyncio.gather(*[self.send(n, before, form, fields) for n in range(4)]))
        # The last to answer may be the first that asked: what it keeps is kept when it has answered.
        answers.append(await self.send(1, before, form, fields))
        answers.append(await self.send(1, after(before, answers[0]), form, fields))
        for each in answers:
            assert (each.status_code, each.content) == (answers[0].status_code, answers[0].content)
            assert each.headers.multi_items() == answers[0].headers.multi_items()
        return await self.browser.submit(form, **fields)

    async def consents(self, here: Page) -> list[str]:
        """Tap on yes again and again; the codes that the system would see."""
        form = here.form_with("decision")
        assert form is not None, here.text
        cookies, yes = self.browser.cookie_header(), {"decision": "allow"}
        answers = list(await asyncio.gather(*[self.send(n, cookies, form, yes) for n in range(4)]))
        answers.append(await self.send(1, cookies, form, yes))
        return [str(httpx2.URL(answer.headers["location"]).params["code"]) for answer in answers]


def after(cookies: str, answer: httpx2.Response) -> str:
    """The Cookie header of a browser that got this answer."""
    jar = dict(pair.split("=", 1) for pair in cookies.split("; "))
    for header in answer.headers.get_list("set-cookie"):
        name, _, value = header.split(";")[0].partition("=")
        jar[name] = value
        if "max-age=0" in header.lower():
            del jar[name]
    return "; ".join(f"{name}={value}" for name, value in jar.items())


@pytest.fixture
async def stage(storage: Storage, tmp_path: Path) -> AsyncIterator[Stage]:
    """Everything set up: 张三 has a password, a phone and an authenticator app."""
    clock = Clock()
    stores: dict[str, Any] = {"database_url": storage.database_url, "key_value_url": storage.key_value_url}
    async with AsyncExitStack() as stack:
        providers = [
            await stack.enter_async_context(
                provider(tmp_path, twice=False, clock=clock, message_sink=True, **stores)
            )
            for _ in range(storage.workers)
        ]
        client, secret = await providers[0].register(consent_required=True)
        base, hasher = providers[0].worker.base, providers[0].worker.hasher
        account = NewAccount(
            username="zhangsan", name="张三", level=2, password_hash="", phone=PHONE, phone_verified=True
        )
        await Accounts(base, hasher).open(account, "test", PASSWORD)
        totp = pyotp.TOTP(await providers[0].enrol_totp())
        for each in providers:
            await each.worker.revisions.refresh()
        http = await stack.enter_async_context(providers[0].machine())
        browser = person(ISSUER, await stack.enter_async_context(providers[0].browser()))
        yield Stage(storage, providers, browser, System(client.client_id, secret or "", http), totp)


async def test_a_login_by_password_and_one_time_code_and_the_consent(stage: Stage) -> None:
    here = await stage.browser.open(stage.system.authorize_url())
    here = await stage.twice(here, "password", username="zhangsan", password=PASSWORD)
    here = await stage.twice(here, "otp", otp=stage.otp())
    assert stage.count("sessions") == 1
    assert stage.events("login.succeeded") == 1
    codes = await stage.consents(page(here))
    assert len(set(codes)) == len(codes)
    for code in codes:  # a system may have used the first of which the browser never heard
        assert (await stage.system.redeem(code)).status_code == 200
    assert stage.events("consent.given") == 1
    here = await stage.browser.open("/me/mandates/helper")
    here = await stage.twice(here, "phone", name="李四", phone=NEW_PHONE)
    assert "done=" in page(here).url
    assert stage.count("mandates") == 1


async def test_a_registration_by_phone(stage: Stage) -> None:
    here = await stage.twice(await stage.browser.open("/register"), "phone", phone=NEW_PHONE)
    assert len(await messages_to(stage.providers[0], NEW_PHONE)) == 1
    here = await stage.twice(here, "code", code=await last_code(stage.providers[0], NEW_PHONE))
    here = await stage.twice(here, "new_password", terms=TERMS_VERSION, name="李四", new_password="")
    assert page(here).status == 200
    assert stage.count("accounts") == 2
    assert stage.count("sessions") == 1
    await stage.twice(await stage.browser.open("/"), "csrf")


async def test_a_login_by_phone_and_a_recovery_code(stage: Stage) -> None:
    house = stage.providers[0]
    code, *_ = await codes_of(house, "zhangsan")
    before = stage.count("sessions")
    here = await stage.twice(await stage.browser.open("/login/sms"), "phone", phone=PHONE)
    assert len(await messages_to(house, PHONE)) == 2  # that there are recovery codes now was told
    here = await stage.twice(here, "code", code=await last_code(house, PHONE))
    here = await stage.twice(here, "decision", decision="enter")
    here = await stage.browser.open("/login/otp?way=recovery")
    here = await stage.twice(here, "otp", otp=code)
    assert page(here).status == 200
    assert stage.count("sessions") == before + 1
    assert stage.count("authenticators", "kind = 'recovery_code'") == 9


async def test_a_wrong_code_is_one_guess_and_the_right_one_is_still_good(stage: Stage) -> None:
    here = await stage.browser.open("/login")
    here = await stage.twice(here, "password", username="zhangsan", password=PASSWORD)
    right = stage.otp()
    for wrong in ("000001", "000002", "000003", "000004"):
        here = await stage.twice(here, "otp", otp=wrong)
        assert page(here).status == 401
    here = await stage.twice(here, "otp", otp=right)
    assert page(here).status == 200
    assert stage.count("sessions") == 1
