"""Logging out: who may ask, where it leads, what the systems are told."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.infrastructure.http_client import BadAnswer
from idp.infrastructure.outbox import WAITS
from tests.support.browserless import Page
from tests.support.inprocess import ISSUER, Provider
from tests.support.logins import is_in
from tests.support.visits import (
    account_id,
    audit_of,
    callback,
    claims_of,
    code_for,
    forged,
    header_of,
    page,
    person,
    signed_in,
    sql,
    tokens,
    visitor,
)

pytestmark = pytest.mark.anyio
BACK = "https://app.test/bye"
NOTICE = "https://app.test/backchannel-logout"


class Receiver:
    """Stands for the HTTP client: keeps what is posted to the systems and answers for them."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.answer: int | Exception = 200

    async def post_form(self, url: str, form: dict[str, str]) -> int:
        self.posted.append((url, form))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def receiver(house: Provider, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    made = Receiver()
    monkeypatch.setattr(house.worker.http, "post_form", made.post_form)
    return made


def leaving(**parameters: Any) -> str:
    return f"/end_session?{urlencode(parameters)}"


async def test_an_id_token_of_this_session_logs_out_at_once(house: Provider) -> None:
    client, secret = await house.register(post_logout_redirect_uris=[BACK])
    async with signed_in(house) as someone:
        hint = (await tokens(house, client, secret, someone))["id_token"]
        house.clock.forward(1000)  # an expired hint is as good
        url = leaving(id_token_hint=hint, post_logout_redirect_uri=BACK, state="s&1")
        back = callback(await someone.open(url))
        assert (back.url, back.parameters) == (BACK, {"state": "s&1"})
        assert not await is_in(someone)


async def test_a_link_from_anywhere_only_asks(house: Provider) -> None:
    client, _ = await house.register(post_logout_redirect_uris=[BACK])
    async with signed_in(house) as someone:
        for url in ("/end_session", leaving(client_id=client.client_id, post_logout_redirect_uri=BACK)):
            assert page(await someone.open(url)).form_with("decision") is not None
            assert await is_in(someone)
        form = page(await someone.open("/end_session")).form_with("decision")
        assert form is not None
        await someone.submit(form, decision="stay")
        assert await is_in(someone)
        await someone.submit(form, decision="logout")
        assert not await is_in(someone)


async def test_the_id_token_of_another_session_only_asks(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house)
    async with signed_in(house, username) as elsewhere:
        hint = (await tokens(house, client, secret, elsewhere))["id_token"]
    async with signed_in(house, username) as someone:
        assert page(await someone.open(leaving(id_token_hint=hint))).form_with("decision") is not None
        assert await is_in(someone)


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/",
        BACK + "/",
        BACK + "?x=1",
        "//evil.test",
        "javascript:alert(1)",
        " " + BACK,
        BACK + "\n",
    ],
)
async def test_a_post_logout_redirect_uri_that_is_not_registered_leads_nowhere(
    house: Provider, uri: str
) -> None:
    client, secret = await house.register(post_logout_redirect_uris=[BACK])
    async with signed_in(house) as someone:
        hint = (await tokens(house, client, secret, someone))["id_token"]
        for url in (
            leaving(id_token_hint=hint, post_logout_redirect_uri=uri),
            leaving(client_id=client.client_id, post_logout_redirect_uri=uri),
            leaving(post_logout_redirect_uri=uri),
        ):
            assert page(await someone.open(url)).status == 400
        assert await is_in(someone)


async def test_without_client_or_hint_a_registered_uri_asks_the_person(house: Provider) -> None:
    own, shared = "https://own.test/bye", "https://shared.test/bye"
    await house.register(post_logout_redirect_uris=[own, shared], client_name="自己的系统")
    await house.register(post_logout_redirect_uris=[shared], client_name="另一个系统")
    for back, named in ((own, True), (shared, False)):
        async with signed_in(house) as someone:
            asked = page(await someone.open(leaving(post_logout_redirect_uri=back, state="s")))
            assert asked.status == 200
            assert ("自己的系统" in asked.text) is named
            assert await is_in(someone)
            form = asked.form_with("decision")
            assert form is not None
            left = callback(await someone.submit(form, decision="logout"))
            assert (left.url, left.parameters) == (back, {"state": "s"})
            assert not await is_in(someone)


async def test_without_client_or_hint_the_uri_of_a_disabled_client_leads_nowhere(house: Provider) -> None:
    back = "https://disabled.test/bye"
    client, _ = await house.register(post_logout_redirect_uris=[back])
    await house.worker.registry.disable(client.client_id, "test")
    await house.worker.revisions.refresh()
    async with visitor(house) as someone:
        assert page(await someone.open(leaving(post_logout_redirect_uri=back))).status == 400


@pytest.mark.parametrize(
    ("presented", "public", "good"),
    [
        ("http://127.0.0.1:5173/bye", True, True),
        ("http://127.0.0.1:5173/bye", False, False),
        ("http://127.0.0.1:5173/other", True, False),
        ("http://127.0.0.2:5173/bye", True, False),
        ("http://127.0.0.1:5173@evil.test/bye", True, False),
    ],
)
async def test_an_app_on_loopback_is_returned_to_on_the_port_of_the_moment(
    house: Provider, presented: str, public: bool, good: bool
) -> None:
    apps: dict[str, Any] = {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]}
    client, _ = await house.register(
        post_logout_redirect_uris=["http://127.0.0.1/bye"], **(apps if public else {})
    )
    async with signed_in(house) as someone:
        url = leaving(client_id=client.client_id, post_logout_redirect_uri=presented)
        asked = page(await someone.open(url))
        assert asked.status == (200 if good else 400)
        form = asked.form_with("decision")
        if form is not None:
            assert callback(await someone.submit(form, decision="logout")).url == presented
    async with visitor(house) as someone:  # without a client, nobody's
        assert page(await someone.open(leaving(post_logout_redirect_uri=presented))).status == 400


async def test_a_hint_that_is_not_ours_or_of_another_client_is_refused(house: Provider) -> None:
    client, secret = await house.register(post_logout_redirect_uris=[BACK])
    other, _ = await house.register(post_logout_redirect_uris=["https://other.test/bye"])
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        hint: str = made["id_token"]
        hostile = [
            leaving(id_token_hint=forged(header_of(hint), claims_of(hint))),
            leaving(id_token_hint=forged(header_of(hint) | {"alg": "none"}, claims_of(hint), "")),
            leaving(id_token_hint=made["access_token"]),
            leaving(id_token_hint="x"),
            leaving(id_token_hint=hint, client_id=other.client_id),
            leaving(
                id_token_hint=hint,
                client_id=other.client_id,
                post_logout_redirect_uri="https://other.test/bye",
            ),
            leaving(id_token_hint=hint, post_logout_redirect_uri="https://other.test/bye"),
            leaving(id_token_hint=hint) + "&id_token_hint=x",
        ]
        for url in hostile:
            assert page(await someone.open(url)).status == 400
        assert await is_in(someone)


async def test_a_forged_confirmation_logs_nobody_out(house: Provider) -> None:
    async with signed_in(house) as someone:
        form = page(await someone.open("/end_session")).form_with("decision")
        assert form is not None
        data = {**form.fields, "decision": "logout"}
        hostile: list[tuple[dict[str, str], dict[str, str]]] = [
            (data, {"origin": "https://evil.test"}),
            (data, {"sec-fetch-site": "cross-site"}),
            ({**data, "csrf": "0" * 64}, {}),
            ({**data, "continue": "x"}, {}),
            ({"decision": "logout"}, {}),
        ]
        for fields, headers in hostile:
            assert (
                await someone.client.post("/end_session/confirm", data=fields, headers=headers)
            ).status_code == 303
            assert await is_in(someone)


async def test_a_cross_site_post_without_cookies_goes_on_as_get(house: Provider) -> None:
    client, _ = await house.register(post_logout_redirect_uris=[BACK])
    async with visitor(house) as someone:
        data = {"client_id": client.client_id, "post_logout_redirect_uri": BACK}
        response = await someone.client.post("/end_session", data=data)
        assert response.status_code == 303
        assert callback(await someone.open(response.headers["location"])).url == BACK


async def test_a_person_who_is_not_here_is_sent_back_politely(house: Provider) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open("/end_session")).status == 200


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_each_system_that_took_part_is_told_with_a_logout_token(
    house: Provider, receiver: Receiver
) -> None:
    told, secret = await house.register(backchannel_logout_uri=NOTICE, id_token_signed_response_alg="EdDSA")
    await house.register(backchannel_logout_uri="https://never.test/logout")
    silent, _ = await house.register(client_name="不听的系统")
    username = await person(house)
    async with signed_in(house, username) as someone:
        id_token = claims_of((await tokens(house, told, secret, someone))["id_token"])
        await code_for(someone, silent)
        farewell = await someone.log_out("/end_session")
    assert [url for url, _ in receiver.posted] == [NOTICE]
    token = receiver.posted[0][1]["logout_token"]
    keys = KeySet.import_key_set(json.loads(house.worker.keys.jwks()))
    decoded = jwt.decode(token, keys, algorithms=["EdDSA"])
    assert decoded.header["typ"] == "logout+jwt"
    claims = decoded.claims
    assert claims["iss"] == ISSUER
    assert claims["aud"] == told.client_id
    assert claims["sub"] == await account_id(house, username)
    assert claims["sid"] == id_token["sid"]
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert 0 < claims["exp"] - claims["iat"] <= 120  # §4: at most two minutes
    assert claims["jti"]
    assert "nonce" not in claims  # §2.4 forbids it
    assert isinstance(farewell, Page)
    assert "不听的系统" in farewell.text
    assert "logout.delivered" in await audit_of(house, session_id=id_token["sid"])


async def test_a_system_that_does_not_confirm_is_named_and_told_again_until_given_up(
    house: Provider, receiver: Receiver
) -> None:
    client, _ = await house.register(client_name="聋系统", backchannel_logout_uri=NOTICE)
    receiver.answer = BadAnswer("ConnectError")
    async with signed_in(house) as someone:
        await code_for(someone, client)
        farewell = await someone.log_out("/end_session")
    assert isinstance(farewell, Page)
    assert "尚未确认" in farewell.text
    receiver.answer = 500
    for wait in WAITS:
        house.clock.forward(wait + 1)
        await house.worker.outbox.deliver_due()
    assert len({form["logout_token"] for _, form in receiver.posted}) == len(receiver.posted)
    row = (await sql(house, "select * from outbox where recipient = ?", client.client_id))[0]
    assert row["delivered_at"] is None
    assert row["next_attempt_at"] is None
    assert "logout.undelivered" in await audit_of(house, client_id=client.client_id)


async def test_a_registered_address_of_a_system_that_did_not_confirm_is_offered_not_followed(
    house: Provider, receiver: Receiver
) -> None:
    client, secret = await house.register(backchannel_logout_uri=NOTICE, post_logout_redirect_uris=[BACK])
    receiver.answer = 400
    async with signed_in(house) as someone:
        hint = (await tokens(house, client, secret, someone))["id_token"]
        farewell = page(await someone.open(leaving(id_token_hint=hint, post_logout_redirect_uri=BACK)))
    assert BACK in farewell.text


async def test_logging_out_twice_tells_nobody_twice(house: Provider, receiver: Receiver) -> None:
    client, secret = await house.register(backchannel_logout_uri=NOTICE)
    async with signed_in(house) as someone:
        hint = (await tokens(house, client, secret, someone))["id_token"]
        for _ in range(2):
            await someone.open(leaving(id_token_hint=hint))
    assert len(receiver.posted) == 1


async def test_after_logout_the_old_cookie_is_worth_nothing(house: Provider) -> None:
    async with signed_in(house) as someone:
        cookie = someone.client.cookies["__Host-zhanhe-session"]
        await someone.log_out("/end_session")
        assert "__Host-zhanhe-session" not in someone.client.cookies
        someone.client.cookies.set("__Host-zhanhe-session", cookie, domain="id.test", path="/")
        assert not await is_in(someone)
