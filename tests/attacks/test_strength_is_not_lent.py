"""Proofs that are passed on: a picture of staff, an assertion for two, an old key, an address that looks like ours."""

import asyncio

import pytest
from joserfc import jws

from idp.infrastructure.http_client import BadAnswer, HttpClient
from idp.organizations.roles import RoleName
from tests.attacks.scene import STRONG, Scene, field
from tests.oauth.assertions import assertion, key, present, registered
from tests.support.browserless import Page
from tests.support.inprocess import ISSUER, Provider
from tests.support.visits import asking, page, signed_in, tokens, userinfo, visitor

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("role", RoleName)
async def test_a_picture_that_staff_approve_opens_nothing_for_staff(scene: Scene, role: RoleName) -> None:
    house = scene.house
    victim = await scene.victim(level=2)
    await victim.totp()
    await house.worker.roles.grant(victim.id, role, "410411", "test")
    async with visitor(house, "203.0.113.9") as computer, signed_in(house, victim.username, STRONG) as phone:
        shown = page(await computer.open("/login/qr"))
        asked = page(await phone.open(f"/qr?id={computer.client.cookies['__Host-zhanhe-qr']}"))
        form = field(asked, "decision")
        right = next(value for _, value in form.buttons if value.isdigit() and f">{value}<" in shown.text)
        await phone.submit(form, decision=right)
        after = page(await computer.open("/login/qr"))
        assert after.form_with("otp") is not None, after.text
        assert await scene.session(computer) is None
        assert page(await computer.open("/counter")).form_with("password") is not None


@pytest.mark.parametrize(
    "audience",
    [
        [ISSUER, "https://other.test"], ["https://other.test", ISSUER], [ISSUER], f"{ISSUER}/", f"{ISSUER}/token",
        f"{ISSUER} https://other.test", "https://ID.test", "https://id.test.", "", None, {"iss": ISSUER}, 1,
    ],
    ids=str,
)  # fmt: skip
async def test_an_assertion_is_for_the_issuer_and_for_nobody_beside_it(
    house: Provider, audience: object
) -> None:
    mine = key()
    client = await registered(house, mine, grant_types=["client_credentials"])
    for path in ("/token", "/introspect", "/revoke"):
        answer = await present(house, assertion(house, client, mine, aud=audience), path, token="x")
        assert answer.status_code in (400, 401), path
    assert (await present(house, assertion(house, client, mine))).status_code == 200


async def test_nothing_that_a_stolen_key_signed_is_believed_from_then_on(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        got = await tokens(house, client, secret, someone)
        kids = {one["kid"] for one in (await house.machine().get("/jwks")).json()["keys"]}
        kid = jws.extract_compact(got["access_token"].encode()).headers()["kid"]
        assert kid in kids
        await house.worker.keys.revoke(kid, "test")
        await house.worker.revisions.refresh()
        assert kid not in {one["kid"] for one in (await house.machine().get("/jwks")).json()["keys"]}
        assert (await userinfo(house, got["access_token"])).status_code == 401
        hinted = await someone.open(
            f"/end_session?id_token_hint={got['id_token']}&client_id={client.client_id}"
        )
        assert isinstance(hinted, Page)
        assert hinted.form_with("decision") is not None  # asked, as without a hint
        again = await tokens(house, client, secret, someone)
        assert (await userinfo(house, again["access_token"])).status_code == 200
        assert not isinstance(
            await someone.open(asking(client, prompt="none", id_token_hint=got["id_token"])), Page
        )


@pytest.mark.parametrize(
    "address",
    [
        "http://gateway.test/", "HTTP://gateway.test/", "http://127.0.0.1@gateway.test/", "http://localhost.gateway.test/",
        "http://gateway.test#@127.0.0.1/", "http://127.0.0.1.nip.test/", "ws://x.test/",
        "http://[::ffff:203.0.113.9]/", "http://0x7f.1.test/", "ftp://gateway.test/", "//gateway.test/", "gateway.test",
    ],
)  # fmt: skip
async def test_nothing_is_said_in_the_clear_to_what_only_looks_like_this_machine(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = HttpClient()
    asked: list[str] = []

    def stream(method: str, url: str, **_options: object) -> None:
        asked.append(url)
        raise AssertionError

    monkeypatch.setattr(http._client, "stream", stream)
    calls = (
        http.get_json(address),
        http.post_form(address, {}),
        http.call("GET", address, headers={}, content=b"", seconds=1.0),
    )
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, BadAnswer), outcome
    assert asked == []
    await http.close()
