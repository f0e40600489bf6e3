"""A member of staff of one street reaches for people of another by what stands beside their own: nothing is shown."""

import pytest

from idp.counter.model import CounterClaim
from idp.organizations.roles import RoleName
from tests.counter.conftest import STRONG, Hall
from tests.support.browserless import Browserless, Page
from tests.support.visits import account_id, page, person, signed_in

pytestmark = pytest.mark.anyio
HERE, ELSEWHERE = "410411001", "410411002"
NUMBER, PHONE = "910411199001010013", "13800000017"


async def supervisor(hall: Hall, username: str, division: str) -> str:
    """A supervisor of one street."""
    id_ = await account_id(hall.house, await person(hall.house, username=username, name="钱九"))
    for role in (RoleName.COUNTER, RoleName.SUPERVISOR):
        await hall.house.worker.roles.grant(id_, role, division, "test")
    return id_


async def found(someone: Browserless, identifier: str) -> Page:
    """The page of an account that was looked up."""
    form = page(await someone.open("/counter/accounts")).form_with("identifier")
    assert form is not None
    return page(await someone.submit(form, identifier=identifier, why="present"))


async def twins(hall: Hall) -> tuple[str, str]:
    """Two accounts with one certificate: one that nobody registered, and one registered in ELSEWHERE; usernames."""
    theirs = await hall.house.worker.counter.register(
        await supervisor(hall, "there", ELSEWHERE), CounterClaim("林远", "553", NUMBER, PHONE)
    )
    row = await hall.house.worker.counter.account(theirs)
    assert row is not None
    own = {"name": "林远", "level": 0, "certificate_type": "553", "certificate_number": NUMBER}
    return await person(hall.house, username="homeless", **own), str(row.username)


async def test_the_twin_of_somebody_found_is_shown_to_the_own_division_only(hall: Hall) -> None:
    homeless, registered = await twins(hall)
    await supervisor(hall, "here", HERE)
    for staff, seen in {"here": False, "there": True, "sunqi": True}.items():
        async with signed_in(hall.house, staff, STRONG) as someone:
            shown = await found(someone, homeless)
            assert homeless in shown.text, staff
            assert (registered in shown.text) is seen, staff
            assert (PHONE[-4:] in shown.text) is seen, staff


async def test_a_twin_that_is_shown_was_looked_up_and_its_owner_reads_it(hall: Hall) -> None:
    homeless, registered = await twins(hall)
    theirs = await account_id(hall.house, registered)
    async with signed_in(hall.house, "there", STRONG) as someone:
        shown = await found(someone, homeless)
        lines = [one for one in await hall.house.audit_lines() if one["account_id"] == theirs]
        assert "counter.looked_up" in [one["event"] for one in lines]
        merge = page(await someone.open(f"/counter/merge?account={theirs}&into={shown.url.split('=')[-1]}"))
        assert merge.form_with("reason") is not None


async def test_a_guessed_id_beside_ones_own_shows_and_begins_nothing(hall: Hall) -> None:
    homeless, registered = await twins(hall)
    theirs = await account_id(hall.house, registered)
    await supervisor(hall, "here", HERE)
    async with signed_in(hall.house, "here", STRONG) as someone:
        mine = (await found(someone, homeless)).url.split("=")[-1]
        before = [one.id for one in await hall.house.worker.counter.open_requests()]
        for path in (
            f"/counter/merge?account={theirs}&into={mine}",
            f"/counter/merge?account={mine}&into={theirs}",
            f"/counter/accounts?account={theirs}",
            f"/counter/deceased?account={theirs}",
            f"/counter/verify?account={theirs}",
            f"/counter/recover?account={theirs}",
            f"/counter/act?account={theirs}",
        ):
            shown = page(await someone.open(path))
            assert registered not in shown.text, path
            assert PHONE[-4:] not in shown.text, path
    assert [one.id for one in await hall.house.worker.counter.open_requests()] == before
