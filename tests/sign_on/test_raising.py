"""A system's demand for a level is met before consent is asked, and inside the same flow."""

import json
import re
from html import unescape
from itertools import count
from typing import Any

import pytest

from tests.authorities.network_identity import confirm
from tests.authorities.people import Known
from tests.authorities.world import World
from tests.support.authorities import beside, citizen
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import PASSWORD, Provider
from tests.support.visits import asking, callback, claims_of, page, person, redeem, signed_in, visitor

pytestmark = pytest.mark.anyio
LEVEL = "urn:zhanhe:acr:level:"
_sequence = count(301)
_phones = count(13_800_003_000)


@pytest.fixture
async def world(house: Provider) -> World:
    return beside(house)


async def newcomer(house: Provider, world: World) -> tuple[Known, str]:
    """Somebody whom the authorities know, and the username of their account of level 0."""
    who = citizen(world, "张三", next(_sequence), mobile=str(next(_phones)))
    account: dict[str, Any] = {"level": 0, "name": "新用户", "phone": who.mobile, "phone_verified": True}
    return who, await person(house, **account)


def form_of(shown: Page, field: str) -> Form:
    form = shown.form_with(field)
    assert form is not None, shown.text
    return form


def href(shown: Page, path: str) -> str:
    """The page's link that leads to this path."""
    found = re.findall(r'href="([^"]+)"', shown.text)
    return next(unescape(each) for each in found if each.startswith(path))


async def link(someone: Browserless, shown: Page, path: str) -> Page:
    """Follow it."""
    return page(await someone.open(href(shown, path)))


def typed(who: Known) -> dict[str, str]:
    return {
        "name": who.name,
        "certificate_type": who.certificate_type,
        "certificate_number": who.number,
    }


@pytest.mark.parametrize("demand", ["registered", "wished for"])
async def test_login_level_consent_and_there(house: Provider, world: World, demand: str) -> None:
    minimum, wish = (2, None) if demand == "registered" else (0, f"{LEVEL}2")
    client, secret = await house.register(minimum_level=minimum, consent_required=True)
    who, username = await newcomer(house, world)
    async with visitor(house) as someone:
        login = page(await someone.open(asking(client, acr_values=wish, scope="openid real_name")))
        level = page(await someone.submit(form_of(login, "password"), username=username, password=PASSWORD))
        assert "进入“测试系统”，需要先完成实名认证（2 级）" in level.text
        assert "完成后为 1 级" not in level.text  # a method that is not enough is not offered
        form = await link(someone, level, "/me/real-name/phone")
        consent = page(await someone.submit(form_of(form, "certificate_number"), **typed(who)))
        assert "请求获得您的信息" in consent.text
        arrived = callback(await someone.submit(form_of(consent, "decision"), decision="allow"))
    made = (await redeem(house, client, secret, arrived.parameters["code"])).json()
    assert claims_of(made["id_token"])["acr"] == f"{LEVEL}2"


async def test_by_the_app_too_and_a_mistake_does_not_lose_the_way(house: Provider, world: World) -> None:
    client, _ = await house.register(minimum_level=2)
    who, username = await newcomer(house, world)
    async with signed_in(house, username) as someone:
        level = page(await someone.open(asking(client)))
        form = form_of(await link(someone, level, "/me/real-name/network"), "certificate_number")
        wrong = page(await someone.submit(form, **typed(who) | {"certificate_number": "410411199001010016"}))
        assert wrong.status == 400
        app = form_of(
            page(await someone.submit(form_of(wrong, "certificate_number"), **typed(who))), "biz_seq"
        )
        unread = page(await someone.submit(app, answer="nothing"))
        assert unread.status == 400
        app = form_of(
            page(await someone.submit(form_of(unread, "certificate_number"), **typed(who))), "biz_seq"
        )
        answer = json.dumps(confirm(world, app.fields["biz_seq"], "0", who.number))
        assert "code" in callback(await someone.submit(app, answer=answer)).parameters


async def test_whoever_will_not_goes_back_to_the_system(house: Provider, world: World) -> None:
    strict, _ = await house.register(minimum_level=2)
    lenient, secret = await house.register(consent_required=True)
    _, username = await newcomer(house, world)
    async with signed_in(house, username) as someone:
        level = page(await someone.open(asking(strict)))
        back = callback(await someone.open(href(level, "/authorize/resume")))
        assert back.parameters["error"] == "unmet_authentication_requirements"
        assert back.parameters["state"] == "the state"
        level = page(await someone.open(asking(lenient, acr_values=f"{LEVEL}2")))
        consent = await link(someone, level, "/authorize/resume")
        arrived = callback(await someone.submit(form_of(consent, "decision"), decision="allow"))
    made = (await redeem(house, lenient, secret, arrived.parameters["code"])).json()
    assert claims_of(made["id_token"])["acr"] == f"{LEVEL}0"


async def test_an_old_login_comes_back_to_the_form_and_on_from_there(house: Provider, world: World) -> None:
    client, _ = await house.register(minimum_level=2)
    who, username = await newcomer(house, world)
    async with signed_in(house, username) as someone:
        level = page(await someone.open(asking(client)))
        house.clock.forward(700)
        login = await link(someone, level, "/me/real-name/phone")
        form = page(await someone.submit(form_of(login, "password"), username=username, password=PASSWORD))
        assert "/me/real-name/phone" in form.url
        done = callback(await someone.submit(form_of(form, "certificate_number"), **typed(who)))
    assert "code" in done.parameters


async def test_silence_and_a_level_beyond_what_is_offered_are_answered_as_before(
    house: Provider, world: World
) -> None:
    _, username = await newcomer(house, world)
    async with signed_in(house, username) as someone:
        for minimum, prompt in ((2, "none"), (4, None)):
            client, _ = await house.register(minimum_level=minimum)
            back = callback(await someone.open(asking(client, prompt=prompt)))
            assert back.parameters["error"] == "unmet_authentication_requirements"
        client, _ = await house.register()
        assert (
            "code"
            in callback(await someone.open(asking(client, prompt="none", acr_values=f"{LEVEL}2"))).parameters
        )


async def test_the_way_back_cannot_be_made_by_anybody_else(house: Provider, world: World) -> None:
    who, username = await newcomer(house, world)
    async with signed_in(house, username) as someone:
        form = page(await someone.open("/me/real-name/phone?continue=https://evil.example/"))
        done = page(await someone.submit(form_of(form, "certificate_number"), **typed(who)))
    assert "认证成功" in done.text
