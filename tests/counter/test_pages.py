"""The pages of the counter as staff, and others, see them."""

import re

import pytest

from idp.accounts.merges.service import Plan
from idp.counter.model import CounterClaim, RequestKind
from idp.organizations.roles import RoleName
from tests.counter.asking import at_work
from tests.counter.conftest import NUMBER, PHONE, STRONG, Hall
from tests.support.browserless import Browserless, Form, Page
from tests.support.messages import last_code
from tests.support.visits import form, page, signed_in, sql, visitor

pytestmark = pytest.mark.anyio

OTHER_NUMBER = "910411199001010013"
PATHS = ("", "/register", "/verify", "/queue", "/recover", "/act", "/guardian", "/accounts")


async def find(someone: Browserless, path: str, identifier: str = NUMBER) -> Page:
    shown = page(await someone.open(f"/counter/{path}"))
    return page(await someone.submit(form(shown, "identifier"), identifier=identifier))


async def confirmed(second: Browserless) -> None:
    """The oldest request of the queue, by another member of staff."""
    shown = page(await second.open("/counter/queue"))
    differs = {"name_differs": "1"} if 'name="name_differs"' in shown.text else {}
    queue = form(shown, "decision")
    assert page(await second.submit(queue, decision="confirm", **differs)).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_only_staff_with_two_factors_come_in(hall: Hall, path: str) -> None:
    async with visitor(hall.house) as nobody:
        assert page(await nobody.open(f"/counter{path}")).form_with("password") is not None
    async with signed_in(hall.house, "zhangsan", STRONG) as citizen:
        shown = page(await citizen.open(f"/counter{path}"))
        assert shown.status == 403
        assert "没有窗口岗位" in shown.text
    async with signed_in(hall.house, "zhaoliu") as weak:
        shown = page(await weak.open(f"/counter{path}"))
        assert shown.status == 403
        assert "两种方式" in shown.text
    async with at_work(hall) as someone:
        assert page(await someone.open(f"/counter{path}")).status == 200


async def test_a_form_from_elsewhere_and_one_after_the_role_is_gone_do_nothing(hall: Hall) -> None:
    async with at_work(hall, "sunqi") as someone:
        shown = await find(someone, "accounts")
        freeze = form(shown, "decision")
        forged = Form(freeze.action, "POST", freeze.fields | {"csrf": "0" * 64})
        assert page(await someone.submit(forged, decision="freeze", reason="x")).status == 400
        await hall.house.worker.roles.withdraw(hall.id("sunqi"), RoleName.COUNTER, "410411", "test")
        assert page(await someone.submit(freeze, decision="freeze", reason="x")).status == 403
    assert "account.frozen" not in await hall.house.audit_events()


async def test_a_person_is_registered_with_a_phone_and_verified_by_two(hall: Hall) -> None:
    fields = {
        "name": "欧阳·娜娜", "certificate_type": "553", "certificate_number": OTHER_NUMBER, "phone": "13800000007",
        "seen": "1", "elder_mode": "1",
    }  # fmt: skip
    async with at_work(hall) as first:
        shown = page(await first.open("/counter/register"))
        shown = page(await first.submit(form(shown, "name"), **fields))
        assert OTHER_NUMBER not in shown.text
        assert OTHER_NUMBER not in shown.url
        shown = page(await first.submit(form(shown, "code"), code="000000"))
        assert shown.status == 401
        shown = page(await first.submit(form(shown, "code"), code=await last_code(hall.house, "13800000007")))
        assert "已登记" in shown.text
        queue = page(await first.open("/counter/queue"))
        assert "人证一致" not in queue.text
        assert OTHER_NUMBER not in queue.text
        confirm = form(queue, "decision")
        assert page(await first.submit(confirm, decision="confirm")).status == 409
    async with at_work(hall, "sunqi") as second:
        queue = page(await second.open("/counter/queue"))
        shown = page(await second.submit(form(queue, "decision"), decision="confirm"))
        assert "立即生效" in shown.text
    row = (await sql(hall.house, "select * from accounts where name = ?", "欧阳·娜娜"))[0]
    assert (row["real_name_level"], row["elder_mode"], row["password_hash"]) == (4, 1, "")
    assert row["phone_verified_at"] is not None


async def test_a_person_without_phone_is_registered(hall: Hall) -> None:
    async with at_work(hall) as someone:
        shown = page(await someone.open("/counter/register"))
        shown = page(
            await someone.submit(
                form(shown, "name"),
                name="王",
                certificate_type="553",
                certificate_number=OTHER_NUMBER,
                no_phone="1",
                seen="1",
            )
        )
        assert "已登记" in shown.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"certificate_number": NUMBER, "certificate_type": "111"}, "已有账号"),
        ({"certificate_number": "910411199001010014"}, "证件号码不正确"),
        ({"certificate_type": "nonsense"}, "证件号码不正确"),
        ({"name": ""}, "姓名为"),
        ({"name": "x" * 51}, "姓名为"),
        ({"phone": "12345"}, "11 位手机号"),
        ({"seen": None}, "勾选确认"),
    ],
    ids=repr,
)
async def test_a_registration_that_is_not_in_order_says_what_is_wrong(
    hall: Hall, changes: dict[str, str | None], says: str
) -> None:
    fields = {
        "name": "王",
        "certificate_type": "553",
        "certificate_number": OTHER_NUMBER,
        "phone": "",
        "seen": "1",
    }
    asked = {name: value for name, value in (fields | changes).items() if value is not None}
    if "phone" not in changes:
        asked |= {"no_phone": "1"}
    async with at_work(hall) as someone:
        shown = page(await someone.open("/counter/register"))
        shown = page(await someone.submit(form(shown, "name"), **asked))
    assert shown.status == 400
    assert says in shown.text


async def test_a_draft_of_a_colleague_or_of_yesterday_is_worth_nothing(hall: Hall) -> None:
    fields = {
        "name": "王", "certificate_type": "553", "certificate_number": OTHER_NUMBER, "phone": "13800000007",
        "seen": "1",
    }  # fmt: skip
    async with at_work(hall) as first, at_work(hall, "sunqi") as second:
        shown = page(await first.open("/counter/register"))
        shown = page(await first.submit(form(shown, "name"), **fields))
        draft = form(shown, "code").fields["draft"]
        own = page(await second.open("/counter/register"))
        stolen = Form(
            form(shown, "code").action, "POST", {"csrf": form(own, "name").fields["csrf"], "draft": draft}
        )
        assert (
            page(await second.submit(stolen, code=await last_code(hall.house, "13800000007"))).status == 400
        )
    assert await sql(hall.house, "select id from accounts where name = '王'") == []


async def test_numbers_are_shown_masked_and_never_in_an_address(hall: Hall) -> None:
    async with at_work(hall) as someone:
        for path in ("verify", "recover", "act", "accounts"):
            shown = await find(someone, path)
            assert "410***********0015" in shown.text
            assert "138****0001" in shown.text
            for number in (NUMBER, PHONE):
                assert number not in shown.text
                assert number not in shown.url


async def test_nobody_is_found_by_a_number_that_nobody_has(hall: Hall) -> None:
    async with at_work(hall) as someone:
        for path in ("verify", "recover", "act", "accounts"):
            shown = await find(someone, path, "E99999999")
            assert shown.status == 400
            assert "没有找到" in shown.text
            assert (await find(someone, path, "a\x00b")).status == 400


async def test_a_verification_is_asked_for_and_confirmed(hall: Hall) -> None:
    async with at_work(hall) as first:
        shown = await find(first, "verify")
        ask = form(shown, "certificate_number")
        wrong = page(
            await first.submit(
                ask,
                name="张三",
                certificate_type="414",
                certificate_number="E00000009",
                no_phone="1",
                seen="1",
            )
        )
        assert "不一致" in wrong.text
        document = {"name": "张三", "certificate_type": "111", "certificate_number": NUMBER, "seen": "1"}
        shown = page(await first.submit(ask, **document, phone=PHONE))
        code = await last_code(hall.house, PHONE)
        shown = page(await first.submit(form(shown, "code"), code=code))
        assert "申请已提交" in shown.text
    async with at_work(hall, "sunqi") as second:
        assert "等待复核：1 项" in page(await second.open("/counter")).text


async def test_a_recovery_takes_a_code_and_a_supervisor(hall: Hall) -> None:
    async with at_work(hall) as first:
        shown = await find(first, "recover")
        shown = page(
            await first.submit(
                form(shown, "certificate_number"),
                name="张三",
                certificate_type="111",
                certificate_number=NUMBER,
                phone="13800000008",
                seen="1",
            )
        )
        shown = page(await first.submit(form(shown, "code"), code=await last_code(hall.house, "13800000008")))
        assert "申请已提交" in shown.text
    async with at_work(hall, "zhouba") as second:
        queue = page(await second.open("/counter/queue"))
        shown = page(await second.submit(form(queue, "decision"), decision="confirm"))
        assert "24 小时后生效" in shown.text
    async with signed_in(hall.house, "zhangsan") as owner:
        shown = page(await owner.open("/counter/objection"))
        button = next(item for item in shown.forms if item.action.endswith("/counter/objection"))
        assert "已停止" in page(await owner.submit(button)).text
    assert await hall.house.worker.counter.open_requests() == []


async def test_staff_act_for_somebody_who_is_present_and_never_for_themselves(hall: Hall) -> None:
    async with at_work(hall) as someone:
        begin = form(await find(someone, "act"), "account")
        fields = {name: value for name, value in begin.fields.items() if name != "seen"}
        unseen = page(await someone.submit(Form(begin.action, "POST", fields)))
        assert (unseen.status, "勾选确认" in unseen.text) == (400, True)
        own = form(await find(someone, "act", "zhaoliu"), "account")
        assert page(await someone.submit(own, seen="1")).status == 400
        answer = await someone.client.post(begin.action, data=begin.fields | {"seen": "1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/acting")
    principals = await hall.house.worker.mandates.principals(hall.id("zhaoliu"))
    assert [(item.id, item.relation) for item in principals] == [(hall.id("zhangsan"), "counter")]


async def test_who_acts_for_somebody_is_at_the_counter_again_as_themselves_only(hall: Hall) -> None:
    async with at_work(hall) as someone:
        begin = form(await find(someone, "act"), "account")
        await someone.submit(begin, seen="1")
        shown = page(await someone.open("/counter/queue"))
        assert (shown.status, "先点页面上方的“结束代办”" in shown.text) == (403, True)
        await someone.submit(next(each for each in shown.forms if each.action.endswith("/counter/act/end")))
        assert page(await someone.open("/counter/queue")).status == 200


async def test_an_account_is_frozen_and_opened_with_a_reason(hall: Hall) -> None:
    async with at_work(hall) as someone:
        shown = await find(someone, "accounts")
        assert "登记去世" not in shown.text
        change = form(shown, "decision")
        assert page(await someone.submit(change, decision="freeze", reason="")).status == 400
        assert page(await someone.submit(change, decision="deceased", reason="x")).status == 400
        shown = page(await someone.submit(change, decision="freeze", reason="举报核实"))
        assert "账号已冻结" in shown.text
        assert "举报核实" in shown.text
        shown = page(await someone.submit(form(shown, "decision"), decision="thaw", reason="核实无误"))
        assert "请另一位工作人员复核" in shown.text
        assert "已冻结" in shown.text
        async with at_work(hall, "zhouba") as second:
            await confirmed(second)
        assert "正常" in (await find(someone, "accounts")).text
        own = await find(someone, "accounts", "zhaoliu")
        assert page(await someone.submit(form(own, "decision"), decision="freeze", reason="x")).status == 400


async def test_two_merge_two_accounts_and_parts_them_again(hall: Hall) -> None:
    async with at_work(hall, "sunqi") as someone:
        shown = await find(someone, "accounts")
        shown = page(await someone.submit(form(shown, "into"), identifier="wangwu"))
        assert "wangwu 并入 zhangsan" in shown.text
        shown = page(await someone.submit(form(shown, "reason"), name="into", reason="同一人"))
        assert "请另一位工作人员复核" in shown.text
        async with at_work(hall) as clerk:
            assert "同一人" in page(await clerk.open("/counter/queue")).text
            await confirmed(clerk)
        undo = form(await find(someone, "accounts"), "merge")
        shown = page(await someone.submit(undo, reason="不是同一人"))
        assert "请另一位工作人员复核" in shown.text
        shown = page(await someone.submit(undo.in_tabs(1)[0], reason="不是同一人"))
        assert "已有一项同类申请" in shown.text
        async with at_work(hall) as clerk:
            again = form(page(await clerk.open("/counter/queue")), "decision")
            await confirmed(clerk)
            assert page(await clerk.submit(again, decision="confirm")).status == 409
        assert page(await someone.submit(undo, reason="again")).status == 400
        assert "正常" in (await find(someone, "accounts", "wangwu")).text
    async with at_work(hall) as clerk:
        shown = await find(clerk, "accounts")
        assert shown.form_with("into") is None
        shown = page(
            await clerk.open(f"/counter/merge?account={hall.id('wangwu')}&into={hall.id('zhangsan')}")
        )
        assert shown.status == 400
        post = Form(
            "https://id.test/counter/merge", "POST", {"csrf": form(shown, "identifier").fields["csrf"]}
        )
        assert page(await clerk.submit(post, account="a", into="b", reason="x")).status == 403


async def test_nobody_parts_accounts_of_their_own(hall: Hall) -> None:
    async with at_work(hall, "sunqi") as someone:
        merges = hall.house.worker.merges
        await sql(hall.house, "delete from staff_roles where account_id = ?", hall.id("zhaoliu"))
        certificate = "update accounts set certificate_index = ? where username in ('zhaoliu', 'sunqi')"
        await sql(hall.house, certificate, b"one person")
        merge_id = await merges.merge(Plan(hall.id("zhaoliu"), hall.id("sunqi"), {}), "x", "test")
        await hall.house.worker.counter.find("sunqi", hall.id("sunqi"))
        found = page(await someone.open("/counter/accounts"))
        fields = form(found, "identifier").fields
        fields |= {"merge": merge_id, "reason": "x", "account": hall.id("sunqi")}
        answer = page(await someone.submit(Form("https://id.test/counter/merge/undo", "POST", fields)))
        assert answer.status == 400
        assert "不能为自己办理" in answer.text
    assert [row.undone_at for row in await merges.of(hall.id("sunqi"))] == [None]


@pytest.mark.parametrize("phone", ["10000000000", "1३८०००००००१", "1380000000", "+1 212 555 0100"])
async def test_the_counter_sends_no_code_to_what_is_no_phone(hall: Hall, phone: str) -> None:
    async with at_work(hall) as someone:
        shown = page(await someone.open("/counter/register"))
        answer = page(
            await someone.submit(
                form(shown, "name"),
                name="陈九",
                certificate_type="553",
                certificate_number=OTHER_NUMBER,
                phone=phone,
                seen="yes",
            )
        )
    assert answer.status == 400
    assert "请输入 11 位手机号" in answer.text


async def test_the_pages_speak_english_too(hall: Hall) -> None:
    await hall.house.worker.counter.ask(
        RequestKind.VERIFY, hall.id("zhangsan"), hall.id("sunqi"), CounterClaim("张三", "111", NUMBER)
    )
    async with at_work(hall) as someone:
        for path in PATHS:
            shown = page(await someone.open(f"/counter{path}?ui_locales=en"))
            text = re.sub(r"<[^>]+>", " ", shown.text.replace("中文", ""))
            for name in ("赵六", "孙七", "张三", "湛河区"):
                text = text.replace(name, "")
            assert re.findall(r"[\u4e00-\u9fff]+", text) == [], path
