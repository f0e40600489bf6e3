"""/counter/corrections: staff answer what people say is wrong, once, and never for themselves."""

import asyncio

import pytest

from idp.audit.model import EventType
from tests.counter.conftest import STRONG, Hall
from tests.support.visits import audit_of, page, signed_in, visitor

pytestmark = pytest.mark.anyio
PATH = "/counter/corrections"


async def asked(hall: Hall, username: str, wanted: str = "名字应该是张叁") -> str:
    """A wish that waits; its id."""
    corrections = hall.house.worker.corrections
    await corrections.ask(hall.id(username), wanted, "192.0.2.1")
    return next(each.id for each in await corrections.waiting() if each.account_id == hall.id(username))


async def test_staff_see_the_wish_and_answer_it_once(hall: Hall) -> None:
    await asked(hall, "zhangsan")
    async with (
        signed_in(hall.house, "zhaoliu", STRONG) as one,
        signed_in(hall.house, "sunqi", STRONG) as other,
    ):
        shown = page(await one.open(PATH))
        assert "名字应该是张叁" in shown.text
        assert "张三" not in shown.text
        form = shown.form_with("decision")
        theirs = page(await other.open(PATH)).form_with("decision")
        assert form is not None
        assert theirs is not None
        assert page(await one.submit(form, decision="done", answer="  ")).status == 400
        answers = await asyncio.gather(
            one.submit(form, decision="done", answer="已改"),
            other.submit(theirs, decision="refused", answer="材料不全"),
        )
        assert sorted(page(answer).status for answer in answers) == [200, 409]
        assert "没有等待答复的申请" in page(await one.open(PATH)).text
    written = set(await audit_of(hall.house, account_id=hall.id("zhangsan")))
    assert len(written & {EventType.COUNTER_CONFIRMED, EventType.COUNTER_REFUSED}) == 1


async def test_nobody_answers_their_own(hall: Hall) -> None:
    await asked(hall, "zhaoliu")
    async with signed_in(hall.house, "zhaoliu", STRONG) as someone:
        form = page(await someone.open(PATH)).form_with("decision")
        assert form is not None
        assert page(await someone.submit(form, decision="done", answer="同意")).status == 409


async def test_only_staff_come_in(hall: Hall) -> None:
    wish = await asked(hall, "wangwu")
    async with visitor(hall.house) as nobody:
        assert page(await nobody.open(PATH)).form_with("password") is not None
    async with signed_in(hall.house, "zhangsan", STRONG) as citizen:
        assert page(await citizen.open(PATH)).status == 403
        csrf = page(await citizen.open("/me/profile")).forms[0].fields["csrf"]
        data = {"csrf": csrf, "id": wish, "decision": "done", "answer": "x"}
        assert (await citizen.client.post(PATH, data=data)).status_code == 403


async def test_what_somebody_wrote_goes_with_the_account(hall: Hall) -> None:
    await asked(hall, "wangwu", "我的住址是秘密")
    lifecycle = hall.house.worker.lifecycle
    await lifecycle.request_cancellation(hall.id("wangwu"))
    hall.house.clock.forward(hall.house.worker.settings.cancellation_cooling_days * 86_400 + 1)
    await lifecycle.cancel_due()
    (kept,) = await hall.house.worker.corrections.of_account(hall.id("wangwu"))
    assert (kept.wanted, kept.state) == ("", "refused")
