"""/me/upstreams: by which platforms somebody comes in, and how that is ended without being locked out."""

import re

import pytest

from idp.federation.linking.outcomes import ArrivalRefused
from tests.support.browserless import Browserless, Form, Page
from tests.support.platforms import Whole, arrival, linked
from tests.support.visits import page, person, signed_in, visitor

pytestmark = pytest.mark.anyio
PATH = "/me/upstreams"


async def question(someone: Browserless) -> Form:
    """The form that asks once more."""
    shown = page(await someone.open(PATH))
    href = re.search(rf'href="({PATH}/unlink\?id=.*?)"', shown.text)
    assert href is not None, shown.text
    asked = page(await someone.open(href[1]))
    form = asked.form_with("id")
    assert form is not None
    return form


async def test_a_link_is_shown_by_the_platform_s_name_and_ended_after_a_question(whole: Whole) -> None:
    known = await linked(whole)
    async with signed_in(whole.house, "zhangsan") as someone:
        assert PATH in page(await someone.open("/me/security")).text
        assert "河南" in page(await someone.open(PATH)).text
        shown = page(await someone.submit(await question(someone)))
        assert "已解除关联" in shown.text
        assert "还没有" in page(await someone.open(PATH)).text
    assert await whole.house.worker.links.of_account(known) == []
    assert "upstream.unlinked" in await whole.house.audit_events()


async def test_the_only_way_in_is_not_ended(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        shown: Page = page(await someone.submit(await question(someone)))
        assert shown.status == 409
        assert "唯一方式" in shown.text
        await whole.came(someone, "guangdong", "zhangsan", "person")
        assert page(await someone.submit(await question(someone))).status == 200
        assert page(await someone.open(PATH)).text.count("/unlink?id=") == 1


async def test_nobody_ends_the_link_of_another_or_by_a_form_from_elsewhere(whole: Whole) -> None:
    known = await linked(whole)
    await person(whole.house, username="lisi")
    async with signed_in(whole.house, "zhangsan") as owner, signed_in(whole.house, "lisi") as other:
        form = await question(owner)
        await other.open("/")
        assert page(await other.submit(form)).status == 400  # the token is the owner's
        assert (
            page(await owner.submit(Form(form.action, "POST", form.fields | {"csrf": "0" * 64}))).status
            == 400
        )
        [link] = await whole.house.worker.links.of_account(known)
        asked = page(await other.open(f"{PATH}/unlink?id={link.id}"))
        assert "河南" not in asked.text
    assert len(await whole.house.worker.links.of_account(known)) == 1


async def test_what_staff_look_into_is_said(whole: Whole) -> None:
    await linked(whole)
    other = arrival("hn-other", name="张三丰")
    assert isinstance(await whole.house.worker.federation.linking.enter(other, "192.0.2.9"), ArrivalRefused)
    async with signed_in(whole.house, "zhangsan") as someone:
        assert "工作人员正在核实" in page(await someone.open(PATH)).text
