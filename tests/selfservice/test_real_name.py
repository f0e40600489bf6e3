"""/me/real-name as a person uses it, against the simulated authorities."""

import asyncio
import json
from dataclasses import replace

import pytest
from starlette.requests import Request

from idp.accounts.real_names.proof import Record
from idp.accounts.real_names.verification import MOST_OWN
from idp.selfservice.real_name.view import RealNameView
from tests.authorities.network_identity import confirm
from tests.authorities.people import Known
from tests.authorities.world import World
from tests.selfservice.citizens import _phones, account_of, somebody
from tests.selfservice.citizens import house as house  # noqa: PLC0414 - the fixture
from tests.selfservice.citizens import world as world  # noqa: PLC0414 - the fixture
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, page, signed_in, sql, visitor

pytestmark = pytest.mark.anyio
HOME, CHECK, PHONE, NETWORK = (f"/me/real-name{path}" for path in ("", "/check", "/phone", "/network"))


async def form_of(someone: Browserless, path: str) -> Form:
    form = page(await someone.open(path)).form_with("csrf")
    assert form is not None
    return form


async def check(someone: Browserless, who: Known, path: str = CHECK, **changes: str) -> Page:
    fields = {"name": who.name, "certificate_type": who.certificate_type, "certificate_number": who.number}
    return page(await someone.submit(await form_of(someone, path), **(fields | changes)))


async def level(house: Provider, username: str) -> int:
    rows = await sql(house, "select real_name_level from accounts where username = ?", username)
    return int(rows[0]["real_name_level"])


async def records(house: Provider, username: str) -> list[dict[str, object]]:
    return await sql(
        house,
        "select * from real_name_records where account_id = ? order by verified_at, id",
        await account_id(house, username),
    )


async def answered(someone: Browserless, world: World, who: Known, mode: str = "R03", **changes: str) -> Page:
    """Go through the app and hand in what it gave."""
    asked = {"name": who.name, "certificate_type": who.certificate_type, "certificate_number": who.number}
    app = page(await someone.submit(await form_of(someone, NETWORK), mode=mode, **asked))
    form = app.form_with("biz_seq")
    assert form is not None, app.text
    given = confirm(world, form.fields["biz_seq"], "1" if mode == "R02" else "0", who.number) | changes
    return page(await someone.submit(form, answer=json.dumps(given)))


async def test_somebody_climbs_from_nothing_to_level_three(house: Provider, world: World) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        assert "还没有认证记录" in page(await someone.open(HOME)).text
        done = await check(someone, who)
        assert (done.status, await level(house, username)) == (200, 1)
        assert "认证成功" in done.text
        assert who.number not in done.text
        assert f"*{who.number[-4:]}" in done.text
        assert "姓名、证件号码和手机号" in page(await someone.submit(await form_of(someone, PHONE))).text
        assert await level(house, username) == 2
        await answered(someone, world, who)
        assert await level(house, username) == 3
        home = page(await someone.open(HOME)).text
    assert sorted(str(record["level"]) for record in await records(house, username)) == ["1", "2", "3"]
    assert all(
        text in home for text in ("人口信息核验服务", "电信运营商", "国家网络身份认证公共服务", "窗口")
    )
    rows = await sql(house, "select name, certificate_type from accounts where username = ?", username)
    assert rows == [{"name": who.name, "certificate_type": "111"}]


async def test_nothing_is_kept_of_what_the_app_gave_but_that_it_was_right(
    house: Provider, world: World
) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        await answered(someone, world, who, "R02")
    asked = next(asked for service, asked in world.asked if service == "network_identity")
    assert asked["authMode"] == "R02"
    assert "photoEncData" not in asked
    record = (await records(house, username))[0]
    assert (record["method"], record["source"], record["level"]) == (
        "network_identity",
        "network_identity:R02",
        3,
    )
    everything = str(await sql(house, "select * from real_name_records")) + str(
        await sql(house, "select * from audit_events")
    )
    for secret in (asked["idCardAuthData"], asked["certPwdData"], asked["bizSeq"], who.number, who.mobile):
        assert secret not in everything


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"name": "李四"}, 400, "不一致"),
        ({"name": "  "}, 400, "请填写证件上的姓名"),
        ({"certificate_number": "410411199001010016"}, 400, "逐位核对"),
        ({"certificate_number": "410411900101001"}, 400, "15 位的旧号码"),
        ({"certificate_number": "810000199001010019"}, 400, "请把证件类型改为“港澳台居民居住证”"),
        ({"certificate_number": "910411199001010013"}, 400, "请把证件类型改为“外国人永久居留身份证”"),
        ({"certificate_type": "553"}, 400, "请把证件类型改为“居民身份证”"),
        ({"certificate_type": "414", "certificate_number": "E00000001"}, 400, "不能在网上核验"),
        ({"certificate_type": "000"}, 400, "请选择证件类型"),
        ({"certificate_number": "41041120150601001" + "0"}, 400, "监护人"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_said_and_changes_nothing(
    house: Provider, world: World, changes: dict[str, str], status: int, text: str
) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        said = await check(someone, who, **changes)
    assert said.status == status
    assert text in said.text
    assert 'id="error"' in said.text
    assert await level(house, username) == 0
    assert await records(house, username) == []


async def test_the_number_may_be_typed_in_full_width_with_a_small_x(house: Provider, world: World) -> None:
    who = somebody(world, digits="41041119900101002")
    world.people.append(who)
    username = await account_of(house, who)
    typed = " ".join(who.number.lower()).translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    async with signed_in(house, username) as someone:
        await check(someone, who, certificate_number=typed)
    assert await level(house, username) == 1


async def test_a_second_account_is_told_that_there_is_one_and_nothing_else(
    house: Provider, world: World
) -> None:
    who = somebody(world)
    first = await account_of(house, who)
    second = await account_of(house, who, phone=None)
    async with signed_in(house, first) as someone:
        await check(someone, who)
    async with signed_in(house, second) as someone:
        said = await check(someone, who)
    assert said.status == 409
    assert "已经有一个同样等级或更高等级的实名账号" in said.text
    assert first not in said.text
    assert who.mobile[-4:] not in said.text
    assert await level(house, second) == 0


async def test_of_many_accounts_that_verify_one_certificate_at_once_one_gets_it(
    house: Provider, world: World
) -> None:
    who = somebody(world)
    usernames = [await account_of(house, who, phone=None) for _ in range(6)]

    async def one(username: str) -> int:
        async with signed_in(house, username) as someone:
            return (await check(someone, who)).status

    statuses = await asyncio.gather(*map(one, usernames))
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]
    rows = await sql(
        house,
        "select count(*) as n from accounts where real_name_level > 0 and certificate_index = "
        "(select certificate_index from accounts where real_name_level > 0 and username in (?, ?, ?, ?, ?, ?))",
        *usernames,
    )
    assert rows[0]["n"] == 1


async def test_an_account_that_is_somebody_s_does_not_become_somebody_else_s(
    house: Provider, world: World
) -> None:
    who, other = somebody(world), somebody(world, "李四")
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        form = await form_of(someone, CHECK)
        await check(someone, who)
        # A form that was opened before asks for another person now.
        said = page(
            await someone.submit(
                form, name=other.name, certificate_type="111", certificate_number=other.number
            )
        )
    assert said.status == 200  # the verified identity is checked again, whatever the form says
    rows = await sql(house, "select name from accounts where username = ?", username)
    assert rows == [{"name": who.name}]


async def test_attempts_are_counted_before_anybody_is_asked(house: Provider, world: World) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        form = await form_of(someone, CHECK)

        async def guess(name: str) -> int:
            answer = await someone.submit(
                form, name=name, certificate_type="111", certificate_number=who.number
            )
            return page(answer).status

        statuses = await asyncio.gather(*[guess(f"张{letter}") for letter in "甲乙丙丁戊己庚辛"])
    assert sorted(statuses) == [400] * 5 + [429] * 3
    assert len([one for one, asked in world.asked if asked.get("certificateNum") == who.number]) == 5


async def test_a_certificate_is_not_guessed_at_from_many_accounts(house: Provider, world: World) -> None:
    who = somebody(world)
    statuses = []
    for number in range(MOST_OWN + 9):
        async with signed_in(house, await account_of(house, who, phone=None)) as someone:
            statuses.append(
                (await check(someone, who, name=f"赵{'一二三四五六七八九十'[number % 10]}")).status
            )
    assert statuses == [400] * (MOST_OWN + 8) + [429]


@pytest.mark.parametrize("mode", ["500", "garbage", "slow"])
async def test_an_authority_that_fails_is_a_plain_page_and_loses_nothing(
    house: Provider, world: World, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    world.modes["population"], world.slow_seconds = mode, 1.0
    async with signed_in(house, username) as someone:
        with monkeypatch.context() as impatient:
            impatient.setattr("idp.accounts.real_names.authority.SECONDS", 0.2)
            said = await check(someone, who)
        assert said.status == 503
        assert "没有任何变化" in said.text
        assert who.number in said.text  # what was typed is still there
        world.modes["population"] = "ok"
        await check(someone, who)
    assert await level(house, username) == 1
    assert world.arrived == ["population"] * 2  # once for each form that was sent


async def test_a_phone_that_is_not_verified_or_not_theirs_proves_nothing(
    house: Provider, world: World
) -> None:
    who = somebody(world)
    unverified = await account_of(house, who, phone=None)
    async with signed_in(house, unverified) as someone:
        assert "还没有验证手机号" in page(await someone.open(PHONE)).text
    stranger = await account_of(house, who, phone=str(next(_phones)))
    async with signed_in(house, stranger) as someone:
        assert (await check(someone, who, PHONE)).status == 400
    assert await level(house, stranger) == 0


async def test_the_app_s_result_is_good_once_and_for_one_account(house: Provider, world: World) -> None:
    who, thief = somebody(world), somebody(world, "李四")
    mine, theirs = await account_of(house, who), await account_of(house, thief)
    asked = {"name": who.name, "certificate_type": "111", "certificate_number": who.number}
    async with signed_in(house, mine) as me, signed_in(house, theirs) as other:
        app = page(await me.submit(await form_of(me, NETWORK), mode="R03", **asked)).form_with("biz_seq")
        assert app is not None
        given = json.dumps(confirm(world, app.fields["biz_seq"], "0", who.number))
        own = page(await other.submit(await form_of(other, NETWORK), mode="R03", **asked)).form_with(
            "biz_seq"
        )
        assert own is not None
        own.fields["biz_seq"], kept = app.fields["biz_seq"], own.fields["biz_seq"]
        assert kept != own.fields["biz_seq"]
        assert (
            page(await other.submit(own, answer=given)).status == 400
        )  # begun by another account: now spent
        assert page(await me.submit(app, answer=given)).status == 400
        await answered(me, world, who)
        assert page(await me.submit(app, answer=given)).status == 400
    assert (await level(house, mine), await level(house, theirs)) == (3, 0)


@pytest.mark.parametrize("answer", ["", "nonsense", "[]", "{}", '{"resultCode": "C0412002"}', "null"])
async def test_an_answer_that_says_nothing_or_no_is_no_proof(
    house: Provider, world: World, answer: str
) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        asked = {"name": who.name, "certificate_type": "111", "certificate_number": who.number}
        app = page(await someone.submit(await form_of(someone, NETWORK), mode="R03", **asked))
        form = app.form_with("biz_seq")
        assert form is not None
        assert page(await someone.submit(form, answer=answer)).status == 400
    assert world.asked == []
    assert await level(house, username) == 0


async def test_somebody_else_s_face_or_a_late_answer_proves_nothing(house: Provider, world: World) -> None:
    who, other = somebody(world), somebody(world, "李四")
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        asked = {"name": who.name, "certificate_type": "111", "certificate_number": who.number}
        app = page(await someone.submit(await form_of(someone, NETWORK), mode="R03", **asked)).form_with(
            "biz_seq"
        )
        assert app is not None
        given = confirm(world, app.fields["biz_seq"], "0", other.number)
        assert page(await someone.submit(app, answer=json.dumps(given))).status == 400
        app = page(await someone.submit(await form_of(someone, NETWORK), mode="R03", **asked)).form_with(
            "biz_seq"
        )
        assert app is not None
        given = confirm(world, app.fields["biz_seq"], "0", who.number)
        house.clock.forward(301)
        late = page(await someone.submit(app, answer=json.dumps(given)))
    assert late.status == 400
    assert "重新开始" in late.text
    assert await level(house, username) == 0


async def test_a_form_from_elsewhere_is_refused(house: Provider, world: World) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        await someone.open("/")
        for path in (CHECK, PHONE, NETWORK, f"{NETWORK}/answer"):
            response = await someone.client.post(path, data={"csrf": "x", "name": who.name})
            assert response.status_code == 400, path
    async with visitor(house) as stranger:
        for path in (HOME, CHECK, PHONE, NETWORK):
            response = await stranger.client.get(path)
            assert (response.status_code, response.headers["location"][:6]) == (303, "/login")


async def test_whoever_logged_in_long_ago_proves_it_again_first(house: Provider, world: World) -> None:
    who = somebody(world)
    username = await account_of(house, who)
    async with signed_in(house, username) as someone:
        house.clock.forward(601)
        response = await someone.client.get(CHECK)
        assert response.headers["location"].startswith("/login")
        assert (await someone.client.get(HOME)).status_code == 200


async def test_what_is_not_configured_is_not_there(
    anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with provider(tmp_path_factory.mktemp("bare")) as bare, signed_in(bare, level=0) as someone:
        home = page(await someone.open(HOME))
        assert "窗口" in home.text
        assert CHECK not in home.text
        assert page(await someone.open(CHECK)).status == 404


async def test_a_platform_that_vouches_is_named_by_its_title(house: Provider) -> None:
    view = RealNameView({"henan": ("河南政务服务网", "Henan e-Government")})
    proof = Record("1", 3, "upstream", "henan", house.clock(), None, None, None)
    for language, title in (("zh-CN", "河南政务服务网"), ("en", "Henan e-Government")):
        asked = [(b"accept-language", language.encode())]
        visitor = house.worker.reception.visitor(
            Request({"type": "http", "headers": asked, "query_string": b""})
        )
        assert view.row(visitor, proof)["source"] == title
        assert view.row(visitor, replace(proof, source="henan:legal"))["source"] == title
        assert view.row(visitor, replace(proof, source="elsewhere"))["source"] == "elsewhere"
