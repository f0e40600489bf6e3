"""SIGTERM under load: what is under way is answered, and the server ends well."""

import asyncio
import json
from pathlib import Path

import httpx2
import pytest

from tests.resilience.flows import claims
from tests.resilience.live import live
from tests.support import raw_sql
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

CLIENTS = 8


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_stop_under_load_loses_nothing(workers: str, tmp_path: Path) -> None:
    async with live(tmp_path, WORKERS=workers) as running:
        [process] = running.processes
        process.start()
        answers: list[httpx2.Response] = []

        async def ask_without_end() -> None:
            while True:
                try:
                    answers.append(await running.system.credentials())
                except httpx2.TransportError:
                    return

        async def under_way() -> bool:
            return len(answers) >= 10 * CLIENTS

        load = asyncio.gather(*[ask_without_end() for _ in range(CLIENTS)])
        await eventually(under_way)
        async with asyncio.timeout(60):
            assert await asyncio.to_thread(process.stop) == 0
        await load
        assert {answer.status_code for answer in answers} == {200}
        rows = raw_sql.rows(
            running.database_url, "SELECT detail FROM audit_events WHERE event = 'token.issued'"
        )
        issued = {json.loads(row["detail"])["jti"] for row in rows}
        assert {claims(answer.json()["access_token"])["jti"] for answer in answers} <= issued


async def test_a_login_that_is_under_way_is_finished(tmp_path: Path) -> None:
    async with live(tmp_path) as running:
        [process] = running.processes
        process.start()
        browser = running.browser()
        page = await browser.open("/login")
        form = page.form_with("password")  # type: ignore[union-attr]
        assert form is not None
        who = {"username": running.account.username, "password": running.account.password}
        logins = [
            browser.client.post(tab.action, data={**tab.fields, **who}, headers={"origin": browser.origin})
            for tab in form.in_tabs(4)  # more at once from one place are throttled
        ]
        tasks = [asyncio.create_task(login) for login in logins]
        await asyncio.sleep(0.1)
        code = await asyncio.to_thread(process.stop)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        answered = [outcome for outcome in outcomes if isinstance(outcome, httpx2.Response)]
        assert code == 0
        assert {answer.status_code for answer in answered} <= {303}
        lines = raw_sql.rows(
            running.database_url,
            "SELECT id FROM audit_events WHERE event LIKE 'login.%' OR event LIKE 'session.%'",
        )
        assert len(lines) >= len(answered)
        assert "ERROR" not in process.last_lines()
