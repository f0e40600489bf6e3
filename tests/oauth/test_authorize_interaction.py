"""What is wanted of the person: prompt, max_age, hints, levels, consent; and what carries the request meanwhile."""

from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from idp.keys.model import Algorithm
from tests.support.browserless import Page
from tests.support.inprocess import Provider
from tests.support.logins import enter
from tests.support.visits import (
    account_id,
    asking,
    callback,
    claims_of,
    forged,
    header_of,
    page,
    person,
    redeem,
    signed_in,
    tokens,
    visitor,
)

pytestmark = pytest.mark.anyio
LEVEL = "urn:zhanhe:acr:level:"


async def test_prompt_none_without_a_session_is_login_required(house: Provider) -> None:
    client, _ = await house.register()
    async with visitor(house) as someone:
        assert (
            callback(await someone.open(asking(client, prompt="none"))).parameters["error"]
            == "login_required"
        )


async def test_prompt_none_with_a_session_gives_a_code_without_a_page(house: Provider) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        assert "code" in callback(await someone.open(asking(client, prompt="none"))).parameters


async def test_prompt_none_where_consent_is_missing_is_consent_required(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        assert (
            callback(await someone.open(asking(client, prompt="none"))).parameters["error"]
            == "consent_required"
        )


async def test_prompt_none_where_a_step_up_is_needed_is_interaction_required(house: Provider) -> None:
    client, _ = await house.register(minimum_level=3)
    username = await person(house, level=3)
    await house.enrol_totp(username)
    async with signed_in(house, username) as someone:
        back = callback(await someone.open(asking(client, prompt="none")))
    assert back.parameters["error"] == "interaction_required"


@pytest.mark.parametrize("prompt", ["login", "select_account"])
async def test_prompt_login_asks_again_once_and_no_link_gets_round_it(house: Provider, prompt: str) -> None:
    client, secret = await house.register()
    username = await person(house)
    async with signed_in(house, username) as someone:
        house.clock.forward(10)
        shown = page(await someone.open(asking(client, prompt=prompt)))
        sealed = parse_qs(urlsplit(shown.url).query)["continue"][0]
        straight = page(await someone.open(f"/authorize/resume?continue={sealed}"))
        assert straight.form_with("password") is not None
        back = await enter(someone, straight, username)
    answered = await redeem(house, client, secret, callback(back).parameters["code"])
    assert claims_of(answered.json()["id_token"])["auth_time"] == int(house.clock.now)


@pytest.mark.parametrize(("max_age", "asked"), [("0", True), ("59", True), ("61", False), ("100000", False)])
async def test_a_login_older_than_max_age_is_asked_for_again(
    house: Provider, max_age: str, asked: bool
) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        house.clock.forward(60)
        answered = await someone.open(asking(client, max_age=max_age))
    assert isinstance(answered, Page) is asked


async def test_prompt_none_with_an_old_login_is_login_required(house: Provider) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        house.clock.forward(60)
        back = callback(await someone.open(asking(client, prompt="none", max_age="30")))
    assert back.parameters["error"] == "login_required"


async def test_the_hint_of_the_person_who_is_here_is_good_even_when_it_has_expired(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        hint = (await tokens(house, client, secret, someone))["id_token"]
        house.clock.forward(1200)
        back = callback(await someone.open(asking(client, prompt="none", id_token_hint=hint)))
    assert "code" in back.parameters


async def test_the_hint_of_another_person_is_never_answered_with_this_session(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as other:
        hint = (await tokens(house, client, secret, other))["id_token"]
    async with signed_in(house) as someone:
        none = callback(await someone.open(asking(client, prompt="none", id_token_hint=hint)))
        assert none.parameters["error"] == "login_required"
        assert page(await someone.open(asking(client, id_token_hint=hint))).form_with("password") is not None


async def test_whoever_logs_in_as_somebody_else_than_the_hint_names_is_sent_back(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as other:
        hint = (await tokens(house, client, secret, other))["id_token"]
    username = await person(house)
    async with visitor(house) as someone:
        shown = page(await someone.open(asking(client, id_token_hint=hint)))
        house.clock.forward(1)
        back = callback(await enter(someone, shown, username))
        assert (back.parameters["error"], back.parameters["state"]) == ("login_required", "the state")
        assert "code" in callback(await someone.open(asking(client))).parameters


async def test_a_hint_that_is_not_an_id_token_of_ours_is_refused(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        hint: str = made["id_token"]
        header, claims = header_of(hint), claims_of(hint)
        head, body, signature = hint.split(".")
        logout = house.worker.keys.sign(Algorithm.ES256, "logout+jwt", claims)
        hostile = [
            made["access_token"],
            logout,
            forged(header, claims | {"sub": "someone-else"}, signature),
            forged(header | {"alg": "none"}, claims, ""),
            forged(header | {"kid": "foreign"}, claims),
            f"{head}.{body}.",
            f"{head}.{body}",
        ]
        for one in hostile:
            back = callback(await someone.open(asking(client, prompt="none", id_token_hint=one)))
            assert back.parameters["error"] == "invalid_request", one


async def test_a_minimum_level_that_cannot_be_reached_is_said_to_the_client(house: Provider) -> None:
    client, _ = await house.register(minimum_level=3)
    async with signed_in(house, level=2) as someone:
        back = callback(await someone.open(asking(client)))
    assert back.parameters["error"] == "unmet_authentication_requirements"


async def test_a_minimum_level_that_only_lacks_a_second_factor_leads_to_how_to_get_one(
    house: Provider,
) -> None:
    client, _ = await house.register(minimum_level=3)
    async with signed_in(house, level=4) as someone:
        shown = page(await someone.open(asking(client, acr_values=f"{LEVEL}4")))
        assert "需要第二步验证" in shown.text
        back = callback(await someone.open(asking(client, prompt="none")))
    assert back.parameters["error"] == "interaction_required"


@pytest.mark.parametrize(
    ("acr_values", "level"),
    [(f"{LEVEL}4", 2), (f"{LEVEL}1", 2), ("unknown", 2), (f"{LEVEL}9", 2), (f"{LEVEL}4 x", 2)],
)
async def test_acr_values_that_cannot_be_met_are_voluntary_and_never_claimed(
    house: Provider, acr_values: str, level: int
) -> None:
    client, secret = await house.register()
    async with signed_in(house, level=4) as someone:
        made = await tokens(house, client, secret, someone, acr_values=acr_values)
    assert claims_of(made["id_token"])["acr"] == f"{LEVEL}{level}"
    assert claims_of(made["access_token"])["acr"] == f"{LEVEL}{level}"


async def test_a_second_factor_lifts_the_session_to_the_level_asked_for(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house, level=3)
    totp = pyotp.TOTP(await house.enrol_totp(username))
    async with signed_in(house, username) as someone:
        house.clock.forward(5)
        shown = page(await someone.open(asking(client, acr_values=f"{LEVEL}3")))
        form = shown.form_with("otp")
        assert form is not None
        before = someone.client.cookies["__Host-zhanhe-session"]
        back = callback(await someone.submit(form, otp=totp.at(int(house.clock.now))))
        assert someone.client.cookies["__Host-zhanhe-session"] != before
    claims = claims_of((await redeem(house, client, secret, back.parameters["code"])).json()["id_token"])
    assert claims["acr"] == f"{LEVEL}3"
    assert set(claims["amr"]) == {"pwd", "otp", "mfa"}


async def test_somebody_with_a_session_who_opens_the_login_page_is_never_sent_in_circles(
    house: Provider,
) -> None:
    client, _ = await house.register(minimum_level=2)
    async with signed_in(house) as someone:
        for asked in (
            {},
            {"acr_values": f"{LEVEL}4"},
            {"prompt": "login"},
            {"max_age": "0"},
            {"prompt": "consent"},
        ):
            house.clock.forward(1)
            await someone.open(asking(client, **asked))  # Browserless gives up after a dozen redirects
        await someone.open("/login")


async def test_a_login_as_the_hinted_person_ends_the_hint_s_question(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house)
    async with signed_in(house, username) as other:
        hint = (await tokens(house, client, secret, other))["id_token"]
    async with signed_in(house) as someone:
        shown = page(await someone.open(asking(client, id_token_hint=hint)))
        back = await enter(someone, shown, username)
    made = (await redeem(house, client, secret, callback(back).parameters["code"])).json()
    assert claims_of(made["id_token"])["sub"] == await account_id(house, username)


async def test_the_login_hint_fills_the_form_as_text(house: Provider) -> None:
    client, _ = await house.register()
    async with visitor(house) as someone:
        shown = page(await someone.open(asking(client, login_hint='"><script>x</script>')))
    assert "<script>x" not in shown.text


@pytest.mark.parametrize(
    ("wanted", "lang"), [("en", "en"), ("en-US fr", "en"), ("fr en", "en"), ("zh-CN", "zh-CN")]
)
async def test_the_login_speaks_the_language_that_the_system_asks_for(
    house: Provider, wanted: str, lang: str
) -> None:
    client, _ = await house.register()
    async with visitor(house) as someone:
        shown = page(await someone.open(asking(client, ui_locales=wanted)))
    assert f'<html lang="{lang}"' in shown.text
    assert shown.form_with("password") is not None
