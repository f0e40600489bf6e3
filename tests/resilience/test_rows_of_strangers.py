"""What anonymous requests leave in the record: sums, whatever is asked and how often, on every storage."""

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.infrastructure import tally
from idp.infrastructure.database import DatabaseUnavailable
from idp.relying_parties.model import AuthMethod
from tests.resilience.conftest import Storage
from tests.support import raw_sql
from tests.support.inprocess import ISSUER, Clock, Provider, provider

pytestmark = pytest.mark.anyio

MANY = 100
STRANGER = "203.0.113.9"


@pytest.fixture
async def house(storage: Storage, tmp_path: Path) -> AsyncIterator[Provider]:
    """A worker on each storage."""
    urls: dict[str, Any] = {"database_url": storage.database_url, "key_value_url": storage.key_value_url}
    async with provider(
        tmp_path, twice=False, clock=Clock(), login_attempts_per_address=1_000_000, **urls
    ) as running:
        yield running


def rows(storage: Storage) -> int:
    """The lines of the record as they stand on disk, but for messages, which have budgets of their own."""
    query = "SELECT count(*) AS number FROM audit_events WHERE event NOT LIKE 'message.%'"
    return int(raw_sql.rows(storage.database_url, query)[0]["number"])


async def machine_doors(house: Provider) -> None:
    """A hundred requests at each endpoint that machines call, none of which proves who sends it."""
    public, _ = await house.register(
        token_endpoint_auth_method=AuthMethod.NONE, grant_types=["authorization_code"]
    )
    head = base64.b64encode(b"nobody:nothing").decode()
    code = {"grant_type": "authorization_code", "redirect_uri": "https://app.test/callback"}
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("/token", {"grant_type": "client_credentials"}, {"authorization": f"Basic {head}"}),
        ("/token", code | {"client_id": public.client_id, "code": "invented"}, {}),
        ("/introspect", {"token": "x", "client_id": "nobody", "client_secret": "x"}, {}),
        ("/revoke", {"token": "x"}, {"authorization": "Basic ???"}),
    ]
    async with house.machine(STRANGER) as machine:
        for path, form, headers in asked:
            for answer in await asyncio.gather(
                *[machine.post(path, data=form, headers=headers) for _ in range(MANY)]
            ):
                assert 400 <= answer.status_code < 500


async def authorize(house: Provider) -> None:
    """Requests with invented clients, and with a registered one but an invented redirect URI."""
    client, _ = await house.register()
    async with house.browser(STRANGER) as browser:
        for client_id in ("nobody", client.client_id):
            query = {"client_id": client_id, "redirect_uri": "https://evil.test", "response_type": "code"}
            for _ in range(MANY):
                assert (await browser.get("/authorize", params=query)).status_code == 400


async def pages(house: Provider) -> None:
    """Unknown names, another one each time, at the forms for people."""
    async with house.browser(STRANGER) as browser:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await browser.get("/login")).text)
        assert token is not None

        async def post(path: str, **fields: str) -> httpx2.Response:
            return await browser.post(path, data={"csrf": token[1], **fields}, headers={"origin": ISSUER})

        for number in range(MANY // 5):
            assert (await post("/login", username=f"nobody{number}", password="x")).status_code == 401
            lost = {"username": f"nobody{number}", "password": "x", "otp": "1", "phone": "13700000001"}
            assert (await post("/recover/phone", **lost)).status_code == 401
        sent = await post("/login/sms", phone="13900000001")
        ticket = httpx2.URL(sent.headers["location"]).params["ticket"]
        for _ in range(MANY):
            assert (await post("/login/sms", ticket=ticket, code="wrong")).status_code == 401
        for number in range(MANY):
            await post("/login/sms", phone=f"1390000{number:04}")


@pytest.mark.parametrize("door", [machine_doors, authorize, pages])
async def test_a_flood_leaves_a_handful_of_lines_that_tell_how_many_there_were(
    house: Provider, storage: Storage, door: Any
) -> None:
    before = rows(storage)
    await door(house)
    assert rows(storage) - before <= 1  # a client of the test was registered
    lines = [line for line in await everything(house) if line["address"] is not None]
    assert 1 <= len(lines) <= tally.MOST_OF_A_GROUP + 1
    assert {line["address"] for line in lines} == {STRANGER}
    counts = sum(json.loads(line["detail"]).get("count", 1) for line in lines)
    assert counts >= {machine_doors: 4 * MANY, authorize: 2 * MANY, pages: MANY + MANY // 5 * 2}[door]


async def test_what_was_refused_is_still_written_when_a_worker_ends(storage: Storage, tmp_path: Path) -> None:
    urls: dict[str, Any] = {"database_url": storage.database_url, "key_value_url": storage.key_value_url}
    async with provider(tmp_path, twice=False, **urls) as house, house.machine(STRANGER) as machine:
        for _ in range(3):
            await machine.post("/token", data={"grant_type": "x", "client_id": "nobody"})
    query = "SELECT event, address, detail FROM audit_events WHERE address IS NOT NULL"
    (line,) = raw_sql.rows(storage.database_url, query)
    detail = json.loads(line["detail"])
    assert (line["event"], line["address"], detail["count"]) == ("client.refused", STRANGER, 3)


async def test_addresses_without_number_and_reasons_without_number_are_bounded(house: Provider) -> None:
    refusals = Refusals(house.worker.base)
    for number in range(5 * tally.MOST_KINDS):
        address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
        refusals.note(AuditEvent(event=EventType.CLIENT_REFUSED, address=address, detail={"reason": "x"}))
    written = Counter(line["event"] for line in await everything(house))
    assert written["client.refused"] == tally.MOST_KINDS
    (others,) = [line for line in await everything(house) if line["event"] == EventType.REFUSALS_SUMMED]
    assert (others["address"], json.loads(others["detail"])) == (None, {"count": 4 * tally.MOST_KINDS})
    for number in range(100):
        detail = {"reason": f"{number}" * 5000}
        refusals.note(
            AuditEvent(event=EventType.TOKEN_REFUSED, address=f"2001:db8::{number:x}", detail=detail)
        )
    await refusals.flush()
    found = [line for line in await everything(house) if line["address"] == "2001:db8::/64"]
    assert len(found) == tally.MOST_OF_A_GROUP + 1
    assert max(len(line["detail"]) for line in found) < 300


async def everything(house: Provider) -> list[dict[str, Any]]:
    """Every line there is."""
    await house.worker.refusals.flush()
    return [dict(row) for row in raw_sql.rows(house.worker.settings.database, "SELECT * FROM audit_events")]


async def test_nothing_counted_is_lost_while_the_database_is_away(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals, real = Refusals(house.worker.base), house.worker.base.database.add
    line = AuditEvent(event=EventType.CLIENT_REFUSED, address="192.0.2.77", detail={"reason": "x"})
    for _ in range(4):
        refusals.note(line)

    async def away(call: Any) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(house.worker.base.database, "add", away)
    with pytest.raises(DatabaseUnavailable):
        await refusals.flush()
    refusals.note(line)
    monkeypatch.setattr(house.worker.base.database, "add", real)
    (found,) = [each for each in await everything(house) if each["address"] == "192.0.2.77"]
    assert json.loads(found["detail"])["count"] == 5


async def test_a_guess_at_an_account_is_a_line_of_that_account_within_seconds(house: Provider) -> None:
    account = await house.open_account()
    async with house.browser(STRANGER) as browser:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await browser.get("/login")).text)
        assert token is not None
        data = {"csrf": token[1], "username": "zhangsan", "password": "wrong"}
        await browser.post("/login", data=data, headers={"origin": ISSUER})
    await house.worker.refusals.flush_named()
    query = f"SELECT event FROM audit_events WHERE account_id = '{account}' AND event = 'login.failed'"  # noqa: S608
    assert len(raw_sql.rows(house.worker.settings.database, query)) == 1
