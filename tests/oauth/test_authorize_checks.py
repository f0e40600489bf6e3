"""Every row of the two tables of checks: what is shown to the person, what goes back to the client."""

from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from tests.support.browserless import Callback, Page
from tests.support.inprocess import ISSUER, REDIRECT_URI, Provider
from tests.support.raw import raw_request
from tests.support.visits import (
    CHALLENGE,
    asking,
    callback,
    claims_of,
    code_for,
    page,
    redeem,
    signed_in,
    userinfo,
    visitor,
)

pytestmark = pytest.mark.anyio


async def answer(house: Provider, url: str) -> Page | Callback:
    async with visitor(house) as someone:
        return await someone.open(url)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.test/callback",
        REDIRECT_URI + "/",
        REDIRECT_URI + "/../other",
        REDIRECT_URI + "?more=1",
        REDIRECT_URI + "#fragment",
        REDIRECT_URI.upper(),
        REDIRECT_URI.replace("https", "http"),
        "https://app.test:443/callback",
        "https://app.test@evil.test/callback",
        "https://app.test\\@evil.test/callback",
        "https://evil.test\\.app.test/callback",
        "https://app.test.evil.test/callback",
        " " + REDIRECT_URI,
        REDIRECT_URI + " ",
        REDIRECT_URI + "\n",
        REDIRECT_URI + "\x00",
        REDIRECT_URI + "%00",
        "//evil.test/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "/login",
        ISSUER,
        "https://аpp.test/callback",  # a Cyrillic а
        "x" * 5000,
    ],
)
async def test_a_redirect_uri_that_is_not_registered_to_the_letter_gets_a_page(
    house: Provider, redirect_uri: str
) -> None:
    client, _ = await house.register()
    shown = page(await answer(house, asking(client, redirect_uri=redirect_uri)))
    assert shown.status == 400
    assert 'href="http' not in shown.text
    assert 'href="//' not in shown.text
    assert "<form" not in shown.text


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_without_client_or_redirect_uri_nothing_is_redirected(house: Provider, name: str) -> None:
    client, _ = await house.register()
    assert page(await answer(house, asking(client, **{name: None}))).status == 400
    assert page(await answer(house, asking(client, **{name: ""}))).status == 400


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_second_client_id_or_redirect_uri_gets_a_page(house: Provider, name: str) -> None:
    client, _ = await house.register()
    value = {"client_id": client.client_id, "redirect_uri": REDIRECT_URI}[name]
    for second in (value, "https://evil.test/"):
        assert page(await answer(house, f"{asking(client)}&{urlencode({name: second})}")).status == 400
        assert (
            page(await answer(house, f"/authorize?{urlencode({name: second})}&{asking(client)[11:]}")).status
            == 400
        )


async def test_an_unknown_and_a_disabled_client_get_the_same_page(house: Provider) -> None:
    client, _ = await house.register()
    await house.worker.registry.disable(client.client_id, "test")
    await house.worker.revisions.refresh()
    disabled = page(await answer(house, asking(client)))
    unknown = page(await answer(house, asking(client, client_id="nobody")))
    assert (disabled.status, unknown.status) == (400, 400)
    assert "not registered or disabled" in disabled.text
    assert "not registered or disabled" in unknown.text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '" onload=x "', "${7*7}{{7*7}}"])
async def test_what_is_sent_is_not_quoted_on_the_error_page(house: Provider, hostile: str) -> None:
    client, _ = await house.register()
    for changes in ({"client_id": hostile}, {"redirect_uri": hostile}):
        text = page(await answer(house, asking(client, **changes))).text
        assert hostile not in text
        assert "49" not in text or "7*7" not in text


SENT_BACK = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": "none"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "query.jwt"}, "invalid_request"),
    ({"scope": "admin"}, "invalid_scope"),
    ({"scope": "admin root"}, "invalid_scope"),
    ({"scope": "openid  profile"}, "invalid_scope"),
    ({"scope": 'openid "x"'}, "invalid_scope"),
    ({"scope": "openid пользователь"}, "invalid_scope"),
    ({"scope": " "}, "invalid_scope"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "A"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1] + "="}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1] + "é"}, "invalid_request"),
    ({"nonce": "n" * 513}, "invalid_request"),
    ({"nonce": "随机"}, "invalid_request"),
    ({"nonce": "a\nb"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "1.5"}, "invalid_request"),
    ({"max_age": "1e3"}, "invalid_request"),
    ({"max_age": "٣"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"request": "e30.e30."}, "request_not_supported"),
    ({"request_uri": "https://evil.test/r"}, "request_uri_not_supported"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"id_token_hint": "nonsense"}, "invalid_request"),
    ({"login_hint": "a\x00b"}, "invalid_request"),
    ({"anything": "x" * 5000}, "invalid_request"),
]


@pytest.mark.parametrize(("changes", "error"), SENT_BACK, ids=lambda value: repr(value)[:60])
async def test_what_is_wrong_after_the_redirect_uri_goes_back_to_the_client(
    house: Provider, changes: dict[str, str | None], error: str
) -> None:
    client, _ = await house.register()
    back = callback(await answer(house, asking(client, **changes)))
    assert back.url == REDIRECT_URI
    assert back.parameters["error"] == error
    assert back.parameters["iss"] == ISSUER
    assert back.parameters["state"] == "the state"
    assert "code" not in back.parameters
    assert back.parameters["error_description"].isascii()


@pytest.mark.parametrize(
    "name", ["scope", "nonce", "code_challenge", "prompt", "response_type", "max_age", "client_assertion"]
)
async def test_a_parameter_sent_twice_goes_back_as_invalid_request(house: Provider, name: str) -> None:
    client, _ = await house.register()
    back = callback(await answer(house, f"{asking(client)}&{name}=one&{name}=two"))
    assert back.parameters["error"] == "invalid_request"
    assert back.parameters["state"] == "the state"


@pytest.mark.parametrize("state", ["s" * 2049, "状态", "a\r\nSet-Cookie: x=y", "\x00"])
async def test_a_state_that_cannot_be_carried_is_refused_without_it(house: Provider, state: str) -> None:
    client, _ = await house.register()
    back = callback(await answer(house, asking(client, state=state)))
    assert back.parameters["error"] == "invalid_request"
    assert "state" not in back.parameters


async def test_a_doubled_state_is_refused_without_it(house: Provider) -> None:
    client, _ = await house.register()
    back = callback(await answer(house, f"{asking(client)}&state=other"))
    assert back.parameters["error"] == "invalid_request"
    assert "state" not in back.parameters


@pytest.mark.parametrize("state", [None, "s" * 2048, "a&b=c?d#e%20 '\"<>", "+ +"])
async def test_a_state_comes_back_to_the_letter(house: Provider, state: str | None) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        back = callback(await someone.open(asking(client, state=state)))
    assert back.parameters.get("state") == state
    assert back.parameters["iss"] == ISSUER
    assert back.parameters["code"].startswith("zac_")


@pytest.mark.parametrize(
    "query", ["%FF=1", "scope=%C3%28", "x=%ED%A0%80", "&".join(f"p{n}=1" for n in range(70))]
)
async def test_what_is_not_form_encoded_utf_8_gets_a_page(house: Provider, query: str) -> None:
    client, _ = await house.register()
    assert page(await answer(house, f"{asking(client)}&{query}")).status == 400


async def test_raw_bytes_in_the_query_get_a_page(house: Provider) -> None:
    client, _ = await house.register()
    query = asking(client).partition("?")[2].encode() + b"&x=\xff\xfe"
    answered = await raw_request(house, "GET", "/authorize", query=query, headers=[(b"accept", b"text/html")])
    assert answered.status == 400
    assert answered.headers["content-type"].startswith("text/html")


async def test_a_request_longer_than_anybody_needs_gets_a_page(house: Provider) -> None:
    client, _ = await house.register()
    assert page(await answer(house, asking(client) + "&x=" + "a" * 17_000)).status == 400


async def test_an_empty_parameter_counts_as_absent(house: Provider) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        url = asking(client, prompt="", max_age="", response_mode="", request="", id_token_hint="")
        assert "code" in callback(await someone.open(url)).parameters


async def test_a_client_without_the_code_grant_is_told_so(house: Provider) -> None:
    client, _ = await house.register(grant_types=["client_credentials"])
    assert callback(await answer(house, asking(client))).parameters["error"] == "unauthorized_client"


async def test_a_public_client_never_goes_without_pkce(house: Provider) -> None:
    client, _ = await house.register(
        token_endpoint_auth_method="none", grant_types=["authorization_code"], redirect_uris=[REDIRECT_URI]
    )
    back = callback(await answer(house, asking(client, code_challenge=None, code_challenge_method=None)))
    assert back.parameters["error"] == "invalid_request"


async def test_a_confidential_client_goes_without_pkce_only_with_openid_and_nonce(house: Provider) -> None:
    client, _ = await house.register(pkce_required=False)
    bare = {"code_challenge": None, "code_challenge_method": None}
    async with signed_in(house) as someone:
        assert "code" in callback(await someone.open(asking(client, **bare))).parameters
        for changes in ({"nonce": None}, {"scope": "profile"}):
            back = callback(await someone.open(asking(client, **bare, **changes)))
            assert back.parameters["error"] == "invalid_request"


@pytest.mark.parametrize("max_age", ["2147483648", "9999999999", "9" * 4000, "0" * 20 + "600"])
async def test_a_max_age_of_any_length_is_a_number(house: Provider, max_age: str) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        assert "code" in callback(await someone.open(asking(client, max_age=max_age))).parameters


@pytest.mark.parametrize("name", ["resource", "utm_source", "_", "anything"])
async def test_a_parameter_that_means_nothing_to_us_may_come_twice(house: Provider, name: str) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        back = callback(await someone.open(f"{asking(client)}&{name}=one&{name}=two"))
        answered = await redeem(house, client, secret, back.parameters["code"])
    assert answered.status_code == 200


async def test_scopes_that_are_not_registered_are_left_out_and_the_answer_says_so(house: Provider) -> None:
    client, secret = await house.register(scope="openid profile")
    async with signed_in(house) as someone:
        code = await code_for(someone, client, scope="openid admin profile email")
        made = (await redeem(house, client, secret, code)).json()
        assert made["scope"] == "openid profile"
        assert "email" not in (await userinfo(house, made["access_token"])).json()


async def test_a_client_may_be_registered_for_refusing_them(house: Provider) -> None:
    client, _ = await house.register(scope="openid profile", excess_scope="refused")
    back = callback(await answer(house, asking(client, scope="openid email")))
    assert back.parameters["error"] == "invalid_scope"


async def test_without_pkce_and_nonce_only_a_client_that_is_registered_for_it_gets_a_code(
    house: Provider,
) -> None:
    bare = {"code_challenge": None, "code_challenge_method": None, "nonce": None}
    strict, _ = await house.register(pkce_required=False)
    back = callback(await answer(house, asking(strict, **bare)))
    assert back.parameters["error"] == "invalid_request"
    loose, secret = await house.register(pkce_required=False, nonce="optional")
    assert "nonce=optional" in loose.loosened()
    async with signed_in(house) as someone:
        code = callback(await someone.open(asking(loose, **bare))).parameters["code"]
        made = (await redeem(house, loose, secret, code, code_verifier=None)).json()
    assert "nonce" not in claims_of(made["id_token"])


@pytest.mark.parametrize(
    "metadata",
    [
        {"nonce": "optional"},
        {"nonce": "optional", "pkce_required": False, "token_endpoint_auth_method": "none"},
        {"nonce": "required"},
        {"assertion_lifetime": 3600},
    ],
    ids=repr,
)
async def test_nothing_is_loosened_that_is_not_there(house: Provider, metadata: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        await house.register(grant_types=["authorization_code"], **metadata)
