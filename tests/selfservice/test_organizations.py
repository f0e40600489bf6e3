"""/me/organizations: a company from its binding to the agent who is thrown out."""

import pytest

from tests.support.messages import messages_to
from tests.support.town import (
    LISI,
    NAME,
    ZHANGSAN,
    Town,
    bind,
    change_representative,
    confirm,
    decide,
    invite,
    only_mandate,
    organization_id,
)
from tests.support.visits import account_id, form, page, person, signed_in

pytestmark = pytest.mark.anyio


async def test_a_company_is_bound_an_agent_invited_accepts_and_is_revoked(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi, signed_in(town.house, "zhangsan") as zhangsan:
        shown = await bind(lisi, " 9１410411ma0000007x ")
        assert shown.url.endswith("/me/organizations?done=bound")
        assert NAME in shown.text
        firm = await organization_id(town)
        shown = await invite(lisi, f"/me/organizations/invite?id={firm}", name="张三", phone=ZHANGSAN)
        assert shown.url.endswith("done=invited")
        assert "等对方接受" in shown.text
        [text] = await messages_to(town.house, ZHANGSAN)
        assert NAME in text
        assert "代办授权" in text
        mandate_id = await only_mandate(town, "zhangsan")
        shown = page(await zhangsan.open("/me/mandates"))
        assert "有人请您代办" in shown.text
        assert NAME in shown.text
        shown = await decide(zhangsan, mandate_id, "accept")
        assert shown.url.endswith("/me/mandates?done=accept")
        assert "您现在可以代对方办事" in shown.text
        shown = page(await lisi.open(f"/me/organizations/details?id={firm}"))
        assert "生效中" in shown.text
        assert "张三" in shown.text
        shown = await decide(lisi, mandate_id, "revoke")
        assert "对方立即不能再代办" in shown.text
        shown = page(await zhangsan.open("/me/mandates"))
        assert NAME not in shown.text
    assert [text for text in await messages_to(town.house, ZHANGSAN) if "已结束" in text]
    assert [text for text in await messages_to(town.house, LISI) if "张三" in text and "已接受" in text]


async def test_an_agent_who_acts_is_thrown_out_by_the_revocation(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi, signed_in(town.house, "zhangsan") as zhangsan:
        await bind(lisi)
        firm = await organization_id(town)
        await invite(lisi, f"/me/organizations/invite?id={firm}", name="张三", phone=ZHANGSAN)
        mandate_id = await only_mandate(town, "zhangsan")
        await decide(zhangsan, mandate_id, "accept")
        choice = form(page(await zhangsan.open("/acting")), "mandate")
        assert NAME in page(await zhangsan.submit(choice, mandate=mandate_id)).text
        assert NAME in page(await zhangsan.open("/")).text
        await decide(lisi, mandate_id, "suspend")
        assert "/login" in page(await zhangsan.open("/me/mandates")).url


async def test_a_company_that_is_somebody_elses_is_not_bound(town: Town) -> None:
    async with signed_in(town.house, "zhangsan") as zhangsan:
        shown = await bind(zhangsan)
        assert shown.status == 409
        assert "登记信息核对不上" in shown.text
        assert 'role="alert"' in shown.text
        shown = await bind(zhangsan, "91410411MA00000071")
        assert shown.status == 400
        assert "统一社会信用代码不对" in shown.text
        assert 'aria-invalid="true"' in shown.text


async def test_who_is_not_known_for_certain_binds_nothing(town: Town) -> None:
    async with signed_in(town.house, level=1) as someone:
        assert "绑定单位需要实名等级 2 级" in page(await someone.open("/me/organizations")).text
        assert "您的实名等级不够" in (await bind(someone)).text


async def test_an_authority_that_does_not_answer_changes_nothing(town: Town) -> None:
    town.world.modes["licences"] = "500"
    async with signed_in(town.house, "lisi") as lisi:
        shown = await bind(lisi)
        assert shown.status == 503
        assert "现在联系不上" in shown.text
        assert NAME not in page(await lisi.open("/me/organizations")).text


async def test_a_company_is_bound_by_its_licence(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi:
        shown = page(await lisi.open("/me/organizations/licence"))
        shown = page(await lisi.submit(shown.forms[0]))
        assert 'src="data:image/svg+xml' in shown.text
        waiting = form(shown, "ticket")
        shown = page(await lisi.submit(waiting))
        assert "还没有扫码" in shown.text
        waiting = form(shown, "ticket")
        [ticket] = town.world.memory["licences"]
        confirm(town, ticket, "LEGAL_REP", "李四")
        shown = page(await lisi.submit(waiting))
        assert shown.url.endswith("done=bound")
        assert NAME in shown.text
        assert page(await lisi.submit(waiting.in_tabs(1)[0])).status == 400  # a ticket is good once


async def test_the_licence_of_somebody_else_binds_nothing(town: Town) -> None:
    async with signed_in(town.house, "zhangsan") as zhangsan:
        shown = page(await zhangsan.open("/me/organizations/licence"))
        waiting = form(page(await zhangsan.submit(shown.forms[0])), "ticket")
        [ticket] = town.world.memory["licences"]
        confirm(town, ticket, "LEGAL_REP", "李四")
        assert "不是同一个人" in page(await zhangsan.submit(waiting)).text
        async with signed_in(town.house, "lisi") as lisi:
            other = form(
                page(await lisi.submit(page(await lisi.open("/me/organizations/licence")).forms[0])), "ticket"
            )
            other.fields["ticket"] = waiting.fields["ticket"]
            assert page(await lisi.submit(other)).status == 400


async def test_a_temporary_agent_of_the_licence_acts_within_its_scope_and_dates(town: Town) -> None:
    async with signed_in(town.house, "zhangsan") as zhangsan:
        shown = page(await zhangsan.open("/me/organizations/licence"))
        waiting = form(page(await zhangsan.submit(shown.forms[0])), "ticket")
        [ticket] = town.world.memory["licences"]
        confirm(town, ticket, "TEMP", "张三")
        shown = page(await zhangsan.submit(waiting))
        assert shown.url.endswith("done=appointed")
    who = await account_id(town.house, "zhangsan")
    [principal] = await town.house.worker.mandates.principals(who)
    assert (principal.name, principal.items) == (NAME, ("annual-report",))
    town.house.clock.forward(7 * 86_400)
    assert await town.house.worker.mandates.principals(who) == []


async def test_nobody_sees_or_decides_what_does_not_concern_them(town: Town) -> None:
    async with (
        signed_in(town.house, "lisi") as lisi,
        signed_in(town.house, name="王五") as stranger,
    ):
        await bind(lisi)
        firm = await organization_id(town)
        await invite(lisi, f"/me/organizations/invite?id={firm}", name="张三", phone=ZHANGSAN)
        mandate_id = await only_mandate(town, "zhangsan")
        for address in (
            f"/me/organizations/details?id={firm}",
            f"/me/organizations/invite?id={firm}",
            f"/me/organizations/leave?id={firm}",
            f"/me/mandates/decide?id={mandate_id}&decision=revoke",
        ):
            shown = page(await stranger.open(address))
            assert shown.url.endswith(("/me/organizations", "/me/mandates"))
            assert NAME not in shown.text


async def test_a_forged_form_changes_nothing(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi:
        await bind(lisi)
        firm = await organization_id(town)
        await invite(lisi, f"/me/organizations/invite?id={firm}", name="张三", phone=ZHANGSAN)
        mandate_id = await only_mandate(town, "zhangsan")
        shown = page(await lisi.open(f"/me/mandates/decide?id={mandate_id}&decision=revoke"))
        forged = form(shown, "decision")
        forged.fields["csrf"] = "0" * 64
        assert page(await lisi.submit(forged, decision="revoke")).status == 400
        for address in ("/me/organizations/bind", "/me/organizations/leave", "/me/mandates/helper"):
            answer = await lisi.client.post(
                address, data={"id": firm, "name": "x", "phone": "x"}, headers={"origin": "https://evil.test"}
            )
            assert answer.status_code == 400
    assert await only_mandate(town, "zhangsan") == mandate_id
    assert len(await town.house.worker.organizations.of_account(await account_id(town.house, "lisi"))) == 1


async def test_a_new_representative_decides_about_each_mandate_of_the_old_one(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi, signed_in(town.house, "zhangsan") as zhangsan:
        await bind(lisi)
        firm = await organization_id(town)
        wangwu = await person(town.house, name="王五", phone="13800000003", phone_verified=True)
        await invite(lisi, f"/me/organizations/invite?id={firm}", name="王五", phone="13800000003")
        mandate_id = await only_mandate(town, wangwu)
        async with signed_in(town.house, wangwu) as agent:
            await decide(agent, mandate_id, "accept")
        change_representative(town)
        assert (await bind(zhangsan)).url.endswith("done=bound")
        assert NAME not in page(await lisi.open("/me/organizations")).text
        shown = page(await zhangsan.open(f"/me/organizations/details?id={firm}"))
        assert "等您处理" in shown.text
        assert "王五" in shown.text
        assert await town.house.worker.mandates.principals(await account_id(town.house, wangwu)) == []
        await decide(zhangsan, mandate_id, "resume")
        assert await town.house.worker.mandates.principals(await account_id(town.house, wangwu)) != []
    assert [text for text in await messages_to(town.house, LISI) if "不再是" in text]


async def test_the_representative_steps_down(town: Town) -> None:
    async with signed_in(town.house, "lisi") as lisi:
        await bind(lisi)
        firm = await organization_id(town)
        shown = page(await lisi.open(f"/me/organizations/leave?id={firm}"))
        shown = page(await lisi.submit(shown.forms[-1]))
        assert shown.url.endswith("done=left")
        assert NAME not in shown.text


@pytest.mark.parametrize(("language", "elder"), [("zh-CN", "1"), ("en", "0")])
async def test_every_page_opens_in_both_languages_and_modes(town: Town, language: str, elder: str) -> None:
    async with signed_in(town.house, "lisi") as lisi:
        await bind(lisi)
        firm = await organization_id(town)
        for path in (
            "/me/organizations",
            f"/me/organizations/details?id={firm}",
            f"/me/organizations/invite?id={firm}",
            f"/me/organizations/invite?id={firm}&kind=organization",
            f"/me/organizations/leave?id={firm}",
            "/me/organizations/bind",
            "/me/organizations/licence",
            "/me/mandates",
            "/me/mandates/helper",
            "/me/mandates/minor",
        ):
            separator = "&" if "?" in path else "?"
            shown = page(await lisi.open(f"{path}{separator}ui_locales={language}&elder={elder}"))
            assert shown.status == 200
            assert f'lang="{language}"' in shown.text
