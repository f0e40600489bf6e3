"""Acting for somebody else: one session for one principal, which dies with its mandate."""

import asyncio
from typing import Any

import pytest

from idp.sessions.model import MULTIPLE, ONE_TIME_PASSWORD, PASSWORD
from idp.sessions.service import CannotRepresent
from tests.sessions.conftest import CALLER, Stage
from tests.support import raw_sql
from tests.support.mandates import company, mandate, revoke

pytestmark = pytest.mark.anyio


async def _company(stage: Stage, **changes: Any) -> Any:
    """The first person's mandate for a company of the second one."""
    company_id = await company(stage.provider, stage.people[1].id)
    return await mandate(stage.provider, stage.people[0].id, company=company_id, **changes)


async def test_acting_for_another_is_a_new_session_of_the_same_login(stage: Stage) -> None:
    token, before = await stage.log_in()
    stage.clock.forward(100)
    principal = await _company(stage)
    other = await stage.sessions.represent(before, principal, CALLER)
    after = await stage.session(other)
    assert (after.principal, after.mandate_id) == (principal, principal.mandate_id)
    assert after.id != before.id
    assert (after.account_id, after.amr, after.authenticated_at) == (
        before.account_id,
        before.amr,
        before.authenticated_at,
    )
    assert after.chosen_at == stage.clock.now
    assert await stage.sessions.find(token) is None


async def test_switching_leaves_no_old_session_alive_and_tells_its_systems(stage: Stage) -> None:
    token, session = await stage.log_in()
    principal = await _company(stage)
    for chosen in (principal, None, principal):
        client_id = await stage.join(session)
        new = await stage.sessions.represent(session, chosen, CALLER)
        assert await stage.sessions.find(token) is None
        assert (client_id, session.id) in stage.notices()
        token, session = new, await stage.session(new)
        assert await stage.sessions.joined(session.id) == []
    alive = raw_sql.rows(stage.url, "SELECT id FROM sessions WHERE ended_at IS NULL")
    assert [row["id"] for row in alive] == [session.id]
    assert [line["principal"] for line in await stage.lines("representation.begun")] == [principal.id] * 2
    assert [line["principal"] for line in await stage.lines("representation.ended")] == [principal.id]


async def test_switching_does_not_make_a_session_last_longer(stage: Stage) -> None:
    token, session = await stage.log_in()
    for _ in range(28_800 // 1200 - 1):
        stage.clock.forward(1200)
        token = await stage.sessions.represent(session, None, CALLER)
        session = await stage.session(token)
    stage.clock.forward(1200)
    assert await stage.sessions.find(token) is None


async def test_of_many_who_switch_one_session_one_has_switched_it(stage: Stage) -> None:
    _, session = await stage.log_in()
    principal = await _company(stage)
    outcomes = await asyncio.gather(
        *[stage.sessions.represent(session, chosen, CALLER) for chosen in [principal, None] * 10],
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, CannotRepresent) for outcome in outcomes) == 19
    assert len(raw_sql.rows(stage.url, "SELECT id FROM sessions WHERE ended_at IS NULL")) == 1


async def test_nobody_acts_by_a_mandate_of_somebody_else(stage: Stage) -> None:
    principal = await _company(stage)
    token, session = await stage.log_in(person=1)
    with pytest.raises(CannotRepresent):
        await stage.sessions.represent(session, principal, CALLER)
    assert (await stage.session(token)).id == session.id


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "invited"},
        {"state": "suspended"},
        {"state": "revoked"},
        {"valid_from": 1_900_000_000.0},
        {"valid_until": 1_700_000_000.0},
    ],
)
async def test_nobody_acts_by_a_mandate_that_is_not_in_force(stage: Stage, changes: dict[str, Any]) -> None:
    token, session = await stage.log_in()
    with pytest.raises(CannotRepresent):
        await stage.sessions.represent(session, await _company(stage, **changes), CALLER)
    assert (await stage.session(token)).mandate_id is None


@pytest.mark.parametrize("state", ["suspended", "revoked", "expired"])
async def test_a_session_dies_with_its_mandate_before_anybody_ends_it(stage: Stage, state: str) -> None:
    principal = await _company(stage)
    _, session = await stage.log_in()
    token = await stage.sessions.represent(session, principal, CALLER)
    await revoke(stage.provider, principal, state)
    assert await stage.sessions.find(token) is None


async def test_a_session_dies_when_its_mandate_s_time_is_over(stage: Stage) -> None:
    principal = await _company(stage, valid_until=stage.clock.now + 600)
    _, session = await stage.log_in()
    token = await stage.sessions.represent(session, principal, CALLER)
    stage.clock.forward(599)
    await stage.session(token)
    stage.clock.forward(1)
    assert await stage.sessions.find(token) is None


async def test_a_session_dies_with_the_mandate_that_its_own_came_of(stage: Stage) -> None:
    company_id = await company(stage.provider, stage.people[1].id)
    agency = await company(stage.provider, stage.people[0].id, "湛河示例代理有限公司")
    parent = await mandate(stage.provider, None, company=company_id, agent_legal_person_id=agency)
    child = await mandate(
        stage.provider, stage.people[0].id, company=company_id, parent_mandate_id=parent.mandate_id
    )
    _, session = await stage.log_in()
    token = await stage.sessions.represent(session, child, CALLER)
    await stage.session(token)
    await revoke(stage.provider, parent)
    assert await stage.sessions.find(token) is None


@pytest.mark.parametrize(
    "what",
    [
        "UPDATE accounts SET state = 'frozen' WHERE id = '{person}'",
        "UPDATE legal_persons SET state = 'dissolved'",
    ],
)
async def test_a_session_dies_with_the_one_for_whom_it_acts(stage: Stage, what: str) -> None:
    me, other = (person.id for person in stage.people)
    if "accounts" in what:
        principal = await mandate(stage.provider, me, person=other, relation="guardian")
    else:
        principal = await _company(stage)
    _, session = await stage.log_in()
    token = await stage.sessions.represent(session, principal, CALLER)
    await stage.session(token)
    raw_sql.execute(stage.url, what.format(person=other))
    assert await stage.sessions.find(token) is None


async def test_a_stronger_login_goes_on_acting_for_the_same_one(stage: Stage) -> None:
    principal = await _company(stage)
    _, session = await stage.log_in()
    token = await stage.sessions.represent(session, principal, CALLER)
    acting = await stage.session(token)
    strong = (PASSWORD, ONE_TIME_PASSWORD, MULTIPLE)
    token = await stage.begin(stage.people[0], strong, CALLER, acting)
    assert (await stage.session(token)).principal == principal
    assert (await stage.lines("session.stepped_up"))[-1]["principal"] == principal.id


async def test_to_end_what_lives_on_a_mandate_ends_it_and_what_was_passed_on(stage: Stage) -> None:
    principal = await _company(stage)
    passed_on = await mandate(
        stage.provider,
        stage.people[1].id,
        company=principal.id,
        parent_mandate_id=principal.mandate_id,
    )
    tokens, joined = [], []
    for person, chosen in ((0, principal), (1, passed_on), (1, None)):
        _, session = await stage.log_in(person)
        tokens.append(await stage.sessions.represent(session, chosen, CALLER))
        acting = await stage.session(tokens[-1])
        joined.append((await stage.join(acting), acting.id))
    base = stage.provider.worker.base
    await base.database.write(lambda: stage.sessions.end_acting(principal.mandate_id, "mandate revoked"))
    assert [await stage.sessions.find(token) is None for token in tokens] == [True, True, False]
    assert set(joined[:2]) <= set(stage.notices())
    assert joined[2] not in stage.notices()
    lines = [line for line in await stage.lines("session.ended") if "mandate revoked" in line["detail"]]
    assert [line["principal"] for line in lines] == [principal.id] * 2


async def test_a_person_sees_and_ends_the_own_sessions_and_no_others(stage: Stage) -> None:
    here, session = await stage.log_in()
    there, other = await stage.log_in()
    foreign, stranger = await stage.log_in(person=1)
    client_id = await stage.join(other)
    seen = {each.id: each for each in await stage.sessions.of_account(session.account_id)}
    assert set(seen) == {session.id, other.id}
    assert (seen[other.id].address, seen[other.id].user_agent) == ("198.51.100.7", "a browser")
    assert seen[other.id].systems == ((client_id, stage.clock.now),)
    assert not await stage.sessions.end_own(session, stranger.id, CALLER)
    await stage.session(foreign)
    assert await stage.sessions.end_own(session, other.id, CALLER)
    assert not await stage.sessions.end_own(session, other.id, CALLER)
    assert await stage.sessions.find(there) is None
    assert stage.notices() == [(client_id, other.id)]
    await stage.session(here)


async def test_all_sessions_end_but_for_the_one_that_is_kept(stage: Stage) -> None:
    here, session = await stage.log_in()
    others = [(await stage.log_in())[0] for _ in range(5)]
    foreign, _ = await stage.log_in(person=1)
    end_all = stage.sessions.end_all
    assert await end_all(session.account_id, keep=session.id, caller=CALLER, reason="password changed") == 5
    assert [await stage.sessions.find(token) for token in others] == [None] * 5
    await stage.session(here)
    await stage.session(foreign)
    assert await end_all(session.account_id, caller=CALLER, reason="password changed") == 1
    assert await stage.sessions.find(here) is None
