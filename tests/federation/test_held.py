"""A platform is sure of somebody whose certificate stands on a weaker account: they show that it is theirs, or not.

Through the pages, on both databases: what either answer makes of both accounts, and what each side is told.
"""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pyotp
import pytest

from idp.accounts.model import Account
from tests.federation.trial import NAME, ZHANGSAN, Platform, came, federated
from tests.support import raw_sql
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import PASSWORD, Provider
from tests.support.logins import at
from tests.support.messages import messages_to
from tests.support.visits import SESSION_COOKIE, account_id, page, person, signed_in, tokens, visitor

pytestmark = pytest.mark.anyio
TAKEN, BOUND = "不再有实名等级", "更可靠的方式核验身份"
OWNER = {**ZHANGSAN, "level": "3"}
HELD = f"/upstream/{NAME}/held"
_phones = count(13_600_000_001)


@dataclass
class Stage:
    """A provider, a platform, and the account of whoever was first, with phone, password, session and offline grant."""

    house: Provider
    platform: Platform
    phone: str
    username: str
    id: str

    async def row(self, id_: str = "") -> Account:
        """An account as it is now."""
        row = await self.house.worker.counter.account(id_ or self.id)
        assert row is not None
        return row

    async def grants(self) -> int:
        """How many grants of the first account live."""
        query = f"SELECT id FROM grants WHERE account_id = '{self.id}' AND revoked_at IS NULL"  # noqa: S608
        return len(await asyncio.to_thread(raw_sql.rows, self.house.worker.settings.database, query))

    async def told(self, text: str) -> bool:
        """Whether the phone of whoever was first was told."""
        return any(text in message for message in await messages_to(self.house, self.phone))

    async def session(self, someone: Browserless) -> tuple[str, int]:
        """Whose session a browser has, and its level."""
        found = await self.house.worker.sessions.find(someone.client.cookies.get(SESSION_COOKIE))
        assert found is not None
        return found.account_id, found.real_name_level


@pytest.fixture
async def stage(migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database."""
    async with federated(tmp_path, database_url=migrated_url, message_sink=True) as (house, platform):
        phone = str(next(_phones))
        certificate = {"certificate_type": ZHANGSAN["type"], "certificate_number": ZHANGSAN["number"]}
        username = await person(house, level=1, phone=phone, phone_verified=True, **certificate)
        house.clock.forward(86_400)
        yield Stage(house, platform, phone, username, await account_id(house, username))


async def asked(stage: Stage, someone: Browserless) -> Page:
    """The question that the owner is asked."""
    shown = page(await came(someone, stage.platform, OWNER))
    assert "您的证件已在一个账号上登记" in shown.text, shown.text
    assert SESSION_COOKIE not in someone.client.cookies
    assert stage.phone[-4:] not in shown.text
    return shown


async def apart(someone: Browserless, shown: Page) -> Page:
    form = shown.form_with("ticket")
    assert form is not None
    return page(await someone.submit(form, decision="apart"))


async def to_login(someone: Browserless, shown: Page, **fields: str) -> Page:
    """By the page's own way to the login of the other account."""
    href = re.search(r'href="(/login\?[^"]*)"', shown.text)
    assert href is not None, shown.text
    form = page(await someone.open(html.unescape(href[1]))).form_with("password")
    assert form is not None
    return page(await someone.submit(form, **fields))


async def test_whoever_says_it_is_not_theirs_has_an_account_of_their_own(stage: Stage) -> None:
    client, secret = await stage.house.register(consent_required=False)
    async with signed_in(stage.house, stage.username) as squatter, visitor(stage.house) as owner:
        await tokens(stage.house, client, secret, squatter, scope="openid offline_access")
        await apart(owner, await asked(stage, owner))
        mine, level = await stage.session(owner)
        assert (mine != stage.id, level) == (True, 3)
        assert await stage.session(squatter) == (stage.id, 0)
    first, account = await stage.row(), await stage.row(mine)
    assert (first.certificate_index, first.real_name_level) == (None, 0)
    assert first.password_hash
    assert account.certificate_index is not None
    assert (account.password_hash, account.phone_index) == ("", None)
    assert await stage.told(TAKEN)
    async with visitor(stage.house) as again:
        await came(again, stage.platform, OWNER)
        assert await stage.session(again) == (mine, 3)


async def test_whoever_shows_that_it_is_theirs_joins_them_and_the_rest_goes(stage: Stage) -> None:
    client, secret = await stage.house.register(consent_required=False)
    async with signed_in(stage.house, stage.username) as other, visitor(stage.house) as owner:
        await tokens(stage.house, client, secret, other, scope="openid offline_access")
        shown = await to_login(owner, await asked(stage, owner), username=stage.username, password=PASSWORD)
        assert "那个账号是您的" in shown.text
        form = shown.form_with("ticket")
        assert form is not None
        await owner.submit(form, decision="join")
        assert await stage.session(owner) == (stage.id, 3)
        assert await stage.house.worker.sessions.find(other.client.cookies.get(SESSION_COOKIE)) is None
    after = await stage.row()
    assert (after.real_name_level, after.phone_index) == (3, None)
    assert after.password_hash
    assert await stage.grants() == 0
    assert await stage.told(BOUND)
    async with visitor(stage.house) as again:
        await came(again, stage.platform, OWNER)
        assert await stage.session(again) == (stage.id, 3)


async def test_a_second_factor_is_asked_for_before_both_become_one_and_stays(stage: Stage) -> None:
    totp = pyotp.TOTP(await stage.house.enrol_totp(stage.username))
    stage.house.clock.forward(60)
    async with visitor(stage.house) as owner:
        shown = await to_login(owner, await asked(stage, owner), username=stage.username, password=PASSWORD)
        form = shown.form_with("otp")
        assert form is not None, shown.text
        shown = page(await owner.submit(form, otp=at(stage.house, totp)))
        form = shown.form_with("ticket")
        assert form is not None
        await owner.submit(form, decision="join")
        assert await stage.session(owner) == (stage.id, 3)
    assert [factor.kind for factor in await stage.house.worker.factors.of_account(stage.id)] == ["totp"]


async def test_without_showing_it_nobody_joins(stage: Stage) -> None:
    other = await person(stage.house)
    async with visitor(stage.house) as owner:
        form = (await asked(stage, owner)).form_with("ticket")
        assert form is not None
        shown = page(await owner.submit(form, decision="join"))
        assert "去验证" in shown.text
        assert SESSION_COOKIE not in owner.client.cookies
        shown = await to_login(owner, shown, username=other, password=PASSWORD)
        assert "那个账号是您的" not in shown.text
        await owner.submit(form, decision="join")
    assert (await stage.row()).real_name_level == 1
    assert await stage.house.worker.links.of_account(stage.id) == []


async def test_an_arrival_is_decided_once_and_in_its_own_browser(stage: Stage) -> None:
    async with visitor(stage.house) as owner, signed_in(stage.house, stage.username) as squatter:
        shown = await asked(stage, owner)
        form = shown.form_with("ticket")
        assert form is not None
        ticket = form.fields["ticket"]
        stolen = page(await squatter.open(f"{HELD}?ticket={ticket}"))
        assert stolen.form_with("ticket") is None
        assert stolen.status == 400
        apart = [{**tab.fields, "decision": "apart"} for tab in form.in_tabs(5)]
        both = await asyncio.gather(*[owner.client.post(HELD, data=data) for data in apart])
        assert [answer.status_code for answer in both].count(303) == 1
    query = "SELECT id FROM accounts WHERE real_name_level = 3"
    assert len(await asyncio.to_thread(raw_sql.rows, stage.house.worker.settings.database, query)) == 1


async def test_a_forged_answer_decides_nothing(stage: Stage) -> None:
    async with visitor(stage.house) as owner:
        form = (await asked(stage, owner)).form_with("ticket")
        assert form is not None
        answer = await owner.client.post(HELD, data={"ticket": form.fields["ticket"], "decision": "apart"})
        assert answer.status_code == 400
    assert (await stage.row()).real_name_level == 1


@pytest.mark.parametrize("level", [2, 3])
async def test_who_proved_as_much_before_is_not_asked(stage: Stage, level: int) -> None:
    """As strong a proof of the same certificate is the same person."""
    number = "410411199001010031"
    certificate: dict[str, Any] = {"certificate_type": "111", "certificate_number": number}
    username = await person(stage.house, level=level, name="李四", **certificate)
    who = {**ZHANGSAN, "id": "u-2", "name": "李四", "number": number, "level": str(level)}
    async with visitor(stage.house) as someone:
        await came(someone, stage.platform, who)
        assert await stage.session(someone) == (await account_id(stage.house, username), level)
