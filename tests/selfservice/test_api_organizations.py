"""/api/me: a company bound, an agent invited, a helper and a child, from an app of their person."""

from typing import Any

import httpx2
import pytest

from tests.selfservice.calling import call, token_of
from tests.support.messages import messages_to
from tests.support.town import CODE, NAME, ZHANGSAN, Town, confirm
from tests.support.visits import account_id, signed_in

pytestmark = pytest.mark.anyio
FIRM = {"unified_social_credit_code": CODE, "name": NAME}


async def token(town: Town, username: str) -> str:
    async with signed_in(town.house, username) as someone:
        return await token_of(town.house, someone)


async def asked(town: Town, token: str, method: str, path: str, body: Any = None) -> httpx2.Response:
    return await call(town.house, token, method, path, body)


async def test_a_company_is_bound_an_agent_invited_accepts_and_is_revoked(town: Town) -> None:
    lisi, zhangsan = await token(town, "lisi"), await token(town, "zhangsan")
    bound = await asked(town, lisi, "POST", "/organizations", FIRM)
    assert bound.status_code == 201, bound.text
    mandates = f"/organizations/{bound.json()['id']}/mandates"
    agent = {"name": "张三", "phone": ZHANGSAN, "items": ["001"], "valid_until": "2028-12-31"}
    invited = await asked(town, lisi, "POST", mandates, agent)
    assert invited.status_code == 201, invited.text
    mandate_id = invited.json()["mandate_id"]
    [text] = await messages_to(town.house, ZHANGSAN)
    assert NAME in text
    [invitation] = (await asked(town, zhangsan, "GET", "/mandates")).json()["invitations"]
    assert (invitation["id"], invitation["items"]) == (mandate_id, ["001"])
    assert invitation["valid_until"] == "2028-12-31T16:00:00Z"  # the end of that day in China
    path = f"/mandates/{mandate_id}/decision"
    assert (await asked(town, zhangsan, "POST", path, {"decision": "accept"})).status_code == 204
    [shown] = [
        each
        for each in (await asked(town, lisi, "GET", mandates)).json()["agents"]
        if each["id"] == mandate_id
    ]
    assert (shown["agent"], shown["state"]) == ("张三", "active")
    assert (await asked(town, lisi, "POST", path, {"decision": "revoke"})).status_code == 204
    assert await town.house.worker.mandates.principals(await account_id(town.house, "zhangsan")) == []


async def test_who_does_not_manage_a_company_learns_nothing_of_it(town: Town) -> None:
    lisi, zhangsan = await token(town, "lisi"), await token(town, "zhangsan")
    firm = (await asked(town, lisi, "POST", "/organizations", FIRM)).json()["id"]
    agent = {"name": "王五", "phone": "13800000009"}
    for method, path, body in (
        ("GET", f"/organizations/{firm}/mandates", None),
        ("POST", f"/organizations/{firm}/mandates", agent),
        ("DELETE", f"/organizations/{firm}", None),
    ):
        assert (await asked(town, zhangsan, method, path, body)).status_code == 404
    assert await messages_to(town.house, "13800000009") == []
    assert (await asked(town, lisi, "DELETE", f"/organizations/{firm}")).status_code == 204
    assert (await asked(town, lisi, "GET", "/organizations")).json() == []


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"unified_social_credit_code": "91410411MA00000071"}, 422, "code"),
        ({"name": ""}, 422, "name"),
        ({"name": "别的公司"}, 409, "not-confirmed"),
    ],
)
async def test_what_the_register_does_not_confirm_is_not_bound(
    town: Town, changes: dict[str, str], status: int, reason: str
) -> None:
    refused = await asked(town, await token(town, "lisi"), "POST", "/organizations", FIRM | changes)
    assert (refused.status_code, refused.json()["detail"]) == (status, reason)


async def test_a_register_that_is_away_says_so(town: Town) -> None:
    town.world.modes["licences"] = "500"
    away = await asked(town, await token(town, "lisi"), "POST", "/organizations", FIRM)
    assert (away.status_code, away.json()["detail"]) == (503, "unavailable")


async def test_a_company_is_bound_by_its_licence(town: Town) -> None:
    lisi, zhangsan = await token(town, "lisi"), await token(town, "zhangsan")
    picture = (await asked(town, lisi, "POST", "/licences")).json()
    path, body = "/licences/state", {"ticket": picture["ticket"]}
    waiting = (await asked(town, lisi, "POST", path, body)).json()
    assert waiting == {"state": "created", "organization_id": None}
    [ticket] = town.world.memory["licences"]
    confirm(town, ticket, "LEGAL_REP", "李四")
    stolen = await asked(town, zhangsan, "POST", path, body)
    assert (stolen.status_code, stolen.json()["detail"]) == (409, "over")
    bound = (await asked(town, lisi, "POST", path, body)).json()
    [firm] = (await asked(town, lisi, "GET", "/organizations")).json()
    assert bound == {"state": "bound", "organization_id": firm["id"]}
    assert (await asked(town, lisi, "POST", path, body)).status_code == 409  # a ticket is good once


async def test_a_helper_is_asked_within_bounds(town: Town) -> None:
    lisi = await token(town, "lisi")
    helper = {"name": "张三", "phone": ZHANGSAN}
    past = await asked(town, lisi, "POST", "/mandates/helpers", helper | {"valid_until": "2001-01-01"})
    assert (past.status_code, past.json()["detail"]) == (422, "dates")
    for wrong in ({"phone": "1"}, {"name": ""}):
        refused = await asked(town, lisi, "POST", "/mandates/helpers", helper | wrong)
        assert refused.status_code == 422, refused.text
    made = await asked(town, lisi, "POST", "/mandates/helpers", helper)
    [given] = (await asked(town, lisi, "GET", "/mandates")).json()["given"]
    assert (given["id"], given["relation"]) == (made.json()["mandate_id"], "family_helper")
    assert given["valid_until"] is not None


async def test_a_guardian_adds_a_child_and_states_to_be_one(town: Town) -> None:
    zhangsan = await token(town, "zhangsan")
    child = {"name": "赵小宝", "certificate_type": "111", "certificate_number": "410411201506010010"}
    for statement in ({}, {"statement": False}):
        refused = await asked(town, zhangsan, "POST", "/mandates/minors", child | statement)
        assert refused.status_code == 422
        assert child["certificate_number"] not in refused.text
    added = await asked(town, zhangsan, "POST", "/mandates/minors", child | {"statement": True})
    assert added.status_code == 201, added.text
    [held] = (await asked(town, zhangsan, "GET", "/mandates")).json()["held"]
    assert (held["id"], held["relation"]) == (added.json()["mandate_id"], "guardian")
    again = await asked(town, zhangsan, "POST", "/mandates/minors", child | {"statement": True})
    assert (again.status_code, again.json()["detail"]) == (409, "not-confirmed")
