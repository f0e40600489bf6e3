"""/me/mandates: relatives who help, and children."""

import pytest

from tests.support.messages import messages_to
from tests.support.town import ZHANGSAN, Town, decide, error_of, invite, only_mandate
from tests.support.visits import account_id, form, page, signed_in

pytestmark = pytest.mark.anyio


async def test_an_elder_asks_a_relative_and_takes_it_back(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi, signed_in(town.house, "zhangsan") as zhangsan:
        await invite(lisi, "/me/mandates/helper", name="张三", phone=ZHANGSAN)
        [text] = await messages_to(town.house, ZHANGSAN)
        assert "李*" in text
        assert "李四" not in text
        mandate_id = await only_mandate(town, "zhangsan")
        await decide(zhangsan, mandate_id, "accept")
        [principal] = await town.house.worker.mandates.principals(await account_id(town.house, "zhangsan"))
        assert (principal.kind, principal.name, principal.number) == ("person", "李四", None)
        assert principal.valid_until == town.house.clock.now + 90 * 86_400
        assert "张三" in page(await lisi.open("/me/mandates")).text
        town.house.clock.forward(60)
        assert "已续期" in (await decide(lisi, mandate_id, "renew")).text
        assert (await decide(zhangsan, mandate_id, "renew")).status == 409
        await decide(lisi, mandate_id, "revoke")
    assert await town.house.worker.mandates.principals(await account_id(town.house, "zhangsan")) == []


@pytest.mark.parametrize("decision", ["accept", "renew", "resume"])
async def test_what_gives_power_wants_a_login_of_the_last_minutes(town: Town, decision: str) -> None:
    async with signed_in(town.house, "lisi") as lisi, signed_in(town.house, "zhangsan") as zhangsan:
        await invite(lisi, "/me/mandates/helper", name="张三", phone=ZHANGSAN)
        mandate_id = await only_mandate(town, "zhangsan")
        if decision != "accept":
            await decide(zhangsan, mandate_id, "accept")
        if decision == "resume":
            await decide(lisi, mandate_id, "suspend")
        before = await town.house.worker.mandates.visible(await account_id(town.house, "lisi"), mandate_id)
        someone = zhangsan if decision == "accept" else lisi
        address = f"/me/mandates/decide?id={mandate_id}&decision={decision}"
        asked = form(page(await someone.open(address)), "decision")
        town.house.clock.forward(601)
        assert page(await someone.submit(asked, decision=decision)).form_with("password") is not None
        assert page(await someone.open(address)).form_with("password") is not None
        after = await town.house.worker.mandates.visible(await account_id(town.house, "lisi"), mandate_id)
        assert after == before
        await decide(lisi, mandate_id, "revoke")  # to take power away is never late
        assert await town.house.worker.mandates.principals(await account_id(town.house, "zhangsan")) == []


async def test_a_guardian_adds_a_child_and_it_ends_at_eighteen(town: Town) -> None:
    async with signed_in(town.house, "zhangsan") as zhangsan:
        child = {"name": "赵小宝", "certificate_number": "410411201506010010"}
        filled = form(page(await zhangsan.open("/me/mandates/minor")), "certificate_number")
        assert "请先勾选声明" in page(await zhangsan.submit(filled, certificate_type="111", **child)).text
        child |= {"certificate_type": "111", "statement": "yes"}
        shown = page(await zhangsan.submit(filled, **child))
        assert shown.url.endswith("done=minor")
        assert "赵小宝" in shown.text
        who = await account_id(town.house, "zhangsan")
        [principal] = await town.house.worker.mandates.principals(who)
        assert (principal.name, principal.relation) == ("赵小宝", "guardian")
        [filled] = filled.in_tabs(1)
        again = page(await zhangsan.submit(filled, **child))
        assert again.status == 409
        assert "登记信息核对不上" in again.text
        other = page(await zhangsan.submit(filled, **(child | {"name": "别人"})))
        assert error_of(other) == error_of(again)  # whether there is an account is not told
    assert principal.valid_until is not None
    town.house.clock.now = principal.valid_until
    assert await town.house.worker.mandates.principals(who) == []


async def test_an_adult_is_nobodys_child(town: Town) -> None:
    async with signed_in(town.house, "zhangsan") as zhangsan:
        filled = form(page(await zhangsan.open("/me/mandates/minor")), "certificate_number")
        adult = {"name": "王五", "certificate_number": "410411198505059993", "statement": "yes"}
        shown = page(await zhangsan.submit(filled, certificate_type="111", **adult))
        assert shown.status == 400
        assert "已满 18 岁" in shown.text


async def test_each_side_reads_of_an_invitation_in_its_own_words(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi, signed_in(town.house, "zhangsan") as zhangsan:
        await invite(lisi, "/me/mandates/helper", name="张三", phone=ZHANGSAN)
        mandate_id = await only_mandate(town, "zhangsan")
        asked = f"/me/mandates/decide?id={mandate_id}&decision=accept"
        for address in ("/me/mandates", asked):
            shown = page(await zhangsan.open(address)).text
            assert "等您接受" in shown
            assert "等对方接受" not in shown
        shown = page(await lisi.open("/me/mandates")).text
        assert "等对方接受" in shown
        assert "等您接受" not in shown
