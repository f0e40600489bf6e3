"""Who the client is: each method, the wrong one, two at once, secrets in rotation, assertions good and bad."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from pydantic import ValidationError

from idp.infrastructure.http_client import BadAnswer
from idp.keys.model import Algorithm
from idp.relying_parties.model import Client
from tests.support.inprocess import ISSUER, Provider, basic
from tests.support.visits import audit_of, forged, hs256, post, token_request

pytestmark = pytest.mark.anyio
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CREDENTIALS = {"grant_type": "client_credentials"}


def shaped(response: httpx2.Response, status: int, error: str) -> None:
    """RFC 6749 §5.2."""
    assert response.status_code == status, response.text
    body = response.json()
    assert body["error"] == error
    assert body["error_description"].isascii()
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"


def key(kid: str = "one", **parameters: Any) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, **parameters})


def jwks(*keys: Any) -> dict[str, Any]:
    return {"keys": [one.as_dict(private=False) for one in keys]}


def assertion(
    house: Provider, client: Client, signed_by: Any, header: Mapping[str, Any] | None = None, **changes: Any
) -> str:
    """A client assertion in good order but for the changes; None leaves a claim out."""
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": ISSUER,
        "exp": int(house.clock.now) + 60,
        "jti": house.worker.base.sources.new_id(),
        **changes,
    }
    shown = {name: value for name, value in claims.items() if value is not None}
    algorithm = "RS256" if isinstance(signed_by, RSAKey) else "HS256" if isinstance(signed_by, OctKey) else "ES256"
    whole = {"alg": algorithm, "kid": signed_by.kid, **(header or {})}
    return jwt.encode(whole, shown, signed_by, algorithms=[algorithm])


async def present(house: Provider, text: str, **fields: str) -> httpx2.Response:
    data = {**CREDENTIALS, "client_assertion": text, "client_assertion_type": JWT_BEARER, **fields}
    return await post(house, "/token", data)


async def registered(house: Provider, *keys: Any) -> Client:
    client, secret = await house.register(token_endpoint_auth_method="private_key_jwt", jwks=jwks(*keys))
    assert secret is None
    return client


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


async def test_an_assertion_is_good_once(house: Provider) -> None:
    one = key()
    client = await registered(house, one)
    text = assertion(house, client, one)
    assert (await present(house, text)).status_code == 200
    shaped(await present(house, text), 401, "invalid_client")


async def test_the_same_jti_of_another_client_is_another_assertion(house: Provider) -> None:
    one = key()
    for client in (await registered(house, one), await registered(house, one)):
        assert (await present(house, assertion(house, client, one, jti="shared"))).status_code == 200


@pytest.mark.parametrize("audience", [ISSUER, f"{ISSUER}/token", [ISSUER], ["https://other.test", f"{ISSUER}/token"]])
async def test_an_assertion_may_name_the_issuer_or_the_token_endpoint(house: Provider, audience: Any) -> None:
    one = key()
    client = await registered(house, one)
    assert (await present(house, assertion(house, client, one, aud=audience))).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.test"},
        {"aud": f"{ISSUER}/introspect"},
        {"aud": f"{ISSUER}/"},
        {"aud": ["https://other.test"]},
        {"aud": []},
        {"aud": None},
        {"aud": 5},
        {"aud": [{"a": 1}, [ISSUER]]},
        {"aud": {ISSUER: 1}},
        {"iss": "other"},
        {"sub": "other"},
        {"sub": None},
        {"exp": None},
        {"exp": 1},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 10**18},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 300},
        {"jti": "a\x00b"},
    ],
    ids=repr,
)
async def test_an_assertion_with_wrong_claims_is_refused(house: Provider, changes: dict[str, Any]) -> None:
    one = key()
    client = await registered(house, one)
    shaped(await present(house, assertion(house, client, one, **changes)), 401, "invalid_client")


async def test_an_assertion_that_ends_too_far_ahead_is_refused(house: Provider) -> None:
    one = key()
    client = await registered(house, one)
    far = int(house.clock.now) + 3600
    shaped(await present(house, assertion(house, client, one, exp=far)), 401, "invalid_client")


async def test_an_assertion_that_has_expired_is_refused(house: Provider) -> None:
    one = key()
    client = await registered(house, one)
    text = assertion(house, client, one)
    house.clock.forward(61)
    shaped(await present(house, text), 401, "invalid_client")


async def test_an_assertion_without_signature_or_by_the_wrong_key_is_refused(house: Provider) -> None:
    one = key()
    client = await registered(house, one)
    good = assertion(house, client, one)
    claims = json.loads(base64.urlsafe_b64decode(good.split(".")[1] + "=="))
    public = one.as_pem(private=False)
    hostile = [
        forged({"alg": "none"}, claims, ""),
        forged({"alg": "None", "kid": "one"}, claims, ""),
        forged({"alg": "ES256", "kid": "one"}, claims, base64.urlsafe_b64encode(bytes(64)).decode().rstrip("=")),
        hs256({"kid": "one"}, claims, public),
        hs256({"kid": "one"}, claims, json.dumps(one.as_dict(private=False)).encode()),
        assertion(house, client, key("one")),
        assertion(house, client, key("foreign")),
        assertion(house, client, RSAKey.generate_key(2048, {"kid": "one"})),
        good[:-4] + "AAAA",
        good.rsplit(".", 1)[0] + ".",
        house.worker.keys.sign(Algorithm.ES256, "JWT", claims),
        "a.b.c",
        "....",
        "x",
        base64.urlsafe_b64encode(b"[" * 2500).decode() + ".e30.x",
    ]
    for text in hostile:
        shaped(await present(house, text), 401, "invalid_client")


async def test_an_assertion_of_a_key_inside_its_own_header_is_refused(house: Provider) -> None:
    mine, theirs = key(), key("two")
    client = await registered(house, mine)
    for header in ({"jwk": theirs.as_dict(private=False)}, {"jku": "https://evil.test/jwks"}, {"kid": "../../one"}):
        shaped(await present(house, assertion(house, client, theirs, header)), 401, "invalid_client")


async def test_an_assertion_for_one_client_does_not_speak_for_another(house: Provider) -> None:
    one = key()
    first, second = await registered(house, one), await registered(house, key())
    text = assertion(house, second, one)
    shaped(await present(house, text), 401, "invalid_client")
    shaped(await present(house, assertion(house, first, one, sub=second.client_id)), 401, "invalid_client")


@pytest.mark.parametrize("kind", [None, "", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
async def test_another_type_of_assertion_is_an_invalid_request(house: Provider, kind: str | None) -> None:
    one = key()
    client = await registered(house, one)
    data = {**CREDENTIALS, "client_assertion": assertion(house, client, one)}
    shaped(await post(house, "/token", data if kind is None else {**data, "client_assertion_type": kind}), 400, "invalid_request")


class Published:
    """Stands for the HTTP client: what the client's jwks_uri answers, and how often it was asked."""

    def __init__(self, *keys: Any) -> None:
        self.content: bytes | Exception = key_set(*keys)
        self.asked = 0

    async def get_json(self, url: str) -> bytes:
        self.asked += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


def key_set(*keys: Any) -> bytes:
    return json.dumps(jwks(*keys)).encode()


async def with_jwks_uri(house: Provider, published: Published, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(house.worker.http, "get_json", published.get_json)
    uri = f"https://app.test/{house.worker.base.sources.new_id()}/jwks"
    client, _ = await house.register(token_endpoint_auth_method="private_key_jwt", jwks_uri=uri)
    return client


async def test_a_new_key_at_the_jwks_uri_is_found_and_an_old_one_forgotten(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = key("old"), key("new")
    published = Published(old)
    client = await with_jwks_uri(house, published, monkeypatch)
    for _ in range(3):
        assert (await present(house, assertion(house, client, old))).status_code == 200
    assert published.asked == 1
    published.content = key_set(new)
    house.clock.forward(11)
    assert (await present(house, assertion(house, client, new))).status_code == 200
    shaped(await present(house, assertion(house, client, old)), 401, "invalid_client")


async def test_a_flood_of_unknown_keys_does_not_become_a_flood_of_fetches(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = key()
    published = Published(one)
    client = await with_jwks_uri(house, published, monkeypatch)
    for number in range(10):
        shaped(await present(house, assertion(house, client, key(f"f{number}"))), 401, "invalid_client")
    assert published.asked == 1


@pytest.mark.parametrize(
    "content",
    [
        BadAnswer("status 500"),
        b"",
        b"<html>",
        b"[]",
        b"5",
        b"null",
        b"{}",
        b'{"keys": 5}',
        b'{"keys": []}',
        b'{"keys": [null]}',
        b'{"keys": [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "x": 5, "y": []}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}',
        b"[" * 5000,
        b"\xff\xfe",
    ],
    ids=repr,
)
async def test_a_jwks_uri_that_answers_nonsense_is_a_refusal(
    house: Provider, monkeypatch: pytest.MonkeyPatch, content: bytes | Exception
) -> None:
    one = key()
    published = Published(one)
    published.content = content
    client = await with_jwks_uri(house, published, monkeypatch)
    shaped(await present(house, assertion(house, client, one)), 401, "invalid_client")


async def test_a_symmetric_key_at_the_jwks_uri_signs_nothing(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    one = OctKey.generate_key(256, {"kid": "one"})
    published = Published()
    published.content = json.dumps(KeySet([one]).as_dict(private=True)).encode()
    client = await with_jwks_uri(house, published, monkeypatch)
    shaped(await present(house, assertion(house, client, one)), 401, "invalid_client")


async def test_keys_that_cannot_be_read_or_are_secret_are_refused_at_registration(house: Provider) -> None:
    one = key()
    symmetric = OctKey.generate_key(256)
    for bad in ({}, {"keys": []}, {"keys": 5}, {"keys": [{"kty": "EC"}]}, {"foo": 1},
                {"keys": [one.as_dict(private=True)]}, {"keys": [symmetric.as_dict(private=True)]}):  # fmt: skip
        with pytest.raises(ValidationError):
            await house.register(token_endpoint_auth_method="private_key_jwt", jwks=bad)
