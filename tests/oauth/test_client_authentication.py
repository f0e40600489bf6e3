"""Who the client is: each method, the wrong one, two at once, secrets in rotation."""

import base64
import json

import pytest

from tests.oauth.assertions import CREDENTIALS, JWT_BEARER, assertion, jwks, key, present, registered, shaped
from tests.support.inprocess import Provider, basic
from tests.support.visits import audit_of, post, token_request

pytestmark = pytest.mark.anyio


async def test_each_client_authenticates_in_its_own_way(house: Provider) -> None:
    client, secret = await house.register()
    assert (await token_request(house, client, secret, **CREDENTIALS)).status_code == 200
    client, secret = await house.register(token_endpoint_auth_method="client_secret_post")
    data = {**CREDENTIALS, "client_id": client.client_id, "client_secret": secret or ""}
    assert (await post(house, "/token", data)).status_code == 200
    one = key()
    client = await registered(house, one)
    assert (await present(house, assertion(house, client, one))).status_code == 200


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
async def test_no_client_authenticates_in_the_way_of_another(house: Provider, method: str) -> None:
    one = key()
    more = {"jwks": jwks(one)} if method == "private_key_jwt" else {}
    grants = ["authorization_code"] if method == "none" else ["authorization_code", "client_credentials"]
    client, secret = await house.register(token_endpoint_auth_method=method, grant_types=grants, **more)
    secret = secret or "zcs_guess"
    wrong = {
        "client_secret_basic": post(house, "/token", CREDENTIALS, basic(client, secret)),
        "client_secret_post": post(
            house, "/token", {**CREDENTIALS, "client_id": client.client_id, "client_secret": secret}
        ),
        "private_key_jwt": present(house, assertion(house, client, one)),
        "none": post(house, "/token", {**CREDENTIALS, "client_id": client.client_id}),
    }
    wrong.pop(method).close()
    for attempt in wrong.values():
        shaped(await attempt, 401, "invalid_client")


async def test_a_refused_basic_header_is_answered_with_a_challenge(house: Provider) -> None:
    client, _ = await house.register()
    response = await post(house, "/token", CREDENTIALS, basic(client, "zcs_wrong"))
    shaped(response, 401, "invalid_client")
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert (await audit_of(house, event="client.refused"))[-1:] == ["client.refused"]


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"nocolon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"%ff:x").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Bearer abc",
        "Digest x",
        "",
    ],
)
async def test_a_malformed_authorization_header_is_an_unknown_client(house: Provider, header: str) -> None:
    shaped(await post(house, "/token", CREDENTIALS, {"authorization": header}), 401, "invalid_client")


async def test_no_client_at_all_is_an_invalid_request(house: Provider) -> None:
    shaped(await post(house, "/token", CREDENTIALS), 400, "invalid_request")


async def test_an_unknown_client_and_a_wrong_secret_look_alike(house: Provider) -> None:
    client, _ = await house.register()
    wrong = await post(house, "/token", CREDENTIALS, basic(client, "zcs_wrong"))
    unknown = await post(
        house, "/token", CREDENTIALS, {"authorization": "Basic " + base64.b64encode(b"nobody:x").decode()}
    )
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)


async def test_two_ways_at_once_are_refused(house: Provider) -> None:
    client, secret = await house.register()
    one = key()
    other = await registered(house, one)
    header = basic(client, secret)
    text = {"client_assertion": assertion(house, other, one), "client_assertion_type": JWT_BEARER}
    in_form = {"client_id": client.client_id, "client_secret": secret or ""}
    for data, headers in (({**in_form}, header), (text, header), ({**text, **in_form}, {})):
        shaped(await post(house, "/token", {**CREDENTIALS, **data}, headers), 400, "invalid_request")


async def test_a_client_id_that_differs_from_the_authenticated_one_is_refused(house: Provider) -> None:
    client, secret = await house.register()
    other, _ = await house.register()
    response = await token_request(house, client, secret, **CREDENTIALS, client_id=other.client_id)
    shaped(response, 400, "invalid_request")
    one = key()
    signer = await registered(house, one)
    shaped(
        await present(house, assertion(house, signer, one), client_id=other.client_id), 400, "invalid_request"
    )


async def test_a_doubled_secret_is_refused(house: Provider) -> None:
    client, secret = await house.register(token_endpoint_auth_method="client_secret_post")
    body = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={secret}&client_secret={secret}"
    async with house.machine() as machine:
        form = {"content-type": "application/x-www-form-urlencoded"}
        shaped(await machine.post("/token", content=body, headers=form), 400, "invalid_request")


async def test_credentials_in_the_url_are_not_read(house: Provider) -> None:
    client, secret = await house.register(token_endpoint_auth_method="client_secret_post")
    path = f"/token?grant_type=client_credentials&client_id={client.client_id}&client_secret={secret}"
    shaped(await post(house, path, CREDENTIALS), 400, "invalid_request")


async def test_an_old_secret_works_until_the_overlap_ends(house: Provider) -> None:
    client, old = await house.register()
    new = await house.worker.registry.rotate_secret(client.client_id, "test", overlap=100)
    await house.worker.revisions.refresh()
    for secret in (old, new):
        assert (await token_request(house, client, secret, **CREDENTIALS)).status_code == 200
    house.clock.forward(101)
    shaped(await token_request(house, client, old, **CREDENTIALS), 401, "invalid_client")
    assert (await token_request(house, client, new, **CREDENTIALS)).status_code == 200


async def test_a_second_rotation_ends_the_first_secret(house: Provider) -> None:
    client, first = await house.register()
    for _ in range(2):
        await house.worker.registry.rotate_secret(client.client_id, "test")
    await house.worker.revisions.refresh()
    shaped(await token_request(house, client, first, **CREDENTIALS), 401, "invalid_client")


async def test_a_disabled_client_is_nobody(house: Provider) -> None:
    client, secret = await house.register()
    await house.worker.registry.disable(client.client_id, "test")
    await house.worker.revisions.refresh()
    shaped(await token_request(house, client, secret, **CREDENTIALS), 401, "invalid_client")


async def test_a_grant_the_client_is_not_registered_for_is_refused(house: Provider) -> None:
    client, secret = await house.register(grant_types=["authorization_code"])
    shaped(await token_request(house, client, secret, **CREDENTIALS), 400, "unauthorized_client")
    shaped(await token_request(house, client, secret, grant_type="password"), 400, "unsupported_grant_type")
    shaped(await token_request(house, client, secret, grant_type=None), 400, "invalid_request")


async def test_client_credentials_give_no_scope_about_persons(house: Provider) -> None:
    client, secret = await house.register()
    made = (await token_request(house, client, secret, **CREDENTIALS)).json()
    assert made["scope"] == "api"
    assert "refresh_token" not in made
    assert "id_token" not in made
    for scope in ("openid", "profile", "offline_access", "real_name", "other"):
        response = await token_request(house, client, secret, **CREDENTIALS, scope=scope)
        shaped(response, 400, "invalid_scope")


async def test_the_record_names_whom_a_refused_request_claims_to_be_from_and_only_clients_of_ours(
    house: Provider,
) -> None:
    await house.worker.refusals.flush()
    house.clock.forward(61)
    by_header, _ = await house.register()
    by_form, _ = await house.register(token_endpoint_auth_method="client_secret_post")
    await post(house, "/token", CREDENTIALS, basic(by_header, "zcs_old"))
    await post(house, "/introspect", {"token": "x"}, basic(by_header, "zcs_old"))
    form = {"client_id": by_form.client_id, "client_secret": "zcs_old"}
    await post(house, "/revoke", {"token": "x", **form})
    await post(house, "/token", {**CREDENTIALS, "client_id": "zcs_a-secret-in-the-wrong-field"})
    lines = [line for line in await house.audit_lines() if line["event"] == "client.refused"][-3:]
    details = [json.loads(line["detail"]) for line in lines]
    claimed = [each["unproven_client"] for each in details if "unproven_client" in each]
    assert claimed.count(by_header.client_id) == 1  # two of one kind are one line
    assert claimed.count(by_form.client_id) == 1
    assert not any("wrong-field" in line["detail"] for line in lines)
    assert {line["client_id"] for line in lines} == {None}
