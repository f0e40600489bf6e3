"""Who comes for a legal person where the platform proves the human, by what right, and what ends it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from idp.federation.linking.legal import LegalLinking, LinkedActor, represents, valid_until
from idp.federation.linking.outcomes import ArrivalRefusalReason, ArrivalRefused
from idp.federation.model import (
    UpstreamAgent,
    UpstreamIdentity,
    UpstreamOrganization,
    UpstreamPerson,
    UserType,
)
from idp.infrastructure.database import Transaction
from idp.organizations.model import Relation
from tests.federation.trial import FIRM, ZHANGSAN, Platform, came, federated
from tests.support.inprocess import Provider, provider
from tests.support.visits import SESSION_COOKIE, account_id, page, person, visitor

pytestmark = pytest.mark.anyio

CODE, NAME = FIRM["uscc"], FIRM["org"]
BOSS = UpstreamPerson(name="张三", certificate_type="111", certificate_number="410411199001010015")
CLERK = UpstreamPerson(name="钱经办", certificate_type="111", certificate_number="410411199001010031")
ADDRESS = "192.0.2.1"


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """On each database."""
    async with provider(tmp_path, database_url=migrated_url) as it:
        yield it


def firm(**changes: Any) -> UpstreamIdentity:
    """A company whose representative came, by the word of 河南."""
    organization = UpstreamOrganization(name=NAME, unified_social_credit_code=CODE, representative=BOSS)
    made = UpstreamIdentity(
        "henan", "c-1", UserType.LEGAL, 3, "3", BOSS, organization, answer_digest="d" * 64
    )  # `human` is PROVEN: the platform has people log in with credentials of their own
    return replace(made, **changes)


def sent_by_firm(**changes: Any) -> UpstreamIdentity:
    """The same company, which sent a clerk."""
    return firm(agent=UpstreamAgent(CLERK, "agent", **changes))


def desk(house: Provider) -> LegalLinking:
    return house.worker.federation._legal


async def acting(house: Provider, identity: UpstreamIdentity) -> LinkedActor:
    """Who comes in, and for whom."""
    found = await desk(house).enter(identity, ADDRESS)
    assert isinstance(found, LinkedActor), found
    return found


async def refused(house: Provider, identity: UpstreamIdentity) -> ArrivalRefusalReason:
    """Why nobody does."""
    found = await desk(house).enter(identity, ADDRESS)
    assert isinstance(found, ArrivalRefused), found
    return found.why


async def accounts(house: Provider) -> int:
    """How many accounts a platform has opened."""
    return (await house.audit_events()).count("account.registered")


async def test_the_representative_acts_for_the_company_and_the_next_time_is_the_same(house: Provider) -> None:
    first, second = await acting(house, firm()), await acting(house, firm())
    assert first.linked.account.name == "张三"
    assert (first.principal.id, first.principal.relation) == (second.principal.id, second.principal.relation)
    assert first.principal.relation == Relation.LEGAL_REPRESENTATIVE
    assert (first.linked.account.id, await accounts(house)) == (second.linked.account.id, 1)


async def test_an_agent_is_a_person_of_their_own_and_acts_for_thirty_days(house: Provider) -> None:
    found = await acting(house, sent_by_firm())
    assert (found.linked.account.name, found.principal.relation) == ("钱经办", Relation.AGENT)
    assert found.principal.valid_until == house.clock.now + 30 * 86_400
    boss = await acting(house, firm())
    assert boss.linked.account.id != found.linked.account.id
    assert boss.principal.id == found.principal.id


async def test_a_mandate_ends_on_the_day_that_the_platform_names(house: Provider) -> None:
    today = datetime.fromtimestamp(house.clock.now, UTC) + timedelta(hours=8)
    found = await acting(house, sent_by_firm(valid_until=f"{today + timedelta(days=2):%Y-%m-%d}"))
    end = found.principal.valid_until
    assert end is not None
    assert 2 * 86_400 < end - house.clock.now <= 3 * 86_400
    house.clock.forward(end - house.clock.now + 1)
    mandates = house.worker.mandates
    assert await mandates.principals(found.linked.account.id) == []


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("2020-12-31", ArrivalRefusalReason.AGENT_EXPIRED),
        ("20201231", ArrivalRefusalReason.AGENT_EXPIRED),
        ("2020/12/31", ArrivalRefusalReason.AGENT_EXPIRED),
        ("2020-12-31 23:59:59", ArrivalRefusalReason.AGENT_EXPIRED),
        ("长期", ArrivalRefusalReason.AGENT),
        ("2027-02-30", ArrivalRefusalReason.AGENT),
    ],
)
async def test_an_agent_whose_time_is_over_or_cannot_be_read_opens_nothing(
    house: Provider, until: str, why: ArrivalRefusalReason
) -> None:
    assert await refused(house, sent_by_firm(valid_until=until)) is why
    assert await accounts(house) == 0


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        (firm(level=1), ArrivalRefusalReason.LEVEL),
        (firm(level=0), ArrivalRefusalReason.LEVEL),
        (firm(agent=UpstreamAgent(UpstreamPerson(name="钱经办"), "agent")), ArrivalRefusalReason.AGENT),
        (
            firm(agent=UpstreamAgent(replace(CLERK, certificate_number="410411199001010032"), "agent")),
            ArrivalRefusalReason.AGENT,
        ),
        (firm(agent=UpstreamAgent(replace(CLERK, name=""), "agent")), ArrivalRefusalReason.AGENT),
        (replace(firm(), organization=None), ArrivalRefusalReason.NO_CODE),
    ],
    ids=["level 1", "level 0", "no number", "wrong number", "no name", "no organisation"],
)
async def test_what_is_not_said_well_enough_opens_nothing(
    house: Provider, identity: UpstreamIdentity, why: ArrivalRefusalReason
) -> None:
    assert await refused(house, identity) is why
    assert await accounts(house) == 0


@pytest.mark.parametrize("code", ["", "91410411MA0000008X", "MA0000007", "9141041"])
async def test_a_company_without_a_code_that_can_be_right_is_not_opened(house: Provider, code: str) -> None:
    organization = UpstreamOrganization(name=NAME, unified_social_credit_code=code, representative=BOSS)
    assert await refused(house, replace(firm(), organization=organization)) is ArrivalRefusalReason.NO_CODE
    assert await accounts(house) == 0


async def test_another_representative_than_the_one_we_know_waits_for_a_person(house: Provider) -> None:
    known = await acting(house, firm())
    other = replace(CLERK, name="李四")
    organization = UpstreamOrganization(name=NAME, unified_social_credit_code=CODE, representative=other)
    assert (
        await refused(house, replace(firm(), organization=organization, person=other))
        is ArrivalRefusalReason.CONFLICT
    )
    [waiting] = await house.worker.links.waiting()
    assert waiting.reason == "representative"
    assert waiting.account_id is not None
    principals = await house.worker.mandates.principals(waiting.account_id)
    assert principals == []
    assert [one.id for one in await house.worker.mandates.principals(known.linked.account.id)] == [
        known.principal.id
    ]


async def test_a_victim_s_number_under_another_name_does_not_act_for_a_company(house: Provider) -> None:
    known = {"certificate_type": "111", "certificate_number": CLERK.certificate_number, "name": "钱经办"}
    victim = await account_id(house, await person(house, level=2, **known))
    forged = firm(agent=UpstreamAgent(replace(CLERK, name="贼"), "agent"))
    assert await refused(house, forged) is ArrivalRefusalReason.CONFLICT
    assert await house.worker.mandates.principals(victim) == []
    assert await house.worker.links.of_account(victim) == []


async def test_a_mandate_that_was_suspended_here_is_not_resumed_by_the_platform(house: Provider) -> None:
    boss, found = await acting(house, firm()), await acting(house, sent_by_firm())
    await house.worker.mandates.suspend(boss.linked.account.id, found.principal.mandate_id)
    assert await refused(house, sent_by_firm()) is ArrivalRefusalReason.AGENT
    await house.worker.mandates.resume(boss.linked.account.id, found.principal.mandate_id)
    assert (await acting(house, sent_by_firm())).principal.mandate_id == found.principal.mandate_id


async def test_when_the_company_s_account_is_closed_there_its_people_act_no_more(house: Provider) -> None:
    boss, agent = await acting(house, firm()), await acting(house, sent_by_firm())
    [held] = await house.worker.mandates.principals(agent.linked.account.id)
    assert held.mandate_id == agent.principal.mandate_id
    assert await desk(house).cancelled("henan", "c-1")
    assert not await desk(house).cancelled("henan", "c-1")
    assert await house.worker.mandates.principals(agent.linked.account.id) == []
    again = await acting(house, firm())
    assert (again.linked.account.id, again.principal.id) == (boss.linked.account.id, boss.principal.id)


async def test_agent_and_representative_fifty_times_at_once_are_two_accounts_and_one_company(
    house: Provider,
) -> None:
    arriving = [firm(), sent_by_firm()] * 25
    found = await asyncio.gather(*(acting(house, one) for one in arriving))
    assert len({one.principal.id for one in found}) == 1
    assert len({one.principal.mandate_id for one in found}) == 2
    assert len({one.linked.account.id for one in found}) == await accounts(house) == 2


def test_who_represents_is_told_by_number_before_it_is_told_by_word() -> None:
    assert represents(firm())
    assert represents(firm(agent=UpstreamAgent(BOSS, "agent")))
    assert not represents(firm(agent=UpstreamAgent(CLERK, Relation.LEGAL_REPRESENTATIVE)))
    unknown = UpstreamOrganization(name=NAME, unified_social_credit_code=CODE)
    by_word = UpstreamAgent(CLERK, Relation.LEGAL_REPRESENTATIVE)
    assert represents(replace(firm(agent=by_word), organization=unknown))
    assert not represents(replace(sent_by_firm(), organization=unknown))


def test_a_day_ends_at_midnight_in_china_and_an_instant_is_one() -> None:
    midnight = datetime(2026, 12, 31, 16, tzinfo=UTC).timestamp()
    assert {valid_until(text) for text in ("2026-12-31", "20261231", "2026/12/31")} == {midnight}
    assert valid_until("2026-12-31 23:59:59") == valid_until("20261231235959") == midnight - 1
    assert valid_until("") is None


async def test_in_a_browser_an_agent_is_in_for_the_company_and_an_expired_one_is_not(tmp_path: Path) -> None:
    clerk = {**ZHANGSAN, **FIRM, "rep": "李四", "rep_number": "410411199001010031"}
    async with federated(tmp_path) as (house, platform):
        await _in(house, platform, clerk)
        await _out(house, platform, {**clerk, "until": "2020-12-31"}, "授权已到期")
        await _out(house, platform, {**clerk, "level": "1"}, "认证等级不够")
        await _out(house, platform, {**clerk, "uscc": ""}, "没有统一社会信用代码")


async def _in(house: Provider, platform: Platform, who: dict[str, str]) -> None:
    async with visitor(house) as someone:
        shown = page(await came(someone, platform, who, "legal"))
        assert (shown.status, "您正在为单位办事" in shown.text, NAME in shown.text) == (200, True, True)


async def _out(house: Provider, platform: Platform, who: dict[str, str], says: str) -> None:
    async with visitor(house) as someone:
        shown = page(await came(someone, platform, who, "legal"))
        assert (shown.status >= 400, says in shown.text) == (True, True), shown.text
        assert SESSION_COOKIE not in someone.client.cookies


async def test_a_company_that_is_cancelled_there_ends_with_its_people_or_not_at_all(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks between the two must not leave agents whom no later notice would end."""
    agent = await acting(house, sent_by_firm())

    def breaks(*_: object) -> Transaction[int]:
        yield from house.worker.federation.linking.links.of_account(agent.linked.account.id)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(house.worker.organizations, "no_longer_vouched", breaks)
        with pytest.raises(RuntimeError):
            await desk(house).cancelled("henan", "c-1")
    assert len(await house.worker.mandates.principals(agent.linked.account.id)) == 1
    assert await desk(house).cancelled("henan", "c-1")
    assert await house.worker.mandates.principals(agent.linked.account.id) == []
