"""The single sign-on session: how it begins, lasts, grows stronger and ends, on both databases."""

import asyncio

import pytest

from idp.sessions.model import MULTIPLE, ONE_TIME_PASSWORD, PASSWORD, session_level
from idp.sessions.service import TOUCH_SECONDS
from tests.sessions.conftest import CALLER, Stage
from tests.support import raw_sql

pytestmark = pytest.mark.anyio


async def test_a_session_is_found_by_its_cookie_alone(stage: Stage) -> None:
    token = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    session = await stage.session(token)
    assert (session.username, session.amr, session.level) == ("zhangsan", ("pwd",), 2)
    for other in (None, "", token[:-1], token + "x", "zss_", session.id):
        assert await stage.sessions.find(other) is None
    [row] = raw_sql.rows(stage.url, "SELECT token_hash FROM sessions")
    assert token.encode() not in bytes(row["token_hash"])


async def test_a_session_ends_when_nobody_uses_it(stage: Stage) -> None:
    token = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    for _ in range(4):
        stage.clock.forward(1700)
        await stage.session(token)
    stage.clock.forward(1801)
    assert await stage.sessions.find(token) is None


async def test_a_session_ends_however_much_it_is_used(stage: Stage) -> None:
    token = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    for _ in range(28_800 // 1200 - 1):
        stage.clock.forward(1200)
        await stage.session(token)
    stage.clock.forward(1200)
    assert await stage.sessions.find(token) is None


async def test_a_sign_of_life_is_written_at_most_once_a_minute(stage: Stage) -> None:
    token = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    begun = stage.clock.now
    stage.clock.forward(TOUCH_SECONDS)
    await stage.session(token)
    assert (await stage.session(token)).last_seen_at == begun
    stage.clock.forward(1)
    await stage.session(token)
    assert (await stage.session(token)).last_seen_at == stage.clock.now


async def test_the_same_person_again_keeps_the_session_under_a_new_cookie(stage: Stage) -> None:
    first = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    before = await stage.session(first)
    stage.clock.forward(30)
    strong = (PASSWORD, ONE_TIME_PASSWORD, MULTIPLE)
    second = await stage.begin(stage.people[0], strong, CALLER, before)
    assert second != first
    assert await stage.sessions.find(first) is None
    after = await stage.session(second)
    assert (after.id, after.amr, after.authenticated_at) == (before.id, strong, stage.clock.now)
    assert "session.stepped_up" in await stage.provider.audit_events()


async def test_another_person_in_the_same_browser_ends_the_first_ones_session(stage: Stage) -> None:
    first = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    before = await stage.session(first)
    second = await stage.begin(stage.people[1], (PASSWORD,), CALLER, before)
    assert await stage.sessions.find(first) is None
    assert (await stage.session(second)).username == "lisi"
    assert (await stage.provider.audit_events()).count("session.ended") == 1


async def test_a_login_into_a_session_that_ended_meanwhile_begins_a_new_one(stage: Stage) -> None:
    first = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    before = await stage.session(first)
    await stage.sessions.end(before.id, CALLER, "logout")
    second = await stage.begin(stage.people[0], (PASSWORD,), CALLER, before)
    assert (await stage.session(second)).id != before.id


async def test_of_many_who_end_a_session_one_has_ended_it(stage: Stage) -> None:
    token = await stage.begin(stage.people[0], (PASSWORD,), CALLER, None)
    session = await stage.session(token)
    ended = await asyncio.gather(*[stage.sessions.end(session.id, CALLER, "logout") for _ in range(50)])
    assert ended.count(True) == 1
    assert await stage.sessions.find(token) is None
    assert (await stage.provider.audit_events()).count("session.ended") == 1


async def test_many_logins_at_once_are_many_sessions(stage: Stage) -> None:
    begin = [stage.begin(stage.people[n % 2], (PASSWORD,), CALLER, None) for n in range(50)]
    tokens = await asyncio.gather(*begin)
    sessions = await asyncio.gather(*[stage.session(token) for token in tokens])
    assert len({session.id for session in sessions}) == 50
    assert [session.username for session in sessions[:2]] == ["zhangsan", "lisi"]


@pytest.mark.parametrize(
    ("real_name_level", "amr", "level"),
    [(0, (PASSWORD,), 0), (2, (PASSWORD,), 2), (4, (PASSWORD,), 2), (4, (PASSWORD, "otp", MULTIPLE), 4)],
)
def test_one_factor_carries_no_more_than_level_2(
    real_name_level: int, amr: tuple[str, ...], level: int
) -> None:
    assert session_level(real_name_level, amr) == level
