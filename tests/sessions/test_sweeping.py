"""What dies by itself is ended with notices, once; what is over for long is forgotten, but for the record."""

import asyncio

import pytest
from sqlalchemy import insert

from idp.infrastructure.database import Statement
from idp.oauth.store import grants
from idp.oauth.sweep_store import MOST
from idp.oauth.sweeper import Sweeper
from idp.sessions.model import Session
from tests.sessions.conftest import CALLER, Stage
from tests.support import raw_sql
from tests.support.mandates import company, mandate, revoke
from tests.support.twice import once

pytestmark = pytest.mark.anyio

DAY = 86_400
_ADD_GRANT = Statement(insert(grants))


def _sweeper(stage: Stage) -> Sweeper:
    return stage.provider.worker.sweeper


async def _grant(stage: Stage, session: Session, client_id: str, *, offline: bool = False) -> None:
    """A grant in its first generation."""
    now = stage.clock.now
    call = _ADD_GRANT(
        id=f"grant-{session.id}",
        client_id=client_id,
        account_id=session.account_id,
        session_id=session.id,
        mandate_id=None,
        principal=None,
        scope="openid",
        offline=int(offline),
        amr="pwd",
        level=2,
        authenticated_at=now,
        generation=0,
        created_at=now,
        rotated_at=now,
        expires_at=now + 180 * DAY,
        revoked_at=None,
    )
    await stage.provider.worker.base.database.add(call)


async def test_a_session_that_timed_out_is_ended_with_notices_by_one_of_many(stage: Stage) -> None:
    _, session = await stage.log_in()
    client_id = await stage.join(session)
    stage.clock.forward(1799)
    assert await _sweeper(stage).end_dead() == 0
    stage.clock.forward(1)
    assert sum(await asyncio.gather(*[_sweeper(stage).end_dead() for _ in range(5)])) == 1
    assert stage.notices() == [(client_id, session.id)]
    [line] = await stage.lines("session.ended")
    assert '"timeout"' in line["detail"]


async def test_a_session_that_is_too_old_is_ended_however_much_it_is_used(stage: Stage) -> None:
    token, session = await stage.log_in()
    client_id = await stage.join(session)
    for _ in range(28_800 // 1200):
        assert await _sweeper(stage).end_dead() == 0
        stage.clock.forward(1200)
        await stage.sessions.find(token)
    assert await _sweeper(stage).end_dead() == 1
    assert stage.notices() == [(client_id, session.id)]


async def test_whoever_works_in_a_system_is_not_logged_out_for_being_idle_here(stage: Stage) -> None:
    _, session = await stage.log_in()
    client_id = await stage.join(session)
    stage.clock.forward(1000)
    await _grant(stage, session, client_id)
    stage.clock.forward(1000)
    assert await _sweeper(stage).end_dead() == 0
    stage.clock.forward(800)
    assert await _sweeper(stage).end_dead() == 1


async def test_access_without_the_person_is_no_sign_of_the_person_s_life(stage: Stage) -> None:
    _, session = await stage.log_in()
    client_id = await stage.join(session)
    stage.clock.forward(1000)
    await _grant(stage, session, client_id, offline=True)
    stage.clock.forward(1000)
    assert await _sweeper(stage).end_dead() == 1


async def test_a_session_whose_mandate_ran_out_is_ended_with_notices(stage: Stage) -> None:
    company_id = await company(stage.provider, stage.people[1].id)
    until = stage.clock.now + 600
    dated = await mandate(stage.provider, stage.people[0].id, company=company_id, valid_until=until)
    other = await mandate(stage.provider, stage.people[0].id, company=company_id)
    sessions = []
    for principal in (dated, other, other):
        _, session = await stage.log_in()
        sessions.append(await stage.session(await stage.sessions.represent(session, principal, CALLER)))
    client_id = await stage.join(sessions[0])
    assert await _sweeper(stage).end_dead() == 0
    stage.clock.forward(600)
    assert await _sweeper(stage).end_dead() == 1
    assert stage.notices() == [(client_id, sessions[0].id)]
    await revoke(stage.provider, other)
    assert await _sweeper(stage).end_dead() == 2
    reasons = [line["detail"] for line in await stage.lines("session.ended")]
    assert sum('"mandate expired"' in reason for reason in reasons) == 3


async def test_more_dead_sessions_than_fit_a_batch_are_all_ended(stage: Stage) -> None:
    _, session = await stage.log_in()
    stage.copy(session, 249)
    stage.clock.forward(1800)
    assert await _sweeper(stage).end_dead() == 250
    assert await _sweeper(stage).end_dead() == 0


async def test_many_that_live_on_in_their_systems_do_not_stand_before_one_that_is_dead(stage: Stage) -> None:
    _, session = await stage.log_in()
    client_id = await stage.join(session)
    stage.clock.forward(1000)
    for in_use in [session, *stage.copy(session, MOST + 5)]:
        await _grant(stage, in_use, client_id)
    _, dead = await stage.log_in(1)
    stage.clock.forward(1799)
    raw_sql.execute(stage.url, "UPDATE grants SET rotated_at = rotated_at + 900")
    stage.clock.forward(1)
    assert await _sweeper(stage).end_dead() == 1
    assert [line["session_id"] for line in await stage.lines("session.ended")] == [dead.id]


async def test_no_step_of_a_sweep_stands_before_a_request(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = stage.provider.worker.base.database
    once(database)

    async def refuse(*_: object) -> None:
        raise AssertionError("requests queue on this line")

    for _ in range(3):
        await stage.log_in()
    stage.clock.forward(1800)
    for name in ("read", "write", "add"):
        monkeypatch.setattr(database, name, refuse)
    assert await _sweeper(stage).end_dead() == 3
    stage.clock.forward(200 * DAY)
    assert await _sweeper(stage).forget_old() == 3


async def test_what_is_over_for_long_is_forgotten_but_for_the_record(stage: Stage) -> None:
    _, past = await stage.log_in()
    client_id = await stage.join(past)
    await _grant(stage, past, client_id)
    _, granted = await stage.log_in()
    await stage.join(granted)
    stage.clock.forward(100)
    await _grant(stage, granted, client_id, offline=True)
    await stage.sessions.end_all(past.account_id, caller=CALLER, reason="logout")
    raw_sql.execute(stage.url, "UPDATE outbox SET next_attempt_at = NULL")
    recorded = len(await stage.provider.audit_lines())
    stage.clock.forward(180 * DAY - 50)
    assert await _sweeper(stage).forget_old() == 0
    assert len(stage.notices()) == 2
    raw_sql.execute(stage.url, "UPDATE grants SET expires_at = expires_at + 1000 WHERE offline = 1")
    stage.clock.forward(51)
    _, live = await stage.log_in()
    assert sum(await asyncio.gather(*[_sweeper(stage).forget_old() for _ in range(3)])) == 1
    kept = [row["id"] for row in raw_sql.rows(stage.url, "SELECT id FROM sessions")]
    assert set(kept) == {granted.id, live.id}
    assert stage.notices() == []
    assert [row["offline"] for row in raw_sql.rows(stage.url, "SELECT offline FROM grants")] == [1]
    stage.clock.forward(1000)
    assert await _sweeper(stage).forget_old() == 1
    assert raw_sql.rows(stage.url, "SELECT id FROM grants") == []
    assert len(await stage.provider.audit_lines()) == recorded + 1


async def test_a_message_on_its_way_is_not_forgotten(stage: Stage) -> None:
    _, session = await stage.log_in()
    await stage.join(session)
    await stage.sessions.end(session.id, CALLER, "logout")
    stage.clock.forward(200 * DAY)
    await _sweeper(stage).forget_old()
    assert len(stage.notices()) == 1
