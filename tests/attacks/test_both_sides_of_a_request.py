"""What two members of staff decide: nothing that differs goes unnoticed, nothing equal stacks, nobody peeks."""

import asyncio
import re

import pytest

from idp.accounts.store import CERTIFICATE
from idp.counter.model import CounterClaim, CounterRefusal, RequestKind
from tests.counter.asking import asked, family
from tests.counter.beginning import BEGIN, certified
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Form, Page
from tests.support.visits import account_id, page, person, signed_in

pytestmark = pytest.mark.anyio
TICK = "name_differs"


async def pressed(hall: Hall, username: str = "zhouba", **fields: str) -> Page:
    """The only request, confirmed by its button; without a tick unless it is given."""
    async with signed_in(hall.house, username, STRONG) as someone:
        form = page(await someone.open("/counter/queue")).form_with("decision")
        assert form is not None
        return page(await someone.submit(form, decision="confirm", **fields))


async def opened(hall: Hall) -> int:
    """How many requests are open."""
    return len(await hall.house.worker.counter.open_requests())


@pytest.mark.parametrize(
    "kind", [RequestKind.VERIFY, RequestKind.RECOVER, RequestKind.MERGE, RequestKind.LINK]
)
async def test_what_differs_takes_more_than_the_button_whatever_kind_it_is(
    hall: Hall, kind: RequestKind
) -> None:
    if kind in (RequestKind.VERIFY, RequestKind.RECOVER):
        claim = CounterClaim("赵小明", "111", NUMBER)
        await hall.house.worker.counter.ask(kind, hall.id("zhangsan"), hall.id("sunqi"), claim)
    else:
        await BEGIN[kind](hall)
    refused = await pressed(hall)
    assert (refused.status, await opened(hall)) == (409, 1)
    assert "不一致" in refused.text
    assert TICK in refused.text
    assert (await pressed(hall, **{TICK: "1"})).status == 200
    [line] = [one for one in await hall.house.audit_lines() if one["event"] == "counter.confirmed"]
    assert "differs" in line["detail"]


async def test_a_child_has_two_guardians_and_neither_request_is_there_twice(hall: Hall) -> None:
    child, mother = await family(hall)
    facts = {"certificate_type": "414", "certificate_number": "E00000002"}
    father = await account_id(hall.house, await person(hall.house, username="father", name="赵大", **facts))
    await asked(hall, child, mother)
    await asked(hall, child, father)
    for guardian in (mother, father):
        with pytest.raises(CounterRefusal, match="already-open"):
            await asked(hall, child, guardian)
    for _ in range(2):
        assert (await pressed(hall)).status == 200
    assert len(await hall.house.worker.counter.guardians(child)) == 2


async def test_of_equal_forms_at_once_by_two_clerks_one_is_a_request(hall: Hall) -> None:
    async with (
        signed_in(hall.house, "zhaoliu", STRONG) as one,
        signed_in(hall.house, "sunqi", STRONG) as other,
    ):
        sent = []
        for staff in (one, other):
            form = page(await staff.open("/counter/accounts")).form_with("identifier")
            assert form is not None
            form = page(await staff.submit(form, identifier=NUMBER)).form_with("decision")
            assert form is not None
            sent += [staff.submit(tab, decision="release", reason="号码已换人") for tab in form.in_tabs(5)]
        await asyncio.gather(*sent)
    assert await opened(hall) == 1


async def test_a_record_that_has_become_another_s_since_is_not_confirmed(hall: Hall) -> None:
    claim = CounterClaim("王五", "553", "910411199001010013")
    await hall.house.worker.counter.ask(RequestKind.VERIFY, hall.id("wangwu"), hall.id("sunqi"), claim)
    index = hall.house.worker.base.vault.blind_index(CERTIFICATE, "E77777777")
    await certified(hall, hall.id("wangwu"), index)
    before = await hall.house.worker.counter.account(hall.id("wangwu"))
    await pressed(hall, **{TICK: "1"})
    after = await hall.house.worker.counter.account(hall.id("wangwu"))
    assert before is not None
    assert after is not None
    assert after.certificate_index in (index, before.certificate_index) or after.real_name_level == 4


@pytest.mark.parametrize("side", ["zhangsan", "wangwu"])
async def test_whom_a_request_concerns_sees_no_whole_number_of_it(hall: Hall, side: str) -> None:
    """By any of its sides: who may not confirm it has no reason to look."""
    await BEGIN[RequestKind.MERGE](hall)
    vault = hall.house.worker.base.vault
    index = vault.blind_index(CERTIFICATE, NUMBER) if side == "zhangsan" else b"one person"
    await certified(hall, hall.id(side), index)
    await certified(hall, hall.id("zhouba"), index)
    [asked] = await hall.house.worker.counter.open_requests()
    async with signed_in(hall.house, "zhouba", STRONG) as someone:
        form = page(await someone.open("/counter/queue")).form_with("csrf")
        assert form is not None
        fields = {"csrf": form.fields["csrf"], "request": asked.id, "why": "compare"}
        answer = page(await someone.submit(Form("https://id.test/counter/queue/number", "POST", fields)))
    assert (answer.status, NUMBER in answer.text) == (409, False)
    assert "counter.number_shown" not in await hall.house.audit_events()


async def test_every_text_about_a_person_is_in_the_record_of_that_person_only(hall: Hall) -> None:
    """What is confirmed leaves neither number nor name in the record."""
    claim = CounterClaim("赵小明", "111", NUMBER, "13800000009")
    await hall.house.worker.counter.ask(RequestKind.VERIFY, hall.id("zhangsan"), hall.id("sunqi"), claim)
    await pressed(hall, **{TICK: "1"})
    text = str(await hall.house.audit_lines())
    for word in (NUMBER, "赵小明", "张三", "13800000009"):
        assert word not in text
    assert re.search(r"1[3-9]\d{9}", text) is None
