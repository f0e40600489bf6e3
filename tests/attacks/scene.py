"""What an attack is played on: a provider with a platform above it, on each database, and its rows as they stand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pyotp

from tests.federation.trial import Platform, federated
from tests.support import raw_sql
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import PASSWORD, Provider
from tests.support.messages import last_code
from tests.support.visits import SESSION_COOKIE, account_id, page, person

STRONG = ("pwd", "otp", "mfa")
_phones = count(13_500_000_001)
_certificates = count(70_000_001)


@dataclass
class Scene:
    """A provider, a platform, and where the rows can be seen."""

    house: Provider
    platform: Platform
    url: str
    postgresql: asyncpg.Connection | None
    """One of its own, since much is looked at."""

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """What a query finds."""
        if self.postgresql is not None:
            return [dict(row) for row in await self.postgresql.fetch(query)]
        return raw_sql.rows(self.url, query)

    async def execute(self, *statements: str) -> None:
        """Do to the database what no page does."""
        await asyncio.to_thread(raw_sql.execute, self.url, *statements)

    async def session(self, someone: Browserless) -> dict[str, Any] | None:
        """The live session of a browser: whose it is, and how strong."""
        found = await self.house.worker.sessions.find(someone.client.cookies.get(SESSION_COOKIE))
        return (
            None if found is None else {"account": found.account_id, "amr": found.amr, "level": found.level}
        )

    async def victim(self, **fields: Any) -> "Victim":
        """Somebody new with a certificate, a phone and a password."""
        phone, number = new_phone(), f"E{next(_certificates)}"
        certificate = {"certificate_type": "414", "certificate_number": number}
        known = {"name": "张三", "level": 3, "phone": phone, "phone_verified": True, **certificate, **fields}
        username = await person(self.house, **known)
        return Victim(self, username, await account_id(self.house, username), phone, number)


@dataclass
class Victim:
    """Whose account it is about."""

    scene: Scene
    username: str
    id: str
    phone: str
    number: str

    async def row(self) -> dict[str, Any]:
        """The account as it is now."""
        [row] = await self.scene.rows(f"SELECT * FROM accounts WHERE id = '{self.id}'")  # noqa: S608
        return row

    @property
    def upstream(self) -> dict[str, str]:
        """What a platform says of them."""
        return {"id": f"p-{self.number}", "name": "张三", "type": "414", "number": self.number, "level": "3"}

    async def totp(self) -> pyotp.TOTP:
        """A second factor of theirs from now on."""
        totp = pyotp.TOTP(await self.scene.house.enrol_totp(self.username))
        self.scene.house.clock.forward(60)
        return totp


def new_phone() -> str:
    """A number that nobody has."""
    return str(next(_phones))


@asynccontextmanager
async def played(folder: Path, url: str, **options: Any) -> AsyncIterator[Scene]:
    """Open one; `options` are settings."""
    settings: dict[str, Any] = {"message_sink": True, "sms_per_address": 10_000, **options}
    own = None if url.startswith("sqlite") else await asyncpg.connect(url)
    try:
        async with federated(folder, database_url=url, **settings) as (house, platform):
            yield Scene(house, platform, url, own)
    finally:
        if own is not None:
            await own.close()


def field(shown: Page, name: str) -> Form:
    """The form of a page that has a field or button."""
    form = shown.form_with(name)
    assert form is not None, shown.text
    return form


def form_to(shown: Page, path: str) -> Form:
    """The form of a page that posts to a path."""
    found = [form for form in shown.forms if form.action.partition("?")[0].endswith(path)]
    assert found, shown.text
    return found[0]


async def by_password(someone: Browserless, username: str, password: str = PASSWORD) -> Page:
    """Fill the login; the page after it."""
    form = field(page(await someone.open("/login")), "password")
    return page(await someone.submit(form, username=username, password=password))


async def by_sms(scene: Scene, someone: Browserless, phone: str, **fields: str) -> Page:
    """Log in with a code."""
    form = field(page(await someone.open("/login/sms")), "phone")
    form = field(page(await someone.submit(form, phone=phone)), "code")
    shown = page(await someone.submit(form, code=await last_code(scene.house, phone)))
    asked = shown.form_with("decision")
    return shown if asked is None else page(await someone.submit(asked, decision="enter", **fields))


async def answer_otp(scene: Scene, someone: Browserless, totp: pyotp.TOTP, **fields: str) -> Page:
    """Answer the second factor."""
    form = field(page(await someone.open("/login/otp")), "otp")
    return page(await someone.submit(form, otp=totp.at(int(scene.house.clock.now)), **fields))


def is_asked_for_otp(shown: Page) -> bool:
    """Whether the second factor is what is wanted next."""
    return shown.form_with("otp") is not None
