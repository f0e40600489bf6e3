"""Codes that somebody talks people into telling: what each message says, and of what use it is to whom it is told."""

import ast
import re
from pathlib import Path

import pytest

from tests.counter.conftest import NUMBER, PHONE, STRONG, Hall
from tests.support.browserless import Browserless, Form, Page
from tests.support.messages import last_code
from tests.support.visits import SESSION_COOKIE, page, signed_in, visitor

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
NEWCOMER = "13800000007"
FACTS = {
    "name": "王新", "certificate_type": "553", "certificate_number": "910411199001010013", "phone": NEWCOMER,
    "seen": "1",
}  # fmt: skip


def test_every_message_with_a_code_says_who_may_ask_for_it() -> None:
    """Any text of the product that is filled with a code, wherever a new one is written."""
    texts = [
        node.value
        for path in sorted((ROOT / "idp").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "%(code)s" in node.value
    ]
    assert len(texts) >= 4
    for text in texts:
        nobody, counter = "请勿告诉任何人" in text, "仅限窗口" in text and "电话里不管谁要，都不要说" in text
        assert nobody is not counter, text


def field(shown: Page, name: str) -> Form:
    form = shown.form_with(name)
    assert form is not None, shown.text
    return form


async def sent(staff: Browserless, **changes: str) -> Page:
    """The page of the member of staff once a code is on its way."""
    return page(
        await staff.submit(field(page(await staff.open("/counter/register")), "name"), **(FACTS | changes))
    )


async def test_a_caller_with_a_code_from_the_login_has_nothing_for_the_counter_and_the_other_way_round(
    hall: Hall,
) -> None:
    """Whoever says on the telephone to be from the counter began something of their own meanwhile."""
    house = hall.house
    async with visitor(house, "203.0.113.9") as caller, signed_in(house, "zhaoliu", STRONG) as staff:
        theirs = page(await caller.submit(field(page(await caller.open("/login/sms")), "phone"), phone=PHONE))
        told = await last_code(house, PHONE)
        shown = await sent(staff, phone=PHONE, name="张三", certificate_type="111", certificate_number=NUMBER)
        typed = field(shown, "code")
        counter = await last_code(house, PHONE)
        assert page(await staff.submit(typed, code=told)).status == 401
        assert page(await caller.submit(field(theirs, "code"), code=counter)).status == 401
        assert SESSION_COOKIE not in caller.client.cookies


async def test_the_page_without_login_tells_and_does_nothing_to_whoever_guesses_addresses(hall: Hall) -> None:
    house = hall.house
    async with signed_in(house, "zhaoliu", STRONG) as staff, visitor(house, "203.0.113.9") as stranger:
        shown = await sent(staff)
        found = re.search(r"/counter/code\?id=([a-z2-7]{8})", shown.text)
        assert found is not None
        own = page(await stranger.open(found.group()))
        for word in (NEWCOMER, NEWCOMER[-4:], "王新", "*新", "登记", "赵六", "湛河区"):
            assert word not in own.text.partition("<main")[2]
        form = field(own, "code")
        for id_ in ("aaaaaaaa", found[1][:-1], f"{found[1]}a", f"{found[1]}%00"):
            answer = page(await stranger.submit(form, id=id_, code=await last_code(house, NEWCOMER)))
            assert answer.status == 404, id_
        answer = page(await staff.submit(field(shown, "step")))
        assert "还没有输入" in answer.text


async def test_tries_are_five_whatever_browser_address_or_field_they_come_from(hall: Hall) -> None:
    house = hall.house
    async with signed_in(house, "zhaoliu", STRONG) as staff:
        shown = await sent(staff)
        found = re.search(r"/counter/code\?id=[a-z2-7]{8}", shown.text)
        assert found is not None
        code = await last_code(house, NEWCOMER)
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        for number in range(5):
            async with visitor(house, f"203.0.113.{number}") as stranger:
                form = field(page(await stranger.open(found.group())), "code")
                assert page(await stranger.submit(form, code=wrong)).status == 401
        async with visitor(house, "203.0.113.99") as stranger:
            form = field(page(await stranger.open(found.group())), "code")
            assert page(await stranger.submit(form, code=code)).status == 401
        assert page(await staff.submit(field(shown, "code"), code=code)).status == 401
    assert await house.worker.counter.phone_is_free(NEWCOMER)


async def test_a_clerk_finishes_nobody_s_errand_with_a_code_of_their_own(hall: Hall) -> None:
    """One telephone of the clerk's, one of the citizen's; the drafts are swapped between the pages."""
    house = hall.house
    async with signed_in(house, "zhaoliu", STRONG) as staff:
        mine = await sent(staff, phone="13800000099", certificate_number="910411199001010021")
        own = await last_code(house, "13800000099")
        theirs = await sent(staff)
        form = field(theirs, "code")
        assert page(await staff.submit(form, code=own)).status == 401
        # The own one was typed on the page without login; what waits for the other is not confirmed by it.
        found = re.search(r"/counter/code\?id=[a-z2-7]{8}", mine.text)
        assert found is not None
        assert (
            page(await staff.submit(field(page(await staff.open(found.group())), "code"), code=own)).status
            == 200
        )
        look = field(theirs, "step")
        assert page(await staff.submit(Form(look.action, "POST", {**look.fields, "step": ""}))).status == 401
    assert await house.worker.counter.phone_is_free(NEWCOMER)


@pytest.mark.parametrize("path", ["/counter/register", "/counter/verify", "/counter/recover"])
async def test_whether_a_number_is_taken_is_told_to_nobody_who_does_not_hold_it(
    hall: Hall, path: str
) -> None:
    """By registering, a clerk would learn of each number in the country whether it has an account, unseen."""
    house = hall.house
    async with signed_in(house, "zhaoliu", STRONG) as staff:
        shown = page(await staff.open(path))
        if path != "/counter/register":
            shown = page(await staff.submit(field(shown, "identifier"), identifier="wangwu"))
        form = field(shown, "certificate_number")
        pages = [page(await staff.submit(form, **(FACTS | {"phone": phone}))) for phone in (PHONE, NEWCOMER)]
        if path != "/counter/recover":  # of whom nobody has verified nothing is recovered
            assert [each.status for each in pages] == [200, 200]
        assert (
            len({re.sub(r'value="[^"]*"|[a-z2-7]{8}|data:[^"]*|\d+\*+\d+', "", each.text) for each in pages})
            == 1
        )
        if path == "/counter/register":
            taken = page(await staff.submit(field(pages[0], "code"), code=await last_code(house, PHONE)))
            assert "已属于另一个账号" in taken.text
            [line] = [one for one in await house.audit_lines() if one["account_id"] == hall.id("zhangsan")
                      and one["event"] == "counter.looked_up"]  # fmt: skip
            assert line["actor"] == hall.id("zhaoliu")


async def test_a_known_certificate_is_a_line_about_its_owner_and_the_page_says_how_to_go_on(
    hall: Hall,
) -> None:
    async with signed_in(hall.house, "zhaoliu", STRONG) as staff:
        shown = page(await staff.open("/counter/register"))
        fields = FACTS | {"certificate_type": "111", "certificate_number": NUMBER, "no_phone": "1"}
        answer = page(await staff.submit(field(shown, "name"), **fields))
    assert answer.status == 400
    for way in ("/counter/verify", "/counter/recover", "/counter/accounts"):
        assert f'<li><a href="{way}"' in answer.text
    lines = [one for one in await hall.house.audit_lines() if one["event"] == "counter.looked_up"]
    assert [(one["account_id"], one["actor"]) for one in lines] == [(hall.id("zhangsan"), hall.id("zhaoliu"))]
    assert NUMBER not in str(lines)
