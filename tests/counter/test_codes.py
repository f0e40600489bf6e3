"""The code that the counter asks for: for the counter alone, typed by the person, and no other in its place."""

import re

import pytest

from idp.authentication.phone.codes import CODE_SECONDS, Asker, Purpose
from idp.sessions.model import Caller
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Browserless, Form, Page
from tests.support.messages import last_code, messages_to
from tests.support.visits import form, page, signed_in, visitor

pytestmark = pytest.mark.anyio

NEWCOMER, HELD = "13800000007", "910411199001010013"
FIELDS = {
    "name": "王新", "certificate_type": "553", "certificate_number": HELD, "phone": NEWCOMER, "seen": "1",
}  # fmt: skip


async def asked(staff: Browserless, **changes: str) -> Page:
    """The page of the member of staff after a code was sent."""
    shown = page(await staff.open("/counter/register"))
    return page(await staff.submit(form(shown, "name"), **(FIELDS | changes)))


def own_page(shown: Page) -> str:
    """The address that the page of the member of staff shows for the person."""
    found = re.search(r"/counter/code\?id=[a-z2-7]{8}", shown.text)
    assert found is not None, shown.text
    return found.group()


async def registered(hall: Hall) -> bool:
    """Whether an account has the phone."""
    return not await hall.house.worker.counter.phone_is_free(NEWCOMER)


@pytest.mark.parametrize(
    ("path", "errand"), [("register", "登记账号"), ("verify", "实名核验"), ("recover", "找回账号")]
)
async def test_the_message_names_the_hall_and_the_errand_and_who_may_ask(
    hall: Hall, path: str, errand: str
) -> None:
    async with signed_in(hall.house, "zhaoliu", STRONG) as staff:
        shown = page(await staff.open(f"/counter/{path}"))
        facts = FIELDS
        if path != "register":
            shown = page(await staff.submit(form(shown, "identifier"), identifier=NUMBER))
            facts = FIELDS | {"name": "张三", "certificate_type": "111", "certificate_number": NUMBER}
        page(await staff.submit(form(shown, "certificate_number"), **facts))
    (text,) = await messages_to(hall.house, NEWCOMER)
    assert "湛河区政务服务窗口" in text
    assert f"“{errand}”，5 分钟内有效" in text
    assert "面前的工作人员会请您输入；电话里不管谁要，都不要说" in text
    assert "告诉任何人" not in text


async def test_the_person_types_it_on_a_page_of_their_own_and_staff_go_on(any_hall: Hall) -> None:
    house = any_hall.house
    async with signed_in(house, "zhaoliu", STRONG) as staff, visitor(house) as person:
        shown = await asked(staff, elder_mode="1")
        early = page(await staff.submit(form(shown, "step")))
        assert "还没有输入" in early.text
        own = page(await person.open(own_page(early)))
        for word in (NEWCOMER, NEWCOMER[-4:], "王新", "登记"):
            assert word not in own.text
        wrong = page(await person.submit(form(own, "code"), code="000000"))
        assert wrong.status == 401
        done = page(await person.submit(form(wrong, "code"), code=await last_code(house, NEWCOMER)))
        assert "已确认" in done.text
        assert not await registered(any_hall)
        seen = page(await staff.submit(form(early, "step")))
        assert "本人已在自己的页面输入" in seen.text
        proceed = form(seen, "draft")
        assert "已登记" in page(await staff.submit(proceed)).text
        assert page(await staff.submit(proceed.in_tabs(1)[0])).status == 401  # what was confirmed is used up
    assert await registered(any_hall)


async def test_a_code_of_the_counter_is_taken_nowhere_else_and_no_other_at_the_counter(
    any_hall: Hall,
) -> None:
    house = any_hall.house
    async with signed_in(house, "zhaoliu", STRONG) as staff:
        shown = await asked(staff)
        right = await last_code(house, NEWCOMER)
        for path in ("/login/sms", "/recover/password"):
            async with visitor(house) as person:
                entered = page(
                    await person.submit(form(page(await person.open(path)), "phone"), phone=NEWCOMER)
                )
                other = await last_code(house, NEWCOMER)
                assert other != right
                assert page(await person.submit(form(entered, "code"), code=right)).status == 401
                own = page(await person.open(own_page(shown)))
                assert page(await person.submit(form(own, "code"), code=other)).status == 401
                assert page(await staff.submit(form(shown, "code"), code=other)).status == 401
            house.clock.forward(61)
        assert not await registered(any_hall)
        assert "已登记" in page(await staff.submit(form(shown, "code"), code=right)).text


@pytest.mark.parametrize("other", [purpose for purpose in Purpose if purpose is not Purpose.COUNTER])
async def test_no_purpose_stands_in_for_the_counter(hall: Hall, other: Purpose) -> None:
    codes, caller = hall.house.worker.phone_codes, Asker(Caller("192.0.2.1", ""), "one", known=True)
    assert await codes.send(other, NEWCOMER, caller) == 0
    assert not await codes.check(Purpose.COUNTER, NEWCOMER, await last_code(hall.house, NEWCOMER), "one")
    hall.house.clock.forward(61)
    told = {"hall": "湛河区", "errand": "登记账号"}
    assert await codes.send(Purpose.COUNTER, NEWCOMER, caller, values=told) == 0
    code = await last_code(hall.house, NEWCOMER)
    assert not await codes.check(other, NEWCOMER, code, "one")
    assert await codes.check(Purpose.COUNTER, NEWCOMER, code, "one")


async def test_tries_are_counted_together_on_both_pages(hall: Hall) -> None:
    async with signed_in(hall.house, "zhaoliu", STRONG) as staff, visitor(hall.house) as person:
        shown = await asked(staff)
        code = await last_code(hall.house, NEWCOMER)
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        own = page(await person.open(own_page(shown)))
        for tab in form(own, "code").in_tabs(3):
            assert page(await person.submit(tab, code=wrong)).status == 401
        for tab in form(shown, "code").in_tabs(2):
            assert page(await staff.submit(tab, code=wrong)).status == 401
        assert page(await person.submit(form(own, "code"), code=code)).status == 401
        assert page(await staff.submit(form(shown, "code"), code=code)).status == 401
    assert not await registered(hall)


async def test_the_page_takes_the_code_of_its_own_request_and_lapses(hall: Hall) -> None:
    async with signed_in(hall.house, "zhaoliu", STRONG) as staff, visitor(hall.house) as person:
        first = await asked(staff)
        code = await last_code(hall.house, NEWCOMER)
        second = await asked(staff, phone="13800000009")
        own = page(await person.open(own_page(second)))
        assert page(await person.submit(form(own, "code"), code=code)).status == 401
        earlier = page(await person.open(own_page(first)))
        hall.house.clock.forward(CODE_SECONDS + 1)
        assert page(await person.submit(form(earlier, "code"), code=code)).status == 404
        for path in (own_page(first), "/counter/code?id=aaaaaaaa", "/counter/code"):
            assert page(await person.open(path)).status == 404
        forged = Form("/counter/code", "POST", form(own, "code").fields | {"csrf": "0" * 64})
        assert page(await person.submit(forged, code=code)).status == 400


async def test_what_was_typed_for_one_errand_is_of_no_use_for_another(hall: Hall) -> None:
    async with signed_in(hall.house, "zhaoliu", STRONG) as staff:
        shown = await asked(staff)
        typed = form(shown, "code")
        moved = Form(typed.action.replace("register", "recover"), "POST", typed.fields)
        answer = page(await staff.submit(moved, code=await last_code(hall.house, NEWCOMER)))
    assert answer.status == 400
    assert "页面已过期" in answer.text
