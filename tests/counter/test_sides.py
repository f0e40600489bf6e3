"""Whoever confirms sees both sides, is warned, and gives the whole number a reason; one request of a kind is open."""

import asyncio
import re

import pytest
from sqlalchemy import select

from idp.counter.model import REQUEST_SECONDS, CounterClaim, CounterRefusal, RequestKind
from idp.counter.request_tables import counter_requests
from idp.infrastructure.database import Row, Statement
from idp.infrastructure.database.interface import fetch
from tests.counter.beginning import BEGIN
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Form, Page
from tests.support.statements import every_statement
from tests.support.visits import page, signed_in

pytestmark = pytest.mark.anyio

ALARM, TICK = "可能不是同一个人", "name_differs"
REQUESTS = Statement(select(counter_requests))
OTHER_NUMBER = "910411199001010013"


async def requests(hall: Hall) -> list[Row]:
    return list(await hall.house.worker.base.database.read(fetch(REQUESTS())))


async def queue(hall: Hall, username: str = "zhouba", **fields: str) -> Page:
    """The queue, or what it answers to its decision."""
    async with signed_in(hall.house, username, STRONG) as someone:
        shown = page(await someone.open("/counter/queue"))
        if not fields:
            return shown
        form = shown.form_with("decision")
        assert form is not None
        sent = {name: value for name, value in form.fields.items() if name != TICK}
        return page(await someone.submit(Form(form.action, "POST", sent), **fields))


async def level(hall: Hall, username: str = "zhangsan") -> int:
    row = await hall.house.worker.counter.account(hall.id(username))
    assert row is not None
    return int(row.real_name_level)


@pytest.mark.parametrize("kind", [RequestKind.VERIFY, RequestKind.RECOVER])
async def test_another_name_is_alarmed_and_confirmed_only_by_whoever_says_so(
    any_hall: Hall, kind: RequestKind
) -> None:
    claim = CounterClaim("赵小明", "111", NUMBER, "13800000009")
    await any_hall.house.worker.counter.ask(kind, any_hall.id("zhangsan"), any_hall.id("sunqi"), claim)
    shown = await queue(any_hall)
    assert ALARM in shown.text
    assert "赵小明" in shown.text
    assert "张三" in shown.text
    refused = await queue(any_hall, decision="confirm")
    assert (refused.status, "与登记的信息不一致" in refused.text) == (409, True)
    assert [row["state"] for row in await requests(any_hall)] == ["pending"]
    assert await level(any_hall) == 2
    assert (await queue(any_hall, decision="confirm", name_differs="1")).status == 200
    [line] = [one for one in await any_hall.house.audit_lines() if one["event"] == "counter.confirmed"]
    assert "name_differs" in line["detail"]


async def test_the_same_name_in_other_letters_alarms_nobody(any_hall: Hall) -> None:
    claim = CounterClaim(" 张三 ", "111", NUMBER)
    await any_hall.house.worker.counter.ask(
        RequestKind.VERIFY, any_hall.id("zhangsan"), any_hall.id("sunqi"), claim
    )
    assert ALARM not in (await queue(any_hall)).text
    assert (await queue(any_hall, decision="confirm")).status == 200
    assert await level(any_hall) == 4


@pytest.mark.parametrize("kind", [RequestKind.VERIFY, RequestKind.RECOVER])
async def test_another_certificate_than_that_of_a_verified_account_is_refused_even_with_the_tick(
    any_hall: Hall, kind: RequestKind
) -> None:
    """It became another one after the request was begun."""
    claim = CounterClaim("张三", "111", OTHER_NUMBER)
    begin = any_hall.house.worker.counter.begin
    await begin(kind, any_hall.id("zhangsan"), any_hall.id("sunqi"), claim)
    shown = await queue(any_hall)
    assert "账号已用另一个证件实名" in shown.text
    assert TICK not in shown.text
    refused = await queue(any_hall, decision="confirm", name_differs="1")
    assert (refused.status, "证件号码与这个账号登记的不一致" in refused.text) == (409, True)
    assert [row["state"] for row in await requests(any_hall)] == ["pending"]


async def test_the_whole_number_is_shown_for_a_reason_which_is_recorded_without_it(any_hall: Hall) -> None:
    house = any_hall.house
    claim = CounterClaim("张三", "111", NUMBER)
    await house.worker.counter.ask(RequestKind.VERIFY, any_hall.id("zhangsan"), any_hall.id("sunqi"), claim)
    async with signed_in(house, "zhouba", STRONG) as someone:
        shown = page(await someone.open("/counter/queue"))
        assert NUMBER not in shown.text
        [form] = [each for each in shown.forms if each.action.endswith("/number")]
        for wrong in ({}, {"why": "nosy"}):
            answer = page(await someone.submit(form, **wrong))
            assert (answer.status, NUMBER in answer.text) == (409, False)
        answer = page(await someone.submit(form, why="compare"))
        assert answer.status == 200
        assert answer.text.count(NUMBER) == 2  # on record, and in the request
        assert NUMBER not in answer.url
        assert NUMBER not in page(await someone.open("/counter/queue")).text
    async with signed_in(house, "sunqi", STRONG) as first:  # who began it confirms nothing
        own = page(await first.open("/counter/queue"))
        assert "/counter/queue/number" not in own.text
        token = own.form_with("decision")
        assert token is not None
        stolen = Form(form.action, "POST", form.fields | {"csrf": token.fields["csrf"]})
        assert page(await first.submit(stolen, why="compare")).status == 409
    [line] = [one for one in await house.audit_lines() if one["event"] == "counter.number_shown"]
    assert (line["actor"], line["account_id"]) == (any_hall.id("zhouba"), any_hall.id("zhangsan"))
    assert "compare" in str(line["detail"])
    assert NUMBER not in str(await house.audit_lines())


@pytest.mark.parametrize(
    "kind", sorted({*RequestKind} - {RequestKind.GUARDIAN, RequestKind.LINK, RequestKind.UNMERGE})
)
async def test_whoever_confirms_sees_whom_it_is_about_whatever_the_kind(
    any_hall: Hall, kind: RequestKind
) -> None:
    if kind is RequestKind.THAW:
        assert await any_hall.house.worker.lifecycle.freeze(any_hall.id("zhangsan"), "测试", "system")
    if kind is RequestKind.REVIVE:
        assert await any_hall.house.worker.lifecycle.deceased(any_hall.id("zhangsan"), "测试", "system")
    await BEGIN[kind](any_hall)
    shown = await queue(any_hall)
    assert "张三" in shown.text
    assert f"{NUMBER[:3]}*" in shown.text
    assert NUMBER not in shown.text
    assert [each for each in shown.forms if each.action.endswith("/number")]


@pytest.mark.parametrize(
    "kind",
    sorted(
        {*RequestKind}
        - {RequestKind.GUARDIAN, RequestKind.LINK, RequestKind.UNMERGE, RequestKind.THAW, RequestKind.REVIVE}
    ),
)
async def test_of_many_equal_requests_one_is_open(any_hall: Hall, kind: RequestKind) -> None:
    outcomes = await asyncio.gather(*[BEGIN[kind](any_hall) for _ in range(6)], return_exceptions=True)
    refused = [str(each) for each in outcomes if isinstance(each, CounterRefusal)]
    assert refused == ["already-open"] * 5, outcomes
    assert len(await requests(any_hall)) == 1


@pytest.mark.parametrize("end", ["refused", "confirmed", "lapsed"])
async def test_after_a_decision_or_its_day_another_may_be_begun(any_hall: Hall, end: str) -> None:
    await BEGIN[RequestKind.RELEASE](any_hall)
    with pytest.raises(CounterRefusal, match="already-open"):
        await BEGIN[RequestKind.RELEASE](any_hall)
    if end == "lapsed":
        any_hall.house.clock.forward(REQUEST_SECONDS)
    else:
        decision = "refuse" if end == "refused" else "confirm"
        assert (await queue(any_hall, decision=decision)).status == 200
    await BEGIN[RequestKind.RELEASE](any_hall)
    assert [row["open_key"] for row in await requests(any_hall)].count(None) == 1


async def test_a_recovery_that_waits_is_open_still(any_hall: Hall) -> None:
    claim = CounterClaim("张三", "111", NUMBER, "13800000009")
    counter = any_hall.house.worker.counter
    await counter.ask(RequestKind.RECOVER, any_hall.id("zhangsan"), any_hall.id("zhaoliu"), claim)
    assert (await queue(any_hall, decision="confirm")).status == 200
    with pytest.raises(CounterRefusal, match="already-open"):
        await counter.ask(RequestKind.RECOVER, any_hall.id("zhangsan"), any_hall.id("zhaoliu"), claim)


async def test_the_second_of_two_equal_requests_is_told_why(hall: Hall) -> None:
    await BEGIN[RequestKind.RELEASE](hall)
    async with signed_in(hall.house, "zhaoliu", STRONG) as someone:
        await hall.house.worker.counter.find("zhangsan", hall.id("zhaoliu"))
        shown = page(await someone.open(f"/counter/accounts?account={hall.id('zhangsan')}"))
        form = shown.form_with("decision")
        assert form is not None
        answer = page(await someone.submit(form, decision="release", reason="号码已换人"))
    assert (answer.status, "已有一项同类申请等待复核" in answer.text) == (400, True)


def test_every_statement_that_decides_a_request_clears_its_key() -> None:
    deciding = [
        (name, statement.sqlite.text)
        for name, statement in every_statement().items()
        if re.match(r"UPDATE counter_requests SET .*\bstate=", statement.sqlite.text, re.S)
    ]
    assert len(deciding) >= 7
    assert [name for name, text in deciding if "open_key=" not in text] == []


async def test_a_merge_names_what_is_kept_by_its_name(any_hall: Hall) -> None:
    await BEGIN[RequestKind.MERGE](any_hall)
    shown = re.sub(r"\s+", " ", (await queue(any_hall)).text)
    assert "<dt>保留哪个姓名</dt><dd>王五</dd>" in shown
    assert ALARM in shown
