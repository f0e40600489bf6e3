"""The same of a running program: what its processes leave on disk, logs first, after a day with failures in it.

What stays out of the search is named in `OF_OTHERS`: `messages.jsonl` stands for the telephones of the people and
exists in demonstrations and tests alone; the simulated authorities are not ours, and know people by name.
"""

import asyncio
import json
import re
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pyotp
import pytest

from idp.authentication.phone.registration import TERMS_VERSION
from tests.resilience.leaks import dumped, found, sent
from tests.resilience.live import Live, live
from tests.support.browserless import Browserless
from tests.support.instance import ROOT, Account
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process
from tests.support.town import bind, invite
from tests.support.visits import form, page

pytestmark = pytest.mark.anyio

OF_OTHERS = {"messages.jsonl", "authorities.log"}
NEWCOMER, MOBILE, NUMBER = "欧阳春", "13800000001", "410411199001010015"  # 张三's, whom the authorities know
LISI, HELPED, UNKNOWN = "13800000002", "13800000092", "13800000094"
PASSPORT, CARD, HELPED_NAME = "E00000001", "910411199001010013", "玛丽亚示例"
PHONES, NUMBERS = (MOBILE, LISI, HELPED, UNKNOWN), (NUMBER, PASSPORT, CARD)
NAMES = (NEWCOMER, "张三", "李四", HELPED_NAME)
PASSWORD = "another horse 88"


@dataclass
class Day:
    """A running provider and the authorities that it asks."""

    running: Live
    authorities: str
    staff: dict[str, Account]

    async def code(self, phone: str, more_than: int = 0) -> str:
        """The six digits that a phone was sent last, once it has more messages than that."""
        for _ in range(200):
            texts = self.texts(phone)
            if len(texts) > more_than:
                (digits,) = re.findall(r"(?<!\d)\d{6}(?!\d)", texts[-1])
                return str(digits)
            await asyncio.sleep(0.05)
        raise AssertionError("no message came")

    def texts(self, phone: str) -> list[str]:
        """What a phone was sent so far."""
        sink = self.running.instance.folder / "messages.jsonl"
        lines = map(json.loads, sink.read_text("utf-8").splitlines() if sink.exists() else [])
        return [line["text"] for line in lines if line["to"] == phone]

    async def member(self, username: str) -> Browserless:
        """Somebody of the staff, with both factors."""
        browser, account = self.running.browser(), self.staff[username]
        asked = await sent(browser, "/login", "password", username=username, password=account.password)
        await browser.submit(form(asked, "otp"), otp=pyotp.TOTP(account.totp_secret).now())
        return browser


@pytest.fixture(params=["sqlite + sql", "postgresql + redis"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of both combinations that are run by more than one."""
    if request.param == "sqlite + sql":
        return {"database_url": f"sqlite:///{tmp_path / 'idp.sqlite3'}", "key_value_url": "sql"}
    names = {"database_url": "postgres_url", "key_value_url": "redis_url"}
    return {setting: request.getfixturevalue(fixture) for setting, fixture in names.items()}


@pytest.fixture
async def day(stores: dict[str, str], tmp_path: Path) -> AsyncIterator[Day]:
    """It has not begun."""
    port, secret = free_port(), secrets.token_urlsafe()
    url, settings = f"http://{LOOPBACK}:{port}", {name.upper(): value for name, value in stores.items()}
    for name in ("POPULATION", "LICENCE"):
        settings |= {f"{name}_URL": url, f"{name}_APP_ID": "demo", f"{name}_SECRET": secret}
    command = (sys.executable, "-m", "tests.authorities", "--port", str(port))
    environment = {"AUTHORITY_SECRET": secret}
    authorities = Process(command, port, tmp_path / "authorities.log", environment, directory=ROOT)
    async with live(tmp_path, (), (), MESSAGE_SINK="true", **settings) as running:
        try:
            instance = running.instance
            staff = {name: instance.create_account(name, "--totp") for name in ("zhaoliu", "sunqi")}
            for name in staff:
                instance.command("account", "role", "add", name, "counter", "--division", "410411")
            with authorities.start():
                running.processes[0].start()
                yield Day(running, url, staff)
        finally:
            running.processes[0].kill()


async def register(day: Day) -> None:
    """By SMS; then the population service is away, says no, says yes."""
    someone = day.running.browser()
    asked = await sent(someone, "/login/sms", "phone", phone=MOBILE)
    await someone.submit(form(asked, "code"), code="000000")
    details = page(await someone.submit(form(asked, "code"), code=await day.code(MOBILE)))
    typed = {"name": NEWCOMER, "new_password": PASSWORD}
    await someone.submit(form(details, "new_password"), terms=TERMS_VERSION, **typed)
    facts = {"name": "张三", "certificate_type": "111", "certificate_number": NUMBER}
    async with httpx2.AsyncClient(base_url=day.authorities) as control:
        for mode in ("500", "garbage"):
            (await control.post("/control", data={"population": mode})).raise_for_status()
            away = await sent(someone, "/me/real-name/check", "certificate_number", **facts)
            assert away.status == 503
        (await control.post("/control", data={"population": "ok"})).raise_for_status()
    await sent(someone, "/me/real-name/check", "certificate_number", **facts | {"name": NEWCOMER})
    done = await sent(someone, "/me/real-name/check", "certificate_number", **facts)
    assert "张三" in done.text


async def guess(day: Day) -> None:
    """Numbers as usernames, in addresses, in headers, in bodies that are none; a recovery by who is nobody."""
    stranger = day.running.browser()
    for name in (*PHONES, *NUMBERS, *NAMES):
        await sent(stranger, "/login", "password", username=name, password="wrong password")
    asked = await sent(stranger, "/recover/password", "phone", phone=UNKNOWN)
    details = page(await stranger.submit(form(asked, "code"), code=await day.code(UNKNOWN)))
    facts = {"name": "张三", "certificate_number": NUMBER, "new_password": PASSWORD}
    await stranger.submit(form(details, "certificate_number"), **facts)
    client, base = stranger.client, day.running.instance.issuer
    for path in (
        f"/nothing/{MOBILE}",
        f"/login?login_hint={MOBILE}",
        f"/login/sms?phone={MOBILE}&name={NEWCOMER}",
    ):
        await client.get(base + path, headers={"referer": f"{base}/?number={NUMBER}", "user-agent": NUMBER})
    await client.post(f"{base}/token", data={"username": MOBILE, "password": NUMBER, "grant_type": NUMBER})
    await client.post(f"{base}/login", content=NUMBER.encode(), headers={"content-type": MOBILE})


async def represent(day: Day) -> None:
    """lisi binds a company and invites somebody by phone."""
    who = ("--name", "李四", "--level", "2", "--phone", LISI, "--phone-verified", "--certificate-type", "414")
    account = day.running.instance.create_account("lisi", *who, "--certificate-number", PASSPORT)
    lisi = day.running.browser()
    await sent(lisi, "/login", "password", username="lisi", password=account.password)
    bound = await bind(lisi)
    assert bound.status == 200
    (company,) = set(re.findall(r"/me/organizations/details\?id=([\w-]+)", bound.text))
    await invite(lisi, f"/me/organizations/invite?id={company}", name="张三", phone=MOBILE)


async def serve(day: Day) -> None:
    """Two members of staff register somebody; the second looks for everybody."""
    one, two = await day.member("zhaoliu"), await day.member("sunqi")
    facts = {"name": HELPED_NAME, "certificate_type": "553", "certificate_number": CARD, "phone": HELPED}
    asked = await sent(one, "/counter/register", "name", seen="1", **facts)
    await one.submit(form(asked, "code"), code=await day.code(HELPED))
    confirmed = await sent(two, "/counter/queue", "decision", decision="confirm")
    assert confirmed.form_with("decision") is None
    assert (await sent(two, "/counter/accounts", "identifier", identifier=CARD)).form_with(
        "reason"
    ) is not None
    for identifier in (*PHONES, *NUMBERS, "\0", "'\"<"):
        await sent(two, "/counter/accounts", "identifier", identifier=identifier)


def on_disk(folder: Path) -> dict[str, bytes]:
    """Every file of ours by its name."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in OF_OTHERS]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


async def test_nothing_that_a_running_provider_leaves_holds_a_number_or_a_phone(
    day: Day, stores: dict[str, str], tmp_path: Path
) -> None:
    for lived in (register, guess, represent, serve):
        await lived(day)
    assert len(day.texts(HELPED)) == 1
    day.running.processes[0].stop()
    left = await asyncio.to_thread(on_disk, tmp_path)
    assert b"population" in left["serve.log"]  # it is the log of that day that is read
    kept = [*dumped(stores), *left.items()]
    assert [one for place, content in kept for one in found([*PHONES, *NUMBERS], place, content)] == []
    logs = [(place, content) for place, content in kept if place == "serve.log" or place.startswith("redis")]
    assert [one for place, content in logs for one in found(list(NAMES), place, content)] == []
