"""private_key_jwt: which assertions speak for a client, and where its keys come from."""

import asyncio
import base64
import json
from typing import Any

import pytest
from joserfc.jwk import KeySet, OctKey, RSAKey
from pydantic import ValidationError

from idp.infrastructure.http_client import BadAnswer
from idp.keys.model import Algorithm
from idp.relying_parties.model import Client
from tests.oauth.assertions import CREDENTIALS, assertion, jwks, key, present, refusal_of, registered, shaped
from tests.support.inprocess import ISSUER, Provider
from tests.support.visits import forged, hs256, post

pytestmark = pytest.mark.anyio


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


ENDPOINTS = ["/token", "/introspect", "/revoke"]
NOT_FOR_US: list[str | list[str]] = [
    "https://other.test",
    [ISSUER],
    [ISSUER, "https://other.test"],
    [f"{ISSUER}/token"],
    ["https://other.test", f"{ISSUER}/token"],
    f"{ISSUER}/",
    ISSUER.upper(),
    f"{ISSUER}/introspect",
    f"{ISSUER}/revoke",
    f"{ISSUER}/token/",
    f" {ISSUER}",
    "",
]


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_an_assertion_is_for_the_issuer_alone_at_every_endpoint(house: Provider, path: str) -> None:
    one = key()
    client = await registered(house, one)
    for audience in (*NOT_FOR_US, f"{ISSUER}/token", f"{ISSUER}{path}"):
        text = assertion(house, client, one, aud=audience)
        shaped(await present(house, text, path, token="x"), 401, "invalid_client")
    assert (await present(house, assertion(house, client, one), path, token="x")).status_code == 200


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_a_client_may_be_registered_for_the_token_endpoint_and_it_shows(
    house: Provider, path: str
) -> None:
    one = key()
    client = await registered(house, one, assertion_audience="token_endpoint")
    assert client.loosened() == ["consent_required=false", "assertion_audience=token_endpoint"]
    for audience in (ISSUER, f"{ISSUER}/token"):
        text = assertion(house, client, one, aud=audience)
        assert (await present(house, text, path, token="x")).status_code == 200
    for other in NOT_FOR_US:
        text = assertion(house, client, one, aud=other)
        shaped(await present(house, text, path, token="x"), 401, "invalid_client")


async def test_whoever_has_no_assertions_is_not_registered_for_their_audience(house: Provider) -> None:
    with pytest.raises(ValidationError, match="audience"):
        await house.register(assertion_audience="token_endpoint")


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
        {"nbf": 10**10},
        {"nbf": "now"},
        {"nbf": True},
        {"nbf": []},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 300},
        {"jti": "a\x00b"},
    ],
    ids=repr,
)
async def test_an_assertion_with_wrong_claims_is_refused_and_the_record_says_which(
    house: Provider, changes: dict[str, Any]
) -> None:
    one = key()
    client = await registered(house, one)
    shaped(await present(house, assertion(house, client, one, **changes)), 401, "invalid_client")
    if "iss" in changes:  # then it claims to be from somebody else
        return
    detail = await refusal_of(house, client)
    assert detail["reason"].startswith("assertion: ")
    assert next(iter(changes)) in detail["reason"] or detail["reason"] == "assertion: expired"


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
        forged(
            {"alg": "ES256", "kid": "one"}, claims, base64.urlsafe_b64encode(bytes(64)).decode().rstrip("=")
        ),
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
    for header in (
        {"jwk": theirs.as_dict(private=False)},
        {"jku": "https://evil.test/jwks"},
        {"kid": "../../one"},
    ):
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
    shaped(
        await post(house, "/token", data if kind is None else {**data, "client_assertion_type": kind}),
        400,
        "invalid_request",
    )


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


async def test_a_hundred_assertions_of_strangers_cause_one_fetch_that_fails_and_the_next_a_while_later(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = key()
    published = Published(one)
    good, published.content = published.content, BadAnswer("status 500")
    client = await with_jwks_uri(house, published, monkeypatch)

    async def flood() -> None:
        wrong = [assertion(house, client, key(f"f{number}")) for number in range(50)]
        for answer in await asyncio.gather(*[present(house, each) for each in (*wrong, *wrong)]):
            shaped(answer, 401, "invalid_client")

    for fetches, pause in enumerate((5, 10, 20, 40, 60, 60), start=1):
        await flood()
        house.clock.forward(pause - 1)
        await flood()
        assert published.asked == fetches
        house.clock.forward(1)
    published.content = good
    assert (await present(house, assertion(house, client, one))).status_code == 200
    published.content = BadAnswer("status 500")
    house.clock.forward(11)
    await flood()  # a stranger's unknown key is looked for in vain, and shuts nobody out
    assert published.asked == 8
    assert (await present(house, assertion(house, client, one))).status_code == 200


async def test_who_comes_while_keys_are_fetched_waits_for_the_same_answer(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, arrived, may_go = key(), asyncio.Event(), asyncio.Event()
    published = Published(one)
    client = await with_jwks_uri(house, published, monkeypatch)

    async def slow(url: str) -> bytes:
        arrived.set()
        await may_go.wait()
        return await published.get_json(url)

    monkeypatch.setattr(house.worker.http, "get_json", slow)
    first = asyncio.create_task(present(house, assertion(house, client, one)))
    await arrived.wait()
    others = [asyncio.create_task(present(house, assertion(house, client, one))) for _ in range(20)]
    await asyncio.sleep(0.05)
    first.cancel()  # who gives up takes nothing from the others
    may_go.set()
    assert {(await other).status_code for other in others} == {200}
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


async def test_a_symmetric_key_at_the_jwks_uri_signs_nothing(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = OctKey.generate_key(256, {"kid": "one"})
    published = Published()
    published.content = json.dumps(KeySet([one]).as_dict(private=True)).encode()
    client = await with_jwks_uri(house, published, monkeypatch)
    shaped(await present(house, assertion(house, client, one)), 401, "invalid_client")


async def test_keys_that_cannot_be_read_or_are_secret_are_refused_at_registration(house: Provider) -> None:
    one = key()
    symmetric = OctKey.generate_key(256)
    refused: list[dict[str, Any]] = [
        {},
        {"keys": []},
        {"keys": 5},
        {"keys": [{"kty": "EC"}]},
        {"foo": 1},
        {"keys": [one.as_dict(private=True)]},
        {"keys": [symmetric.as_dict(private=True)]},
    ]
    for bad in refused:
        with pytest.raises(ValidationError):
            await house.register(token_endpoint_auth_method="private_key_jwt", jwks=bad)
