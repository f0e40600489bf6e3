"""A guardian whose papers were seen: entered by two members of staff, for a child, and until that is of age."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import bindparam, literal, update

from idp.accounts.store import accounts
from idp.counter.model import REQUEST_SECONDS, CounterRefusal, RequestState
from idp.infrastructure.database import Statement, Transaction
from idp.organizations.guardians import comes_of_age
from tests.counter.asking import CHILD, PARENT, asked, at_work, family
from tests.counter.conftest import NUMBER, Hall
from tests.support import raw_sql
from tests.support.browserless import Browserless, Page
from tests.support.messages import messages_to
from tests.support.visits import account_id, form, page, signed_in, sql

pytestmark = pytest.mark.anyio


async def represented(hall: Hall, guardian: str) -> list[str]:
    return [one.name for one in await hall.house.worker.mandates.principals(guardian)]


def moved(account: str, values: dict[str, object]) -> Transaction[None]:
    """Give an account another certificate, as nothing of ours does while it has one."""
    changed = update(accounts).where(accounts.c.id == literal(account)).returning(accounts.c.id)
    parts = {name: bindparam(f"new_{name}", type_=accounts.c[name].type) for name in values}
    yield Statement(changed.values(**parts))(**{f"new_{name}": value for name, value in values.items()})


async def found(someone: Browserless, child: str = CHILD, guardian: str = PARENT) -> Page:
    shown = page(await someone.open("/counter/guardian"))
    return page(await someone.submit(form(shown, "child"), child=child, guardian=guardian))


async def test_two_members_of_staff_enter_a_guardian_on_the_pages(hall: Hall) -> None:
    _child, parent = await family(hall)
    async with at_work(hall) as first:
        shown = await found(first)
        assert "**宝" in shown.text
        assert "*四" in shown.text
        assert CHILD not in shown.text
        ask = form(shown, "step")
        assert "请先核对" in page(await first.submit(ask, papers="birth-certificate")).text
        assert "请选择监护关系证明" in page(await first.submit(ask, seen="1", papers="a letter")).text
        shown = page(await first.submit(ask, seen="1", papers="birth-certificate"))
        assert "请另一位工作人员复核" in shown.text
        assert await represented(hall, parent) == []
    async with at_work(hall, "zhouba") as second:
        queue = page(await second.open("/counter/queue"))
        assert "登记监护人 · 赵小宝" in queue.text
        assert "李四" in queue.text
        assert "出生医学证明" in queue.text
        assert CHILD not in queue.text
        shown = page(await second.submit(form(queue, "decision"), decision="confirm"))
        assert "立即生效" in shown.text
    assert await represented(hall, parent) == ["赵小宝"]
    assert [text for text in await messages_to(hall.house, PARENT) if "赵" in text]
    [row] = await sql(hall.house, "select granted_by, evidence_reference from mandates")
    assert row["granted_by"] == hall.id("zhouba")
    assert row["evidence_reference"].startswith("guardian:counter:")
    assert row["evidence_reference"].endswith(":birth-certificate")
    hall.house.clock.now = comes_of_age(date(2015, 6, 1))
    assert await represented(hall, parent) == []


@pytest.mark.parametrize(
    ("child", "guardian", "says"),
    [
        (NUMBER, PARENT, "不满 18 岁"),
        ("wangwu", PARENT, "不满 18 岁"),  # no certificate: nobody knows how old
        (CHILD, "wangwu", "实名等级在 2 级以上"),
        (CHILD, CHILD, "两个不同的账号"),
        (CHILD, "zhaoliu", "不能为自己办理"),
        ("claimed", PARENT, "已实名的账号"),  # a number that nobody has verified
    ],
)
async def test_only_a_known_adult_becomes_the_guardian_of_a_child(
    hall: Hall, child: str, guardian: str, says: str
) -> None:
    await family(hall)
    async with at_work(hall) as someone:
        ask = form(await found(someone, child, guardian), "step")
        assert says in page(await someone.submit(ask, seen="1", papers="household-register")).text
    assert await hall.house.worker.counter.open_requests() == []


@pytest.mark.parametrize("missing", ["child", "guardian"])
async def test_who_is_not_found_is_named_by_the_field(hall: Hall, missing: str) -> None:
    await family(hall)
    async with at_work(hall) as someone:
        shown = await found(someone, **{missing: "410411201506010029"})
    assert shown.status == 400
    assert "没有找到" in shown.text
    assert shown.text.count('aria-invalid="true"') == 1


async def test_nobody_confirms_alone_and_one_of_many_does(any_hall: Hall) -> None:
    child, parent = await family(any_hall)
    request, counter = await asked(any_hall, child, parent), any_hall.house.worker.counter
    with pytest.raises(CounterRefusal, match="not-yours-to-confirm"):
        await counter.confirm(request, any_hall.id("zhaoliu"))
    colleagues = [any_hall.id("sunqi"), any_hall.id("zhouba")] * 5
    outcomes = await asyncio.gather(
        *[counter.confirm(request, who) for who in colleagues], return_exceptions=True
    )
    assert outcomes.count(RequestState.CONFIRMED) == 1
    assert await represented(any_hall, parent) == ["赵小宝"]
    with pytest.raises(CounterRefusal, match="guarded"):
        await asked(any_hall, child, parent)


async def test_staff_do_not_confirm_themselves_as_guardians(any_hall: Hall) -> None:
    child, _parent = await family(any_hall)
    request = await asked(any_hall, child, any_hall.id("sunqi"))
    with pytest.raises(CounterRefusal, match="not-yours-to-confirm"):
        await any_hall.house.worker.counter.confirm(request, any_hall.id("sunqi"))
    assert await represented(any_hall, any_hall.id("sunqi")) == []
    assert (
        await any_hall.house.worker.counter.confirm(request, any_hall.id("zhouba")) is RequestState.CONFIRMED
    )


async def test_what_has_changed_meanwhile_counts(any_hall: Hall) -> None:
    child, parent = await family(any_hall)
    request = await asked(any_hall, child, parent)
    await any_hall.house.worker.lifecycle.freeze(parent, any_hall.id("sunqi"), "test")
    with pytest.raises(CounterRefusal, match="guardian"):
        await any_hall.house.worker.counter.confirm(request, any_hall.id("sunqi"))
    assert [one.id for one in await any_hall.house.worker.counter.open_requests()] == [request]


async def test_a_supervisor_ends_it_for_a_reason_and_the_guardian_is_out_at_once(hall: Hall) -> None:
    child, parent = await family(hall)
    await hall.house.worker.counter.confirm(await asked(hall, child, parent), hall.id("sunqi"))
    async with at_work(hall) as clerk:
        assert "结束监护" not in page(await clerk.open(f"/counter/accounts?account={child}")).text
    async with signed_in(hall.house, "lisi") as guardian, at_work(hall, "sunqi") as supervisor:
        [mandate] = await hall.house.worker.mandates.principals(parent)
        choice = form(page(await guardian.open("/acting")), "mandate")
        await guardian.submit(choice, mandate=mandate.mandate_id)
        assert "赵小宝" in page(await guardian.open("/")).text
        await hall.house.worker.counter.find("child", hall.id("sunqi"))
        shown = page(await supervisor.open(f"/counter/accounts?account={child}"))
        assert "李四" in shown.text
        end = form(shown, "mandate")
        assert "请写明原因" in page(await supervisor.submit(end, reason="电话 13800000002")).text
        shown = page(await supervisor.submit(end, reason="判决书 1 号"))
        assert "监护已结束" in shown.text
        assert "李四" not in shown.text
        again = end.in_tabs(1)[0]
        assert "已经变化" in page(await supervisor.submit(again, reason="判决书 1 号")).text
        assert "/login" in page(await guardian.open("/me/mandates")).url
    assert await represented(hall, parent) == []
    [line] = [line for line in await hall.house.audit_lines() if line["event"] == "mandate.revoked"]
    assert (line["actor"], "判决书 1 号" in str(line["detail"])) == (hall.id("sunqi"), True)


async def test_the_papers_hold_for_the_certificate_that_they_were_compared_with(any_hall: Hall) -> None:
    child, parent = await family(any_hall)
    request = await asked(any_hall, child, parent)
    other = await any_hall.house.worker.counter.account(await account_id(any_hall.house, "claimed"))
    assert other is not None
    copied = ("certificate_number", "certificate_index")
    await any_hall.house.worker.base.database.write(
        lambda: moved(child, {name: getattr(other, name) for name in copied})
    )
    with pytest.raises(CounterRefusal, match="other-certificate"):
        await any_hall.house.worker.counter.confirm(request, any_hall.id("sunqi"))


@pytest.mark.parametrize("same", ["certificate", "guardian"])
async def test_staff_whom_it_concerns_neither_ask_nor_confirm_nor_end(any_hall: Hall, same: str) -> None:
    child, parent = await family(any_hall)
    counter, staff = any_hall.house.worker.counter, any_hall.id("sunqi")
    if same == "certificate":  # the own private account
        row = await counter.account(parent)
        assert row is not None
        await any_hall.house.worker.base.database.write(
            lambda: moved(staff, {"certificate_index": row.certificate_index})
        )
    else:  # the other parent works here
        await counter.confirm(await asked(any_hall, child, staff), any_hall.id("zhouba"))
    with pytest.raises(CounterRefusal, match="own-account"):
        await asked(any_hall, child, parent, "sunqi")
    request = await asked(any_hall, child, parent)
    with pytest.raises(CounterRefusal, match=r"own-account|not-yours-to-confirm"):
        await counter.confirm(request, staff)
    await counter.confirm(request, any_hall.id("zhouba"))
    if same == "guardian":
        [theirs] = [row for row in await counter.guardians(child) if row.agent_account_id == parent]
        with pytest.raises(CounterRefusal, match="unchanged"):
            await counter.end_guardian(theirs.id, "判决书 1 号", staff)


async def test_two_requests_for_one_pair_make_one_guardian(any_hall: Hall) -> None:
    child, parent = await family(any_hall)
    counter, staff = any_hall.house.worker.counter, any_hall.id("sunqi")
    request = await asked(any_hall, child, parent)
    with pytest.raises(CounterRefusal, match="already-open"):
        await asked(any_hall, child, parent)
    outcomes = await asyncio.gather(
        *[counter.confirm(request, staff) for _ in range(2)], return_exceptions=True
    )
    assert sorted(map(str, outcomes)) == ["confirmed", "not-yours-to-confirm"]
    [mandate] = await counter.guardians(child)
    await counter.end_guardian(mandate.id, "判决书 1 号", staff)
    assert await counter.open_requests() == []  # the other one does not bring it back
    again = await asked(any_hall, child, parent)
    assert await counter.confirm(again, staff) is RequestState.CONFIRMED  # a new decision does


async def test_what_a_stolen_office_gave_rests(any_hall: Hall) -> None:
    child, parent = await family(any_hall)
    counter = any_hall.house.worker.counter
    await counter.confirm(await asked(any_hall, child, parent), any_hall.id("zhouba"))
    await any_hall.house.worker.lifecycle.secure(any_hall.id("zhouba"), "test", "stolen")
    assert await represented(any_hall, parent) == []


async def test_what_nobody_confirmed_on_its_day_is_wiped(any_hall: Hall) -> None:
    child, parent = await family(any_hall)
    await asked(any_hall, child, parent)
    any_hall.house.clock.forward(REQUEST_SECONDS + 1)
    assert await any_hall.house.worker.counter.recover_due() == 0
    found = raw_sql.rows(
        any_hall.house.worker.settings.database, "SELECT state, content FROM counter_requests"
    )
    assert [(row["state"], bytes(row["content"])) for row in found] == [("refused", b"")]


@pytest.mark.parametrize("who", ["zhaoliu", "sunqi"])
async def test_only_a_supervisor_who_is_not_concerned_ends_it(hall: Hall, who: str) -> None:
    child, _parent = await family(hall)
    request = await asked(hall, child, hall.id("sunqi"))
    await hall.house.worker.counter.confirm(request, hall.id("zhouba"))
    [row] = await hall.house.worker.counter.guardians(child)
    async with at_work(hall, who) as someone:
        token = form(page(await someone.open("/counter/guardian")), "child").fields["csrf"]
        fields = {"csrf": token, "mandate": row.id, "account": child, "reason": "判决书 1 号"}
        answer = await someone.client.post("/counter/guardian/end", data=fields)
    assert answer.status_code == (403 if who == "zhaoliu" else 400)
    assert await represented(hall, hall.id("sunqi")) == ["赵小宝"]
