"""/api/me: platforms by which the person comes in, and computers that the app lets in."""

import pytest

from tests.selfservice.calling import call, token_of
from tests.support.inprocess import Provider
from tests.support.platforms import Whole, linked
from tests.support.qr_login import begin, go_on, state
from tests.support.visits import person, signed_in, visitor

pytestmark = pytest.mark.anyio


async def test_an_app_lets_a_computer_in_with_the_number_on_its_screen(house: Provider) -> None:
    username = await person(house)
    async with visitor(house, "203.0.113.50") as computer, signed_in(house, username) as someone:
        token = await token_of(house, someone)
        qr_id, number = await begin(computer)
        shown = (await call(house, token, "POST", f"/qr-logins/{qr_id}/scan")).json()
        assert shown["address"] == "203.0.113.50"
        assert number in shown["choices"]
        assert await state(computer) == "scanned"
        path = f"/qr-logins/{qr_id}/decision"
        assert (await call(house, token, "POST", path, {"number": number})).json() == {"approved": True}
        assert (await call(house, token, "POST", path, {"number": number})).status_code == 404
        assert (await go_on(computer)).status_code == 303


@pytest.mark.parametrize("right", [True, False])
async def test_refusing_and_guessing_both_end_it(house: Provider, right: bool) -> None:
    async with visitor(house) as computer, signed_in(house) as someone:
        token = await token_of(house, someone)
        qr_id, number = await begin(computer)
        decision = {"number": None if right else (number + 1) % 100}
        path = f"/qr-logins/{qr_id}/decision"
        assert (await call(house, token, "POST", path, decision)).json() == {"approved": False}
        assert (await call(house, token, "POST", path, {"number": number})).status_code == 404
        assert await state(computer) == "refused"


async def test_a_picture_that_another_scanned_is_not_decided(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as first, signed_in(house) as second:
        mine, theirs = await token_of(house, first), await token_of(house, second)
        qr_id, number = await begin(computer)
        assert (await call(house, mine, "POST", f"/qr-logins/{qr_id}/scan")).status_code == 200
        for path, body in (("scan", None), ("decision", {"number": number})):
            assert (await call(house, theirs, "POST", f"/qr-logins/{qr_id}/{path}", body)).status_code == 404
        assert await state(computer) == "scanned"


async def test_a_link_is_shown_and_ended(whole: Whole) -> None:
    await linked(whole)
    async with signed_in(whole.house, "zhangsan") as someone, signed_in(whole.house) as other:
        token, theirs = await token_of(whole.house, someone), await token_of(whole.house, other)
    [link] = (await call(whole.house, token, "GET", "/upstreams")).json()
    assert link["platform"] == "henan"
    assert "河南" in link["title"]
    assert (await call(whole.house, theirs, "GET", "/upstreams")).json() == []
    assert (await call(whole.house, theirs, "DELETE", f"/upstreams/{link['id']}")).status_code == 404
    assert (await call(whole.house, token, "DELETE", f"/upstreams/{link['id']}")).status_code == 204
    assert (await call(whole.house, token, "GET", "/upstreams")).json() == []


async def test_the_only_way_in_is_not_ended(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        token = await token_of(whole.house, someone)
    [link] = (await call(whole.house, token, "GET", "/upstreams")).json()
    refused = await call(whole.house, token, "DELETE", f"/upstreams/{link['id']}")
    assert (refused.status_code, refused.json()["detail"]) == (409, "last-way")
