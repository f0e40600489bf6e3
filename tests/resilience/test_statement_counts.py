"""What the hot requests cost the stores: units of work, statements and key-value steps, so that none creeps in."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.resilience.flows import System, enter, person
from tests.support.browserless import Browserless
from tests.support.counting import COMMANDS, Counts, counting
from tests.support.inprocess import ISSUER, PASSWORD, provider
from tests.support.visits import page

pytestmark = pytest.mark.anyio


@dataclass
class Stage:
    """A provider whose every step is counted."""

    counts: Counts
    browser: Browserless
    system: System

    def take(self) -> dict[str, int]:
        """What was counted since the last time."""
        counts = self.counts
        counted = Counter([*counts.units, *(command.split()[0] for command in counts.commands)])
        counted["statements"] = len(counts.statements)
        counts.clear()
        return {what: number for what, number in counted.items() if number}


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A person who has entered a system before."""
    async with provider(tmp_path, twice=False) as running:
        client, secret = await running.register()
        await running.open_account()
        async with running.machine() as http, running.browser() as window:
            system, browser = System(client.client_id, secret or "", http), person(ISSUER, window)
            await browser.log_in(system.authorize_url(), "zhangsan", PASSWORD)
            await running.worker.outbox.stop()  # what runs in the background is not the request's
            await running.worker.revisions.stop()
            with counting(running, monkeypatch) as counts:
                yield Stage(counts, browser, system)


async def test_client_credentials_is_one_write_of_one_statement(stage: Stage) -> None:
    assert (await stage.system.credentials()).status_code == 200
    assert stage.take() == {"write": 1, "statements": 1}


async def test_authorize_with_a_session_is_one_read_one_write_and_one_code(stage: Stage) -> None:
    await enter(stage.browser, stage.system)
    assert stage.take() == {"read": 1, "write": 1, "statements": 2, "put": 1}


async def test_a_code_is_one_write_and_one_swap(stage: Stage) -> None:
    code = await enter(stage.browser, stage.system)
    stage.take()
    assert (await stage.system.redeem(code)).status_code == 200
    assert stage.take() == {"write": 1, "statements": 2, "swap": 1}


async def test_a_refresh_is_one_write(stage: Stage) -> None:
    given = (await stage.system.redeem(await enter(stage.browser, stage.system))).json()
    stage.take()
    assert (await stage.system.refresh(given["refresh_token"])).status_code == 200
    assert stage.take() == {"write": 1, "statements": 2}
    assert (await stage.system.refresh(given["refresh_token"])).status_code == 200
    assert stage.take() == {"write": 1, "statements": 3}  # within the grace: looked up, answered again


async def test_userinfo_and_introspection_are_one_read(stage: Stage) -> None:
    given = (await stage.system.redeem(await enter(stage.browser, stage.system))).json()
    stage.take()
    assert (await stage.system.userinfo(given["access_token"])).status_code == 200
    assert stage.take() == {"read": 1, "statements": 1}
    asked = await stage.system.http.post(
        "/introspect",
        data={"token": given["access_token"]},
        auth=(stage.system.client_id, stage.system.secret),
    )
    assert asked.json()["active"] is True
    assert stage.take() == {"read": 1, "statements": 1}


async def test_a_form_of_ours_costs_a_claim_before_and_an_answer_kept_after(stage: Stage) -> None:
    """So that it is handled once however often it is sent; the second one costs what it takes to find that out."""
    form = page(await stage.browser.open("/me/mandates/helper")).form_with("phone")
    assert form is not None
    stage.take()
    first = await stage.browser.client.post(form.action, data={**form.fields, "phone": ""})
    counted = stage.take()
    assert {step: counted[step] for step in COMMANDS if step in counted} == {"add": 1, "put": 1}
    second = await stage.browser.client.post(form.action, data={**form.fields, "phone": ""})
    assert stage.take() == {"add": 1, "get": 1}
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.status_code == 400


async def test_documents_cost_the_stores_nothing(stage: Stage) -> None:
    for path in ("/jwks", "/.well-known/openid-configuration", "/health/live", "/login"):
        assert (await stage.system.http.get(path)).status_code == 200
    assert stage.take() == {}
