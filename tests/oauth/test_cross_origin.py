"""Pages of other origins: those of public clients read what a public client needs, and nobody reads anything else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.inprocess import ISSUER, Provider, provider
from tests.support.raw import Answer, raw_request
from tests.support.visits import VERIFIER, code_for, signed_in

pytestmark = pytest.mark.anyio

PAGE = "https://page.test"
SHARED = {
    "/.well-known/openid-configuration": {"GET", "HEAD"},
    "/.well-known/oauth-authorization-server": {"GET", "HEAD"},
    "/jwks": {"GET", "HEAD"},
    "/token": {"POST"},
    "/revoke": {"POST"},
    "/userinfo": {"GET", "POST"},
    "/api/me": {"GET", "POST", "PUT", "DELETE"},
    "/api/me/sessions/x": {"GET", "POST", "PUT", "DELETE"},
}
"""What a page may read, and by what methods."""
PUBLIC: dict[str, Any] = {
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "redirect_uris": [f"{PAGE}/callback"],
    "scope": "openid profile account",
}


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider with a registered page, and with everything that a demo shows."""
    async with provider(tmp_path_factory.mktemp("house"), demo=True) as started:
        await started.register(**PUBLIC)
        yield started


async def ask(house: Provider, method: str, path: str, origin: str, *more: tuple[bytes, bytes]) -> Answer:
    return await raw_request(house, method, path, headers=[(b"origin", origin.encode("latin-1")), *more])


async def preflight(house: Provider, path: str, origin: str, method: str = "GET") -> Answer:
    wanted = [
        (b"access-control-request-method", method.encode()),
        (b"access-control-request-headers", b"authorization,content-type"),
    ]
    return await ask(house, "OPTIONS", path, origin, *wanted)


def said(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", SHARED)
async def test_a_page_of_a_public_client_reads_what_it_needs(house: Provider, path: str) -> None:
    for method in (
        "GET",
        "POST",
    ):  # refusals too: a page that cannot read why it was refused cannot help itself
        answer = await ask(house, method, path, PAGE)
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "origin" in answer.headers["vary"].lower()
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(("path", "methods"), SHARED.items())
async def test_a_browser_may_ask_beforehand(house: Provider, path: str, methods: set[str]) -> None:
    answer = await preflight(house, path, PAGE)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert set(answer.headers["access-control-allow-methods"].split(", ")) == methods
    assert set(answer.headers["access-control-allow-headers"].split(", ")) == {
        "authorization",
        "content-type",
    }
    assert "origin" in answer.headers["vary"].lower()
    assert "access-control-allow-credentials" not in answer.headers


async def test_no_other_path_says_anything_to_another_origin(house: Provider) -> None:
    framework = (
        "/api",
        "/api/openapi.json",
        "/api/meter",
        "/api/you",
        "/health/live",
        "/health/ready",
        "/nowhere",
    )
    paths = {*house.dispatcher.routes, *framework} - set(SHARED)
    assert {"/authorize", "/introspect", "/login", "/end_session", "/"} <= paths
    for path in sorted(paths):
        assert said(await preflight(house, path, PAGE)) == {}, path
        for method in ("GET", "POST"):
            assert said(await ask(house, method, path, PAGE)) == {}, (method, path)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test", "null", "", "*", ISSUER, "http://page.test", "https://page.test:8443", PAGE + "/",
        "https://PAGE.test", "https://sub.page.test", "https://page.test.evil.test", "https://page.test\xe9",
    ],
)  # fmt: skip
async def test_an_origin_that_nobody_registered_reads_nothing(house: Provider, origin: str) -> None:
    for path in SHARED:
        assert said(await preflight(house, path, origin)) == {}, path
        for method in ("GET", "POST"):
            assert said(await ask(house, method, path, origin)) == {}, path


async def test_without_origin_or_with_two_nothing_is_said(house: Provider) -> None:
    for path in SHARED:
        assert said(await raw_request(house, "GET", path)) == {}, path
        assert said(await ask(house, "GET", path, PAGE, (b"origin", PAGE.encode()))) == {}, path


async def test_what_caches_keep_depends_on_the_origin_for_everybody(house: Provider) -> None:
    for path in SHARED:
        answer = await raw_request(house, "GET", path)
        if "public" in answer.headers.get("cache-control", ""):
            assert answer.headers["vary"] == "origin", path


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://Upper.test:443/cb", "https://upper.test"),
        ("https://port.test:8443/cb", "https://port.test:8443"),
        ("http://127.0.0.1:5173/cb", "http://127.0.0.1:5173"),
        ("http://localhost:3000/cb", "http://localhost:3000"),
        ("http://[::1]:4000/cb", "http://[::1]:4000"),
    ],
)
async def test_an_origin_is_written_as_browsers_write_it(house: Provider, uri: str, origin: str) -> None:
    await house.register(**PUBLIC | {"redirect_uris": [uri, "com.example.app:/cb"]})
    assert said(await ask(house, "GET", "/jwks", origin))["access-control-allow-origin"] == origin


async def test_only_public_clients_that_are_not_disabled_have_pages(house: Provider) -> None:
    await house.register(redirect_uris=["https://server.test/callback"])
    assert said(await ask(house, "GET", "/jwks", "https://server.test")) == {}
    gone, _ = await house.register(**PUBLIC | {"redirect_uris": ["https://gone.test/callback"]})
    assert said(await ask(house, "GET", "/jwks", "https://gone.test")) != {}
    await house.worker.registry.disable(gone.client_id, "test")
    await house.worker.revisions.refresh()
    assert said(await ask(house, "GET", "/jwks", "https://gone.test")) == {}


async def test_a_page_logs_somebody_in_from_its_own_origin(house: Provider) -> None:
    uri = "https://spa.test/callback"
    client, _ = await house.register(**PUBLIC | {"redirect_uris": [uri]})
    async with signed_in(house) as someone, house.machine() as page:
        page.headers["origin"] = "https://spa.test"
        code = await code_for(someone, client, redirect_uri=uri, scope="openid profile account")
        answer = await page.post(
            "/token",
            data={
                "grant_type": "authorization_code",
                "client_id": client.client_id,
                "code": code,
                "redirect_uri": uri,
                "code_verifier": VERIFIER,
            },
        )
        header = {"authorization": f"Bearer {answer.json()['access_token']}"}
        answers = [
            answer,
            await page.get("/userinfo", headers=header),
            await page.get("/api/me", headers=header),
            await page.post(
                "/revoke", data={"client_id": client.client_id, "token": answer.json()["access_token"]}
            ),
        ]
        for one in answers:
            assert (one.status_code, one.headers["access-control-allow-origin"]) == (200, "https://spa.test")
        refused = await page.get("/userinfo", headers=header)
        assert refused.status_code == 401
        assert "www-authenticate" in refused.headers["access-control-expose-headers"]
