"""Staff see and change what is of their division, or of who stands before them; each look-up is a line."""

import pytest

from idp.counter.model import VISIT_SECONDS, CounterClaim, RequestKind
from idp.organizations.roles import RoleName
from tests.counter.conftest import NUMBER, PHONE, STRONG, Hall
from tests.support.browserless import Browserless, Form, Page
from tests.support.visits import CSRF_COOKIE, account_id, page, person, signed_in

pytestmark = pytest.mark.anyio
HERE, ELSEWHERE = "410411001", "410411002"


async def street(hall: Hall, username: str, division: str, role: RoleName = RoleName.COUNTER) -> str:
    """A member of staff of one street alone."""
    roles = hall.house.worker.roles
    id_ = await account_id(hall.house, await person(hall.house, username=username, name="钱九"))
    await roles.grant(id_, RoleName.COUNTER, division, "test")
    if role is not RoleName.COUNTER:
        await roles.grant(id_, role, division, "test")
    return id_


async def registered_in(hall: Hall, division: str) -> str:
    """Somebody who was registered at a counter of a street; the username."""
    staff_id = await street(hall, f"clerk{division}", division)
    counter = hall.house.worker.counter
    id_ = await counter.register(staff_id, CounterClaim("林远", "553", "910411199001010013", "13800000017"))
    row = await counter.account(id_)
    assert row is not None
    return str(row.username)


async def posted(someone: Browserless, path: str, **fields: str) -> Page:
    """A form posted without a page having offered it."""
    shown = page(await someone.open("/counter"))
    del shown
    form = page(await someone.open("/counter/act")).form_with("csrf")
    assert form is not None
    assert someone.client.cookies.get(CSRF_COOKIE)
    return page(
        await someone.submit(Form(f"https://id.test{path}", "POST", {"csrf": form.fields["csrf"]}), **fields)
    )


DOCUMENT = {
    "name": "林远",
    "certificate_type": "553",
    "certificate_number": "910411199001010013",
    "seen": "1",
}
FATES = ("freeze", "thaw", "secure", "release", "deceased")
FORMS: dict[str, dict[str, str]] = {
    "/counter/verify": {"step": "ask", **DOCUMENT},
    "/counter/recover": {"step": "ask", "no_phone": "1", **DOCUMENT},
    "/counter/act": {"step": "ask", "seen": "1"},
    "/counter/guardian": {"step": "ask", "papers": "household-register", "seen": "1"},
    "/counter/guardian/end": {"mandate": "x", "reason": "依据文书"},
    "/counter/merge": {"reason": "依据文书"},
    "/counter/merge/undo": {"merge": "x", "reason": "依据文书"},
    "/counter/deceased": {"name": "林远", "reason": "依据文书"},
    "/counter/merge/find": {"identifier": "13800000017"},
    **{f"/counter/accounts/change?{each}": {"decision": each, "reason": "依据文书"} for each in FATES},
}
"""Every act on an account that a page offers, with all in order but for the division."""


@pytest.mark.parametrize("path", FORMS)
async def test_who_has_not_looked_somebody_up_changes_nothing_about_them(any_hall: Hall, path: str) -> None:
    counter = any_hall.house.worker.counter
    username = await registered_in(any_hall, HERE)
    id_ = await account_id(any_hall.house, username)
    await street(any_hall, "stranger", ELSEWHERE, RoleName.SUPERVISOR)
    before, requests = await counter.account(id_), len(await counter.open_requests())
    assert before is not None
    names = dict.fromkeys(("account", "child", "guardian", "into"), id_)
    async with signed_in(any_hall.house, "stranger", STRONG) as someone:
        shown = await posted(someone, path.partition("?")[0], **names, **FORMS[path])
        assert shown.status in (400, 409)
        assert username not in shown.text
        unknown = await posted(
            someone, path.partition("?")[0], **dict.fromkeys(names, "unknown"), **FORMS[path]
        )
        assert (unknown.status, said(unknown)) == (
            shown.status,
            said(shown),
        )  # nothing tells that there is somebody
    assert await counter.account(id_) == before
    assert len(await counter.open_requests()) == requests


def said(shown: Page) -> str:
    """The error that a page shows."""
    return shown.text.partition('id="error"')[2].partition("</div>")[0]


@pytest.mark.parametrize("path", ["/counter/verify", "/counter/recover", "/counter/act", "/counter/accounts"])
async def test_a_look_up_finds_the_own_division_the_homeless_and_the_certificate_in_hand(
    any_hall: Hall, path: str
) -> None:
    house = any_hall.house
    username = await registered_in(any_hall, HERE)
    await street(any_hall, "stranger", ELSEWHERE)
    await street(any_hall, "neighbour", HERE)
    cases = [
        ("stranger", username, "present", False),
        ("stranger", "13800000017", "present", False),
        ("stranger", "910411199001010013", "ordered", False),
        ("stranger", "910411199001010013", "nonsense", False),
        ("stranger", "91041119900101001", "present", False),
        ("stranger", "910411199001010013", "present", True),
        ("stranger", NUMBER, "reported", True),  # no division on record: where they come in person
        ("stranger", PHONE, "present", True),
        ("neighbour", username, "reported", True),
        ("zhaoliu", "13800000017", "ordered", True),  # the district holds its streets
    ]
    texts = set()
    for staff, identifier, why, found in cases:
        async with signed_in(house, staff, STRONG) as someone:
            shown = await posted(someone, path, step="find", identifier=identifier, why=why)
            assert ('<dl class="facts">' in shown.text) is found, (staff, identifier, why)
            texts |= set() if found else {said(shown)}
            house.clock.forward(VISIT_SECONDS + 1)
    assert len(texts) == 1
    lines = [line for line in await house.audit_lines() if line["event"] == "counter.looked_up"]
    assert len(lines) == len(cases)
    assert str(lines).count("reported") == 2
    for number in ("910411199001010013", "13800000017", NUMBER, PHONE):
        assert number not in str(lines)


async def test_requests_of_another_division_are_neither_seen_nor_decided(any_hall: Hall) -> None:
    house, counter = any_hall.house, any_hall.house.worker.counter
    clerk = await street(any_hall, "clerk", HERE)
    await counter.ask(RequestKind.VERIFY, any_hall.id("zhangsan"), clerk, CounterClaim("张三", "111", NUMBER))
    [asked] = await counter.open_requests()
    await street(any_hall, "stranger", ELSEWHERE, RoleName.SUPERVISOR)
    await street(any_hall, "neighbour", HERE)
    async with signed_in(house, "stranger", STRONG) as someone:
        assert "张三" not in page(await someone.open("/counter/queue")).text
        assert "等待复核：0 项" in page(await someone.open("/counter")).text
        answers = [
            await posted(someone, "/counter/queue", request=request, decision=decision)
            for request in (asked.id, "unknown")
            for decision in ("confirm", "refuse")
        ]
        assert [each.status for each in answers] == [409] * 4
        assert [said(each) for each in answers[:2]] == [said(each) for each in answers[2:]]
    assert len(await counter.open_requests()) == 1
    async with signed_in(house, "neighbour", STRONG) as someone:
        assert "张三" in page(await someone.open("/counter/queue")).text
        done = await posted(someone, "/counter/queue", request=asked.id, decision="confirm")
        assert "立即生效" in done.text


async def test_a_recovery_takes_effect_at_once_by_a_supervisor_of_the_division_only(any_hall: Hall) -> None:
    counter, roles = any_hall.house.worker.counter, any_hall.house.worker.roles
    clerk = await street(any_hall, "clerk", HERE)
    other = await street(any_hall, "other", HERE)
    await roles.grant(other, RoleName.SUPERVISOR, ELSEWHERE, "test")
    await counter.ask(
        RequestKind.RECOVER, any_hall.id("zhangsan"), clerk, CounterClaim("张三", "111", NUMBER)
    )
    [asked] = await counter.open_requests()
    assert (await counter.confirm(asked.id, other)).value == "waiting"


async def test_corrections_are_for_the_division_of_the_account_and_else_for_the_district(
    any_hall: Hall,
) -> None:
    house, corrections = any_hall.house, any_hall.house.worker.corrections
    theirs = await account_id(house, await registered_in(any_hall, HERE))
    await corrections.ask(theirs, "姓名有误甲", "198.51.100.7")
    await corrections.ask(any_hall.id("zhangsan"), "姓名有误乙", "198.51.100.7")
    await street(any_hall, "stranger", ELSEWHERE)
    await street(any_hall, "neighbour", HERE)
    for staff, seen in {"stranger": "", "neighbour": "甲", "zhaoliu": "甲乙"}.items():
        async with signed_in(house, staff, STRONG) as someone:
            text = page(await someone.open("/counter/corrections")).text
            assert [mark for mark in "甲乙" if f"姓名有误{mark}" in text] == list(seen)
    waiting = await corrections.waiting()
    async with signed_in(house, "stranger", STRONG) as someone:
        for each in waiting:
            done = await posted(someone, "/counter/corrections", id=each.id, decision="done", answer="好")
            assert done.status == 409
    assert {each.id for each in await corrections.waiting()} == {each.id for each in waiting}


async def test_a_look_up_counts_for_half_an_hour_and_for_whoever_made_it(any_hall: Hall) -> None:
    counter = any_hall.house.worker.counter
    assert await counter.find(NUMBER, any_hall.id("zhaoliu")) is not None
    assert await counter.by_id(any_hall.id("zhangsan"), any_hall.id("sunqi")) is None
    assert await counter.by_id(any_hall.id("zhangsan"), any_hall.id("zhaoliu")) is not None
    any_hall.house.clock.forward(VISIT_SECONDS)
    assert await counter.by_id(any_hall.id("zhangsan"), any_hall.id("zhaoliu")) is None
