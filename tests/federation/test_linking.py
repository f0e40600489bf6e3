"""Whose account somebody from a platform enters, on both databases: by subject, by certificate, never by less."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idp.accounts.control import ProvenControl
from idp.accounts.model import Account
from idp.federation.linking.account_links import NoSuchConflict
from idp.federation.linking.arrivals import Arrival, of_person
from idp.federation.linking.outcomes import (
    NOT_THEIRS,
    ArrivalRefusalReason,
    ArrivalRefused,
    Held,
    HolderDecision,
    Linked,
)
from idp.federation.model import UpstreamIdentity, UpstreamPerson, UserType
from tests.support import raw_sql
from tests.support.inprocess import Provider, provider
from tests.support.platforms import ADDRESS, CHILD, NUMBER, arrival
from tests.support.visits import account_id, person

pytestmark = pytest.mark.anyio


@dataclass
class Stage:
    """A provider, and people who come to it from a platform."""

    house: Provider

    async def enter(
        self, arrival: Arrival, decision: HolderDecision | None = None
    ) -> Linked | ArrivalRefused | Held:
        """Somebody comes."""
        return await self.house.worker.federation.linking.enter(arrival, ADDRESS, decision)

    async def account(self, arrival: Arrival) -> Account:
        """The account that somebody enters, who has shown that the one with their certificate is theirs."""
        came = await self.enter(arrival)
        if isinstance(came, Held):
            shown = ProvenControl(password=True, phone=True)
            came = await self.enter(arrival, HolderDecision(came.account_id, shown))
        assert isinstance(came, Linked), came
        return came.account

    async def refused(self, arrival: Arrival) -> ArrivalRefused:
        """Why somebody does not."""
        came = await self.enter(arrival)
        assert isinstance(came, ArrivalRefused), came
        return came

    async def citizen(self, level: int = 2, **fields: Any) -> str:
        """Somebody with an account of our own and a verified certificate; its id."""
        known = {"certificate_type": "111", "certificate_number": NUMBER, "name": "张三"}
        return await account_id(self.house, await person(self.house, level=level, **(known | fields)))

    async def events(self, event: str) -> list[dict[str, Any]]:
        """The lines of an event."""
        return [line for line in await self.house.audit_lines() if line["event"] == event]


@pytest.fixture
async def stage(migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database."""
    async with provider(tmp_path, database_url=migrated_url) as house:
        yield Stage(house)


async def test_a_stranger_gets_an_account_and_the_next_time_the_same(stage: Stage) -> None:
    first = await stage.account(arrival())
    assert (first.name, first.real_name_level, first.password_hash) == ("张三", 3, "")
    assert (await stage.account(arrival())).id == first.id
    assert [line["account_id"] for line in await stage.events("upstream.linked")] == [first.id]


async def test_whoever_is_known_by_certificate_and_name_as_surely_is_linked_and_told(stage: Stage) -> None:
    known = await stage.citizen(level=3)
    came = await stage.enter(arrival())
    assert isinstance(came, Linked)
    assert (came.account.id, came.is_new, came.account.real_name_level) == (known, False, 3)


async def test_whoever_is_known_less_surely_says_first_whether_it_is_theirs(stage: Stage) -> None:
    known = await stage.citizen(level=2)
    assert await stage.enter(arrival()) == Held(known)
    assert await stage.house.worker.links.of_account(known) == []
    came = await stage.enter(arrival(), NOT_THEIRS)
    assert isinstance(came, Linked)
    assert (came.account.id != known, came.is_new, came.account.real_name_level) == (True, True, 3)
    row = await stage.house.worker.counter.account(known)
    assert row is not None
    assert (row.real_name_level, row.certificate_index) == (0, None)


async def test_a_platform_that_is_not_sure_enough_opens_no_account_of_others(stage: Stage) -> None:
    known = await stage.citizen()
    other = await stage.account(arrival(level=1))
    assert other.id != known
    assert (other.real_name_level, other.certificate_index) == (0, None)
    assert [row.reason for row in await stage.house.worker.links.conflicts_of(other.id)] == ["certificate"]


async def test_a_phone_and_a_name_are_nobody(stage: Stage) -> None:
    known = await stage.citizen(phone="13800000001", phone_verified=True)
    told = UpstreamPerson(name="张三", mobile="13800000001")
    came = of_person(UpstreamIdentity("henan", "s-9", UserType.PERSON, 4, "4", told))
    assert (await stage.account(came)).id != known
    assert (await stage.account(came)).real_name_level == 0


async def test_a_forged_answer_with_a_victim_s_number_and_another_name_waits_for_a_person(
    stage: Stage,
) -> None:
    known = await stage.citizen()
    refused = await stage.refused(arrival(name="李四"))
    assert refused.why is ArrivalRefusalReason.CONFLICT
    [waiting] = await stage.house.worker.links.waiting()
    assert (waiting.reference, waiting.account_id) == (refused.reference, known)
    assert await stage.house.worker.links.of_account(known) == []
    [line] = await stage.events("upstream.conflict")
    assert NUMBER not in str(line)
    assert (await stage.refused(arrival(name="李四"))).reference == refused.reference  # waits once


async def test_who_settles_links_the_subject_and_it_holds(stage: Stage) -> None:
    known = await stage.citizen()
    refused = await stage.refused(arrival(name="张三丰"))
    await stage.house.worker.links.link(refused.reference, known, "staff")
    [line] = await stage.events("upstream.settled")
    assert (line["actor"], line["account_id"]) == ("staff", known)
    came = await stage.account(arrival(name="张三丰"))
    assert (came.id, came.name) == (known, "张三")
    with pytest.raises(NoSuchConflict):
        await stage.house.worker.links.dismiss(refused.reference, "staff")


@pytest.mark.parametrize("end", ["link", "dismiss", "deceased"])
async def test_what_is_decided_is_not_kept(stage: Stage, end: str) -> None:
    """Name, number and subject are needed for the decision only."""
    known, house = await stage.citizen(), stage.house
    reference = (await stage.refused(arrival(name="张三丰"))).reference
    query = "SELECT state, content FROM upstream_conflicts"
    assert raw_sql.rows(house.worker.settings.database, query)[0]["content"]
    if end == "link":
        await house.worker.links.link(reference, known, "staff")
    elif end == "dismiss":
        await house.worker.links.dismiss(reference, "staff")
    else:
        assert await house.worker.lifecycle.deceased(known, "证明 1", "staff")
    [row] = raw_sql.rows(house.worker.settings.database, query)
    assert row["state"] == ("settled" if end == "link" else "dismissed")
    assert not row["content"]


async def test_who_settles_by_hand_gives_a_way_in_that_its_owner_is_told_of(stage: Stage) -> None:
    house = stage.house
    await stage.citizen()
    owner = await account_id(house, await person(house, email="owner@mail.test"))
    reference = (await stage.refused(arrival(name="张三丰"))).reference
    query = "SELECT id FROM outbox WHERE kind = 'mail'"
    before = len(raw_sql.rows(house.worker.settings.database, query))
    await house.worker.links.link(reference, owner, "staff")
    assert len(raw_sql.rows(house.worker.settings.database, query)) == before + 1


async def test_of_two_who_settle_at_once_one_does(stage: Stage) -> None:
    known, other = await stage.citizen(), await account_id(stage.house, await person(stage.house))
    reference = (await stage.refused(arrival(name="张三丰"))).reference
    desk = stage.house.worker.links
    settling = [desk.link(reference, one, "staff") for one in (known, other)]
    outcomes = await asyncio.gather(*settling, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {NoSuchConflict, type(None)}
    assert len(await stage.events("upstream.settled")) == 1


async def test_what_is_dismissed_stays_as_it_was(stage: Stage) -> None:
    known = await stage.citizen()
    reference = (await stage.refused(arrival(name="李四"))).reference
    await stage.house.worker.links.dismiss(reference, "staff")
    assert await stage.house.worker.links.waiting() == []
    assert await stage.house.worker.links.of_account(known) == []
    assert (await stage.refused(arrival(name="李四"))).reference != reference


async def test_a_level_that_falls_at_the_platform_falls_here_and_rises_again(stage: Stage) -> None:
    levels = [(await stage.account(arrival(level=level))).real_name_level for level in (3, 1, 0, 2)]
    assert levels == [3, 1, 0, 2]


async def test_a_level_of_our_own_does_not_fall_with_the_platform_s(stage: Stage) -> None:
    await stage.citizen(level=2)
    levels = [(await stage.account(arrival(level=level))).real_name_level for level in (4, 1)]
    assert levels == [4, 2]


async def test_who_has_left_the_platform_comes_back_to_the_same_account(stage: Stage) -> None:
    first = await stage.account(arrival())
    assert await stage.house.worker.federation.linking.cancelled("henan", "person", "s-1")
    assert not await stage.house.worker.federation.linking.cancelled("henan", "person", "s-1")
    [line] = await stage.events("upstream.unlinked")
    assert line["account_id"] == first.id
    again = await stage.account(arrival("s-2"))
    assert (again.id, again.real_name_level) == (first.id, 3)


async def test_who_comes_back_under_another_name_waits_for_a_person(stage: Stage) -> None:
    await stage.account(arrival())
    await stage.house.worker.federation.linking.cancelled("henan", "person", "s-1")
    assert (await stage.refused(arrival("s-2", name="李四"))).why is ArrivalRefusalReason.CONFLICT


@pytest.mark.parametrize("state", ["frozen", "cancelled", "deceased"])
async def test_a_closed_account_stays_closed(stage: Stage, state: str) -> None:
    known = await stage.citizen()
    lifecycle = stage.house.worker.lifecycle
    await stage.account(arrival())
    if state == "frozen":
        await lifecycle.freeze(known, "查证", "staff")
    elif state == "deceased":
        await lifecycle.deceased(known, "证明", "staff")
    else:
        await lifecycle.request_cancellation(known)
        stage.house.clock.forward(30 * 86_400)
        await lifecycle.cancel_due()
    for subject in ("s-1", "s-2"):
        came = await stage.enter(arrival(subject))
        assert not isinstance(came, Held)
        assert isinstance(came, ArrivalRefused) or (state, came.account.id != known) == ("cancelled", True)


async def test_a_child_is_not_registered_without_a_guardian(stage: Stage) -> None:
    assert (await stage.refused(arrival(number=CHILD))).why is ArrivalRefusalReason.CHILD


async def test_a_subject_that_turns_into_somebody_else_is_stopped(stage: Stage) -> None:
    await stage.account(arrival())
    assert (
        await stage.refused(arrival(number="410411199001010031", name="王五"))
    ).why is ArrivalRefusalReason.CONFLICT


async def test_fifty_at_once_are_one_account_and_one_link(stage: Stage) -> None:
    came = await asyncio.gather(*(stage.account(arrival()) for _ in range(50)))
    assert len({account.id for account in came}) == 1
    assert len(await stage.events("upstream.linked")) == 1


async def test_two_subjects_of_one_certificate_at_once_are_one_account(stage: Stage) -> None:
    came = await asyncio.gather(*(stage.account(arrival(f"s-{number}")) for number in range(5)))
    assert len({account.id for account in came}) == 1
    assert len(await stage.house.worker.links.of_account(came[0].id)) == 1


async def test_the_owner_ends_a_link_and_nobody_else(stage: Stage) -> None:
    desk, known = stage.house.worker.links, await stage.citizen(level=3)
    assert (await stage.account(arrival())).id == known
    [link] = await desk.of_account(known)
    stranger = await account_id(stage.house, await person(stage.house))
    assert not await desk.unlink_own(stranger, link.id, ADDRESS)
    assert await desk.unlink_own(known, link.id, ADDRESS)
    assert not await desk.unlink_own(known, link.id, ADDRESS)
    lines = await stage.events("upstream.unlinked")
    assert [(line["account_id"], line["address"]) for line in lines] == [(known, ADDRESS)]
    assert await desk.of_account(known) == []


UNREADABLE = {
    "private": "\ue000三",
    "long": "A" * 61,
    "remark": "张三（注销）",
    "picture": "张三😀",
    "masked": "张*",
}


def from_platform(name: str, subject: str = "u-1", number: str = NUMBER, level: int = 3) -> Arrival:
    who = UpstreamPerson(name, "111", number)
    return of_person(UpstreamIdentity("henan", subject, UserType.PERSON, level, str(level), who))


@pytest.mark.parametrize("name", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_name_that_cannot_be_read_waits_for_staff_with_certificate_level_and_reason(
    stage: Stage, name: str
) -> None:
    for holder in (None, await stage.citizen(level=3)):
        refusal = await stage.refused(from_platform(name, f"u-{holder}"))
        assert refusal.why is ArrivalRefusalReason.CONFLICT
        [one] = [
            each for each in await stage.house.worker.links.waiting() if each.reference == refusal.reference
        ]
        assert one.reason == "unreadable"
        assert one.account_id == holder or holder is None
        assert one.content.problem.startswith("name-")
        said = {
            part: getattr(one.content, part)
            for part in ("name", "certificate_type", "certificate_number", "level")
        }
        assert said == {"name": name, "certificate_type": "111", "certificate_number": NUMBER, "level": 3}
    rows = raw_sql.rows(stage.house.worker.settings.database, "select id from accounts")
    assert len(rows) == 1  # the citizen's, and no nameless one beside it


async def test_once_staff_have_said_whose_it_is_certificate_and_level_are_there(stage: Stage) -> None:
    citizen, came = await stage.citizen(level=2), from_platform("张\ue000")
    refusal = await stage.refused(came)
    await stage.house.worker.links.link(refusal.reference, citizen, "staff")
    account = await stage.account(came)
    assert (account.id, account.name, account.real_name_level) == (citizen, "张三", 3)
    assert await stage.house.worker.links.waiting() == []


@pytest.mark.parametrize("name", ["\ufeff张三", "张\u200b三", "张　三", "张三\u3164"])
async def test_what_cannot_be_seen_in_a_name_makes_no_difference(stage: Stage, name: str) -> None:
    citizen = await stage.citizen(level=3)
    assert (await stage.account(from_platform(name))).id == citizen


async def test_a_character_of_the_old_standard_is_the_one_of_the_new(stage: Stage) -> None:
    citizen = await stage.citizen(level=3, name="䶮洋")
    assert (await stage.account(from_platform("\ue863洋"))).id == citizen


async def test_a_certificate_that_cannot_be_read_is_told_to_staff(stage: Stage) -> None:
    account = await stage.account(from_platform("张三", number="410411199001010016"))
    assert account.real_name_level == 0
    [one] = await stage.house.worker.links.waiting()
    assert (one.reason, one.account_id) == ("unreadable", account.id)
    assert (one.content.problem, one.content.level) == ("certificate-check", 3)
    [line] = await stage.events("upstream.linked")
    assert json.loads(line["detail"])["unreadable"] == "certificate-check"


async def test_a_platform_that_masks_the_number_says_nothing_wrong(stage: Stage) -> None:
    await stage.account(from_platform("张三", number="410***********0015"))
    assert await stage.house.worker.links.waiting() == []
