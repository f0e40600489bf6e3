"""`idp upstream links|unlink|conflicts|settle`, as an operator types them: the whole program."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from idp.accounts.control import ProvenControl
from idp.accounts.model import NewAccount
from idp.accounts.service import Accounts
from idp.audit.store import AuditStore
from idp.commands.cli import app
from idp.federation.linking.arrivals import Arrival
from idp.federation.linking.outcomes import ArrivalRefused, Held, HolderDecision, Linked
from idp.server.composition import foundation
from idp.server.house import House
from idp.settings import read_settings
from tests.support.platforms import ADDRESS, NUMBER, arrival
from tests.support.services import Services
from tests.support.visits import password_hash


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with zhangsan and wangwu, of whom one is verified."""
    monkeypatch.setenv("IDP_ISSUER", "https://id.test")
    monkeypatch.setenv("IDP_DATA_DIR", str(tmp_path))
    assert idp("migrate").exit_code == 0

    async def people(worker: Services) -> None:
        accounts = Accounts(worker.base, worker.hasher)
        for username, verified, number in (("zhangsan", 2, NUMBER), ("wangwu", 0, None)):
            known: dict[str, Any] = (
                {"certificate_type": "111", "certificate_number": number} if number else {}
            )
            name = "张三" if number else "王五"
            await accounts.open(NewAccount(username, name, password_hash(), verified, **known), "test")

    within(people)


def idp(*arguments: str) -> Result:
    """Type a command."""
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> Any:
    """What a command prints for programs."""
    result = idp(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def within(work: Callable[[Services], Awaitable[Any]]) -> Any:
    """Do something that only the server does."""

    async def run() -> Any:
        async with foundation(read_settings()) as base:
            worker = Services(House(read_settings(), base))
            try:
                return await work(worker)
            finally:
                await worker.stop()

    return asyncio.run(run())


def comes(who: Arrival) -> Linked | ArrivalRefused:
    """Somebody comes from a platform, and shows that the account with their certificate is theirs."""

    async def enter(worker: Services) -> Linked | ArrivalRefused | Held:
        linking = worker.federation.linking
        found = await linking.enter(who, ADDRESS)
        if isinstance(found, Held):
            shown = ProvenControl(password=True, phone=True)
            found = await linking.enter(who, ADDRESS, HolderDecision(found.account_id, shown))
        return found

    found = within(enter)
    assert isinstance(found, Linked | ArrivalRefused)
    return found


def lines(event: str) -> list[dict[str, Any]]:
    """The lines of an event."""

    async def read(worker: Services) -> list[dict[str, Any]]:
        found = await worker.base.database.read(lambda: AuditStore(worker.base.sources).since(0.0))
        return [asdict(line) for line in found if line.event == event]

    found = within(read)
    assert isinstance(found, list)
    return found


async def level(worker: Services) -> int:
    """How real zhangsan is."""
    return int((await Accounts(worker.base, worker.hasher).find("zhangsan")).real_name_level)


def conflict() -> str:
    """Somebody comes with zhangsan's certificate under another name; the reference that they are told."""
    found = comes(arrival(name="张三丰"))
    assert isinstance(found, ArrivalRefused)
    return found.reference


def test_a_link_is_listed_and_ended_with_what_it_proved() -> None:
    came = comes(arrival(level=3))
    assert isinstance(came, Linked)
    assert came.account.real_name_level == 3
    [link] = told("upstream", "links", "zhangsan")
    assert link["platform"] == "henan"
    assert idp("upstream", "unlink", "wangwu", link["id"]).exit_code == 1  # not theirs
    assert idp("upstream", "unlink", "zhangsan", link["id"]).exit_code == 0
    assert told("upstream", "links", "zhangsan") == []
    assert within(level) == 2
    again = idp("upstream", "unlink", "zhangsan", link["id"])
    assert (again.exit_code, "no such link" in again.output) == (1, True)
    [line] = lines("upstream.unlinked")
    assert line["actor"].startswith("cli:")


def test_what_waits_is_shown_without_names_and_numbers() -> None:
    reference = conflict()
    shown = idp("upstream", "conflicts")
    assert reference in shown.output
    [row] = told("upstream", "conflicts")
    assert (row["reference"], row["platform"], row["reason"]) == (reference, "henan", "name")
    for said in (NUMBER, "张三", "s-1"):
        assert said not in shown.output + json.dumps(row, ensure_ascii=False)


def test_an_administrator_says_whose_account_of_the_platform_it_is_once() -> None:
    reference = conflict()
    assert idp("upstream", "settle", reference, "--account", "nobody").exit_code == 1
    assert idp("upstream", "settle", reference.lower(), "--account", "zhangsan").exit_code == 0
    assert told("upstream", "conflicts") == []
    came = comes(arrival(name="张三丰"))
    assert isinstance(came, Linked)
    assert came.account.username == "zhangsan"
    late = idp("upstream", "settle", reference, "--dismiss")
    assert (late.exit_code, "nothing of that reference waits" in late.output) == (1, True)
    [line] = lines("upstream.settled")
    assert (line["actor"].startswith("cli:"), line["account_id"]) == (True, came.account.id)


def test_what_is_dismissed_links_nobody() -> None:
    assert idp("upstream", "settle", conflict(), "--dismiss").exit_code == 0
    assert told("upstream", "conflicts") == []
    assert told("upstream", "links", "zhangsan") == []


def test_a_decision_is_one_of_two() -> None:
    reference = conflict()
    for options in ([], ["--account", "zhangsan", "--dismiss"]):
        result = idp("upstream", "settle", reference, *options)
        assert (result.exit_code, "either --account or --dismiss" in result.output) == (1, True)
    assert len(told("upstream", "conflicts")) == 1


def test_an_account_that_is_not_there_is_said_in_a_line() -> None:
    result = idp("upstream", "links", "nobody")
    assert (result.exit_code, result.output.strip()) == (1, "idp: no such account")
