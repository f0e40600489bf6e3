import pytest

from clients.sdk.core.logout import LogoutNotice
from clients.sdk.store import MemorySessionStore
from tests.clients.making import NOW, Clock, session

pytestmark = pytest.mark.anyio


def notice(
    *,
    subject: str | None = "person-1",
    sid: str | None = "session-1",
    jti: str = "notice-1",
    issued_at: int = NOW,
) -> LogoutNotice:
    return LogoutNotice(subject, sid, jti, issued_at, issued_at + 360)


async def test_what_is_kept_is_found() -> None:
    store = MemorySessionStore(Clock())
    kept = session()
    assert await store.add("a", kept)
    assert await store.get("a") == kept
    assert await store.get("b") is None


async def test_a_session_lasts_no_longer_than_its_absolute_limit() -> None:
    clock = Clock()
    store = MemorySessionStore(clock, idle=100, absolute=250)
    await store.add("a", session())
    for _ in range(2):
        clock.pass_by(90)
        assert await store.get("a")
    clock.pass_by(90)
    assert await store.get("a") is None


async def test_a_full_store_forgets_what_was_not_used_for_longest() -> None:
    store = MemorySessionStore(Clock(), most=2)
    await store.add("a", session())
    await store.add("b", session())
    await store.get("a")
    await store.add("c", session())
    assert [bool(await store.get(key)) for key in "abc"] == [True, False, True]


async def test_an_ended_session_is_not_brought_back() -> None:
    store = MemorySessionStore(Clock())
    await store.add("a", session())
    await store.remove("a")
    assert not await store.replace("a", session())
    assert await store.get("a") is None


async def test_a_notice_ends_the_sessions_it_means() -> None:
    store = MemorySessionStore(Clock())
    await store.add("a", session(sid="session-1"))
    await store.add("b", session(sid="session-2"))
    await store.add("c", session(subject="person-2", sid="session-3"))
    assert await store.end(notice(sid="session-1")) == 1
    assert await store.end(notice(sid=None, jti="notice-2")) == 1
    assert await store.end(notice(subject=None, sid="session-3", jti="notice-3")) == 1


async def test_a_repeated_notice_is_known() -> None:
    clock = Clock()
    store = MemorySessionStore(clock)
    assert await store.end(notice()) == 0
    assert await store.end(notice()) is None
    clock.pass_by(359)
    assert await store.end(notice()) is None


async def test_a_notice_stops_the_login_it_overtook_but_no_later_one() -> None:
    store = MemorySessionStore(Clock())
    await store.end(notice(sid=None))
    assert not await store.add("a", session(issued_at=NOW))
    assert await store.add("b", session(issued_at=NOW + 1))
    assert await store.add("c", session(subject="person-2"))


async def test_notices_are_forgotten_in_time() -> None:
    clock = Clock()
    store = MemorySessionStore(clock)
    await store.end(notice())
    clock.pass_by(600)
    assert await store.end(notice()) == 0
