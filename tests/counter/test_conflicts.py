"""/counter/conflicts: what fitted no rule is settled by a supervisor, once, never for oneself."""

import asyncio
import re

import pytest

from idp.audit.model import EventType
from idp.federation.linking.outcomes import Linked
from tests.counter.asking import conflict
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support.browserless import Form, Page
from tests.support.platforms import arrival
from tests.support.visits import audit_of, page, signed_in

pytestmark = pytest.mark.anyio
PATH = "/counter/conflicts"


def form_of(shown: Page) -> Form:
    form = shown.form_with("decision")
    assert form is not None, shown.text
    return form


async def test_two_settle_it_once_and_the_next_login_enters(hall: Hall) -> None:
    reference = await conflict(hall)
    async with signed_in(hall.house, "sunqi", STRONG) as someone:
        shown = page(await someone.open(PATH))
        assert reference in shown.text
        assert NUMBER not in shown.text
        assert "张三丰" not in shown.text
        form = form_of(shown)
        assert page(await someone.submit(form, decision="link", identifier="nobody")).status == 400
        shown = page(await someone.submit(form, decision="link", identifier="zhangsan"))
        assert "请另一位工作人员复核" in shown.text
        queue = form_of(page(await someone.open("/counter/queue")))
        assert page(await someone.submit(queue, decision="confirm")).status == 409
    assert await hall.house.worker.links.of_account(hall.id("zhangsan")) == []
    async with signed_in(hall.house, "zhouba", STRONG) as second:
        shown = page(await second.open("/counter/queue"))
        assert reference in shown.text
        queue = form_of(shown)
        refused = await second.submit(queue.in_tabs(1)[0], decision="confirm")
        assert page(refused).status == 409  # another name: not unnoticed
        pressed = (second.submit(tab, decision="confirm", name_differs="1") for tab in queue.in_tabs(3))
        answers = await asyncio.gather(*pressed)
        assert sorted(page(answer).status for answer in answers) == [200, 409, 409]
        assert "没有等待处理的事项" in page(await second.open(PATH)).text
    came = await hall.house.worker.federation.linking.enter(
        arrival(name="张三丰", number=NUMBER), "192.0.2.9"
    )
    assert isinstance(came, Linked)
    assert came.account.id == hall.id("zhangsan")
    both = f"{hall.id('sunqi')}+{hall.id('zhouba')}"
    assert EventType.UPSTREAM_SETTLED in await audit_of(hall.house, actor=both)


async def test_what_is_left_as_it_is_links_nobody(hall: Hall) -> None:
    await conflict(hall)
    async with signed_in(hall.house, "sunqi", STRONG) as someone:
        await someone.submit(form_of(page(await someone.open(PATH))), decision="dismiss")
    assert await hall.house.worker.links.of_account(hall.id("zhangsan")) == []
    assert await hall.house.worker.links.waiting() == []


async def test_staff_who_are_no_supervisors_see_and_decide_nothing(hall: Hall) -> None:
    reference = await conflict(hall)
    async with (
        signed_in(hall.house, "zhaoliu", STRONG) as clerk,
        signed_in(hall.house, "sunqi", STRONG) as supervisor,
    ):
        shown = page(await clerk.open(PATH))
        assert reference in shown.text
        assert shown.form_with("decision") is None
        theirs = form_of(page(await supervisor.open(PATH)))
        own = re.search(r'name="csrf" value="(.*?)"', page(await clerk.open("/counter/accounts")).text)
        assert own is not None
        sent = Form(theirs.action, "POST", theirs.fields | {"csrf": own[1]})
        assert page(await clerk.submit(sent, decision="dismiss")).status == 403
    assert len(await hall.house.worker.links.waiting()) == 1


async def test_nobody_settles_for_themselves(hall: Hall) -> None:
    await conflict(hall)
    async with signed_in(hall.house, "sunqi", STRONG) as someone:
        form = form_of(page(await someone.open(PATH)))
        assert page(await someone.submit(form, decision="link", identifier="sunqi")).status == 403
    assert await hall.house.worker.links.of_account(hall.id("sunqi")) == []
