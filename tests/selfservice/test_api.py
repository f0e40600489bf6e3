"""/api/me: the user centre for programs. A token of its person, with the scope, after a login of the last minutes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from idp.infrastructure.database import DatabaseUnavailable
from tests.selfservice.api_paths import GIVING, MANAGED, READS, STRONG, WRITES, scope_of, template
from tests.selfservice.calling import call, token_of
from tests.support.authorities import SETTINGS
from tests.support.inprocess import ISSUER, Provider, basic, provider
from tests.support.platforms import Whole
from tests.support.visits import (
    SESSION_COOKIE,
    page,
    person,
    post,
    signed_in,
)

pytestmark = pytest.mark.anyio


async def described(house: Provider) -> dict[str, Any]:
    """The OpenAPI document."""
    async with house.machine() as machine:
        answer = await machine.get("/api/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_every_path_is_described_and_tried_here(house: Provider) -> None:
    document = await described(house)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api"}]
    found = {
        (method.upper(), path.removeprefix("/me"), next(iter(operation["security"][0].values()))[0])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    tried = {("GET", path, "account") for path in READS}
    tried |= {(write[0], template(write[1]), scope_of(write)) for write in WRITES}
    assert found == tried | {("GET", template(MANAGED), "account")}


async def test_every_page_of_the_centre_has_a_counterpart(
    whole: Whole, tmp_path_factory: pytest.TempPathFactory
) -> None:
    organization, decision = "/organizations/{organization_id}", "/mandates/{mandate_id}/decision"
    counterparts = {
        "/": "", "/me/profile": "", "/me/profile/contact": "/contact", "/me/profile/phone": "/phone",
        "/me/profile/preferences": "/display", "/me/profile/correction": "/corrections",
        "/me/sessions": "/sessions", "/me/sessions/end": "/sessions/{session_id}",
        "/me/sessions/end-others": "/sessions", "/me/sessions/forget": "/devices/{device_id}",
        "/me/systems": "/systems", "/me/systems/withdraw": "/systems/{client_id}", "/me/events": "/events",
        "/me/data": "/export", "/me/cancellation": "/cancellation", "/me/cancellation/undo": "/cancellation",
        "/me/security": "/factors", "/me/security/remove": "/factors/{factor_id}",
        "/me/security/recovery-codes": "/recovery-codes", "/me/security/choices": "/login-choices",
        "/me/security/password": "/password", "/me/security/totp": "/totp",
        "/me/security/passkey": "/passkeys", "/me/upstreams": "/upstreams",
        "/me/upstreams/unlink": "/upstreams/{link_id}", "/qr": "/qr-logins/{qr_id}/decision",
        "/me/real-name": "/real-name", "/me/real-name/check": "/real-name/checks",
        "/me/real-name/phone": "/real-name/checks", "/me/real-name/network": "/real-name/app",
        "/me/real-name/network/answer": "/real-name/app/answer",
        "/me/organizations": "/organizations", "/me/organizations/bind": "/organizations",
        "/me/organizations/licence": "/licences",
        "/me/organizations/details": f"{organization}/mandates",
        "/me/organizations/invite": f"{organization}/mandates", "/me/organizations/leave": organization,
        "/me/mandates": "/mandates", "/me/mandates/decide": decision,
        "/me/mandates/helper": "/mandates/helpers", "/me/mandates/minor": "/mandates/minors",
    }  # fmt: skip
    async with provider(tmp_path_factory.mktemp("verifying"), **SETTINGS) as verifying:
        houses = (whole.house.worker.house, verifying.worker.house)
        pages = {path for each in houses for table in each.selfservice.offer.routes for path in table}
    assert pages == set(counterparts)
    paths = (await described(whole.house))["paths"]
    assert {f"/me{path}" for path in counterparts.values()} <= set(paths)


@pytest.mark.parametrize("path", READS)
async def test_reading_needs_the_scope_and_no_more(house: Provider, path: str) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone, "openid account")
        other = await token_of(house, someone, "openid account.write account.security")
    house.clock.forward(290)
    answer = await call(house, token, "GET", path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    refused = await call(house, other, "GET", path)
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="account"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[0]}{write[1]}")
async def test_writing_needs_its_scope_and_a_fresh_login(
    house: Provider, write: tuple[str, str, Any]
) -> None:
    method, path, body = write
    scope = scope_of(write)
    [lacking] = {"account.write", "account.security"} - {scope}
    username = await person(house)
    async with signed_in(house, username) as someone:
        reader = await token_of(house, someone, "openid account")
        house.clock.forward(590)
        stale = await token_of(house, someone)
    refused = await call(house, reader, method, path, body)
    assert refused.status_code == 401  # it has expired
    house.clock.forward(20)
    refused = await call(house, stale, method, path, body)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    challenge = refused.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="600"' in challenge
    async with signed_in(house, username) as someone:
        other = await token_of(house, someone, f"openid account {lacking}")
    refused = await call(house, other, method, path, body)
    assert refused.status_code == 403
    assert f'scope="{scope}"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path", "body"), [*STRONG, *GIVING])
async def test_what_protects_the_account_needs_the_second_factor(
    house: Provider, method: str, path: str, body: Any
) -> None:
    username = await person(house)
    async with signed_in(house, username) as thief:
        token = await token_of(house, thief)
    await house.enrol_totp(username)
    refused = await call(house, token, method, path, body)
    assert refused.status_code == 401
    assert refused.json()["title"] == "insufficient_user_authentication"
    assert "second factor" in refused.json()["detail"]


async def test_without_a_token_there_is_a_challenge_and_cookies_do_not_count(house: Provider) -> None:
    async with signed_in(house) as someone:
        for path in READS:
            answer = await someone.client.get(f"/api/me{path}")
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer realm="zhanhe"'
        for method, path, body in WRITES:
            answer = await someone.client.request(method, f"/api/me{path}", json=body)
            assert answer.status_code == 401
        assert (await someone.client.get("/api/me", params={"access_token": "x"})).status_code == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "zss_" + "x" * 43, "é", "x" * 9000])
async def test_what_is_no_token_is_refused(house: Provider, token: str) -> None:
    async with house.machine() as machine:
        answer = await machine.get("/api/me", headers={b"authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_token_without_a_person_is_refused(house: Provider) -> None:
    client, secret = await house.register()
    data = {"grant_type": "client_credentials", "scope": "api"}
    given = (await post(house, "/token", data, basic(client, secret))).json()
    assert (await call(house, given["access_token"], "GET", "")).status_code == 401


async def test_a_token_dies_with_its_login(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        token = await token_of(house, someone)
        (login,) = (await call(house, token, "GET", "/sessions")).json()
        assert login["current"]
        assert (await call(house, token, "DELETE", f"/sessions/{login['id']}")).status_code == 204
        assert (await call(house, token, "GET", "")).status_code == 401
        assert page(await someone.open("/me/profile")).form_with("password") is not None


async def test_what_does_not_fit_is_refused_without_being_repeated(house: Provider) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
    for body in ({"phone": "1" * 30}, {"phone": "13800040009", "more": "secret"}, ["secret"], "secret", None):
        answer = await call(house, token, "POST", "/phone/code", body)
        assert answer.status_code == 422
        assert "secret" not in answer.text
        assert "1" * 30 not in answer.text
    async with house.machine() as machine:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        answer = await machine.post("/api/me/phone/code", content=b"{", headers=headers)
        assert answer.status_code == 422
        answer = await machine.post("/api/me/phone/code", content=b"x" * 70_000, headers=headers)
        assert answer.status_code == 413

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b" " * 10_000

        answer = await machine.post("/api/me/phone/code", content=endless(), headers=headers)
        assert answer.status_code in (400, 413, 422)


async def test_what_is_nowhere_is_a_problem_too(house: Provider) -> None:
    async with house.machine() as machine:
        for method, path, status in (
            ("GET", "/api", 404),
            ("GET", "/api/nowhere", 404),
            ("GET", "/api/me/", 404),
            ("PATCH", "/api/me", 405),
            ("GET", "/api/docs", 404),
            ("GET", "/api/redoc", 404),
        ):
            answer = await machine.request(method, path)
            assert answer.status_code == status, path
            assert "json" in answer.headers["content-type"]
    assert (await described(house))["info"]["title"].startswith("Zhanhe")


async def test_an_app_may_not_ask_without_end(house: Provider) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
    answers = await asyncio.gather(*[call(house, token, "GET", "/factors") for _ in range(125)])
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 120
    assert statuses.count(429) == 5


async def test_a_store_that_is_away_is_said_and_a_fault_is_not_described(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)

    async def away(*_: object) -> None:
        raise DatabaseUnavailable("secret reason")

    async def broken(*_: object) -> None:
        raise RuntimeError("secret reason")

    monkeypatch.setattr(house.worker.factors, "of_account", away)
    answer = await call(house, token, "GET", "/factors")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "secret" not in answer.text
    monkeypatch.setattr(house.worker.factors, "of_account", broken)
    answer = await call(house, token, "GET", "/factors")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_the_scopes_are_published(house: Provider) -> None:
    async with house.machine() as machine:
        metadata = (await machine.get("/.well-known/openid-configuration")).json()
    assert {"account", "account.write", "account.security"} <= set(metadata["scopes_supported"])
    assert metadata["issuer"] == ISSUER
    assert SESSION_COOKIE.startswith("__Host-")


async def test_errors_are_described_as_what_they_are(house: Provider) -> None:
    document = await described(house)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            errors = {status: one for status, one in operation["responses"].items() if status[0] in "45"}
            assert set(errors) == {"4XX", "5XX"}, (method, path)
            for error in errors.values():
                schema = error["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ProblemDetails"}
    async with house.machine() as machine:
        said = (await machine.get("/api/me")).json()
    assert set(document["components"]["schemas"]["ProblemDetails"]["required"]) <= set(said)


async def test_what_a_path_allows_is_said_in_full(house: Provider) -> None:
    allowed = {"/api/me/cancellation": "DELETE, GET, POST", "/api/me/totp": "POST", "/api/me/factors": "GET"}
    async with house.machine() as machine:
        for path, methods in allowed.items():
            answer = await machine.request("PATCH", path)
            assert (answer.status_code, answer.headers["allow"]) == (405, methods)
