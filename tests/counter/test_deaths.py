"""A death is recorded on a page of its own, by two, with the name typed; those close to the person are told."""

import pytest

from idp.counter.model import CounterRefusal, RequestKind
from tests.counter.asking import PARENT, asked, family, phone_changed
from tests.counter.conftest import NUMBER, PHONE, STRONG, Hall
from tests.support.browserless import Form
from tests.support.messages import messages_to
from tests.support.visits import page, signed_in

pytestmark = pytest.mark.anyio


async def state(hall: Hall, account_id: str) -> str:
    row = await hall.house.worker.counter.account(account_id)
    assert row is not None
    return str(row.state)


async def decided(hall: Hall) -> None:
    """By zhouba, on the page."""
    async with signed_in(hall.house, "zhouba", STRONG) as second:
        form = page(await second.open("/counter/queue")).form_with("decision")
        assert form is not None
        assert page(await second.submit(form, decision="confirm")).status == 200


async def test_a_death_has_a_page_of_its_own_and_the_way_back_is_named(any_hall: Hall) -> None:
    house, id_ = any_hall.house, any_hall.id("zhangsan")
    row = await house.worker.counter.account(id_)
    assert row is not None
    assert await house.worker.phones.confirm(row, PHONE)
    await phone_changed(any_hall)  # another phone: the former one is told too
    async with signed_in(house, "sunqi", STRONG) as someone:
        await house.worker.counter.find(NUMBER, any_hall.id("sunqi"))
        shown = page(await someone.open(f"/counter/accounts?account={id_}"))
        assert 'value="deceased"' not in shown.text
        change = shown.form_with("decision")
        assert change is not None
        assert page(await someone.submit(change, decision="deceased", reason="证明")).status == 400
        shown = page(await someone.open(f"/counter/deceased?account={id_}"))
        assert "张三" in shown.text
        assert "恢复使用" in shown.text
        form = shown.form_with("name")
        assert form is not None
        for name in ("", "张山", "*三"):
            answer = page(await someone.submit(form, name=name, reason="死亡证明 1 号"))
            assert (answer.status, "姓名不一致" in answer.text) == (400, True)
        numbered = page(await someone.submit(form, name="张三", reason="死亡证明，家属 13800000009"))
        assert (numbered.status, 'value="死亡证明，家属 13800000009"' in numbered.text) == (400, True)
        again = page(await someone.submit(change, decision="release", reason="家属 13800000009"))
        assert (again.status, 'value="家属 13800000009"' in again.text) == (400, True)
        assert page(await someone.submit(form, name="张三", reason="")).status == 400
        assert await house.worker.counter.open_requests() == []
        assert (
            "请另一位工作人员复核"
            in page(await someone.submit(form, name="张三", reason="死亡证明 1 号")).text
        )
    assert await state(any_hall, id_) == "active"
    await decided(any_hall)
    assert await state(any_hall, id_) == "deceased"
    for phone in (PHONE, "13800000009"):
        assert "本人去世" in str(await messages_to(house, phone))
    await house.worker.account_requests.change(RequestKind.REVIVE, id_, "误登记", any_hall.id("sunqi"))
    await decided(any_hall)
    assert await state(any_hall, id_) == "active"


@pytest.mark.parametrize("who", ["child", "guardian"])
async def test_those_who_act_for_a_person_or_for_whom_they_act_are_told(any_hall: Hall, who: str) -> None:
    house = any_hall.house
    child, parent = await family(any_hall)
    request = await asked(any_hall, child, parent)
    await house.worker.counter.confirm(request, any_hall.id("zhouba"))
    dead = child if who == "child" else parent
    row = await house.worker.counter.account(dead)
    assert row is not None
    await house.worker.account_requests.deceased(dead, row.name, "证明", any_hall.id("sunqi"))
    await decided(any_hall)
    told = str(await messages_to(house, PARENT))
    if who == "child":
        assert "**宝已登记去世" in told
    else:
        assert "本人去世" in told
    assert "已登记去世" not in str(await messages_to(house, PHONE))


async def test_only_a_supervisor_opens_the_page_and_only_of_whom_was_looked_up(any_hall: Hall) -> None:
    house, id_ = any_hall.house, any_hall.id("zhangsan")
    async with signed_in(house, "zhaoliu", STRONG) as clerk:
        await house.worker.counter.find(NUMBER, any_hall.id("zhaoliu"))
        assert page(await clerk.open(f"/counter/deceased?account={id_}")).status == 403
        token = page(await clerk.open("/counter/accounts")).form_with("csrf")
        assert token is not None
        post = Form("https://id.test/counter/deceased", "POST", {"csrf": token.fields["csrf"]})
        assert page(await clerk.submit(post, account=id_, name="张三", reason="证明")).status == 403
    async with signed_in(house, "sunqi", STRONG) as someone:
        shown = page(await someone.open(f"/counter/deceased?account={id_}"))
        assert (shown.status, "张三" in shown.text) == (400, False)
    with pytest.raises(CounterRefusal, match="typed-name"):
        await house.worker.account_requests.deceased(id_, "李四", "证明", any_hall.id("sunqi"))
