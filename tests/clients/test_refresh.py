import anyio
import httpx2
import pytest

from tests.clients.fake_provider import LIFETIME
from tests.clients.stage import Stage, stage

pytestmark = pytest.mark.anyio


def refreshes(on: Stage) -> list[dict[str, str]]:
    return [asked for asked in on.provider.asked("/token") if asked["grant_type"] == "refresh_token"]


async def test_a_fresh_token_is_left_alone() -> None:
    async with stage() as on:
        first = await on.visit("/me")
        on.clock.pass_by(LIFETIME - 61)
        assert (await on.step("/me")).text == first.text
        assert refreshes(on) == []


async def test_a_token_is_renewed_shortly_before_it_expires() -> None:
    async with stage() as on:
        first = await on.visit("/me")
        on.clock.pass_by(LIFETIME - 60)
        second = await on.step("/me")
        assert second.status_code == 200
        assert second.text != first.text
        assert len(refreshes(on)) == 1


async def test_each_refresh_shows_the_newest_token() -> None:
    async with stage() as on:
        await on.visit("/me")
        for _ in range(3):
            on.clock.pass_by(LIFETIME)
            assert (await on.step("/me")).status_code == 200
        assert len({asked["refresh_token"] for asked in refreshes(on)}) == 3


async def test_requests_side_by_side_refresh_once() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.clock.pass_by(LIFETIME)
        answers: list[httpx2.Response] = []

        async def ask() -> None:
            answers.append(await on.step("/me"))

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert len(refreshes(on)) == 1


async def test_a_provider_may_keep_the_refresh_token() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.provider.changed_token = {"refresh_token": None}
        on.clock.pass_by(LIFETIME)
        await on.step("/me")
        on.provider.error_at_token = (400, "invalid_grant")
        on.clock.pass_by(LIFETIME)
        await on.step("/me")
        first, second = refreshes(on)
        assert first["refresh_token"] == second["refresh_token"]


async def test_a_refused_refresh_ends_the_session() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.provider.error_at_token = (400, "invalid_grant")
        on.clock.pass_by(LIFETIME)
        assert (await on.step("/")).text == "home of nobody"
        on.provider.error_at_token = None
        assert (await on.visit("/me")).status_code == 200


@pytest.mark.parametrize("trouble", ["down", "503", "temporarily_unavailable"])
async def test_a_provider_that_is_away_for_a_while_logs_nobody_out(trouble: str) -> None:
    async with stage() as on:
        await on.visit("/me")
        on.clock.pass_by(LIFETIME)
        on.provider.down = trouble == "down"
        if trouble != "down":
            on.provider.error_at_token = (503 if trouble == "503" else 400, "temporarily_unavailable")
        assert (await on.step("/me")).status_code == 200
        on.clock.pass_by(9)
        assert (await on.step("/me")).status_code == 200
        assert len(refreshes(on)) == (0 if trouble == "down" else 1)
        on.provider.down, on.provider.error_at_token = False, None
        on.clock.pass_by(1)
        before = len(refreshes(on))
        assert (await on.step("/me")).status_code == 200
        assert len(refreshes(on)) == before + 1


async def test_a_refresh_cannot_turn_one_person_into_another() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.provider.changed_claims = {"sub": "person-2"}
        on.clock.pass_by(LIFETIME)
        assert (await on.step("/")).text == "home of nobody"


async def test_a_refresh_tells_of_a_changed_level() -> None:
    async with stage() as on:
        await on.visit("/me")
        on.provider.level = 1
        on.clock.pass_by(LIFETIME)
        assert (await on.step("/me")).text.startswith("张三 1 ")


async def test_a_session_without_a_refresh_token_lives_on() -> None:
    async with stage() as on:
        on.provider.changed_token = {"refresh_token": None}
        await on.visit("/me")
        on.clock.pass_by(LIFETIME + 1)
        assert (await on.step("/me")).status_code == 200
        assert refreshes(on) == []
