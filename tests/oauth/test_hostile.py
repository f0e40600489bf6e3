"""Hostile bytes at every door: no 5xx, no stack trace, an RFC error code for machines, a page for people."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.inprocess import Provider
from tests.support.raw import Answer, raw_request
from tests.support.visits import asking, code_for, signed_in

pytestmark = pytest.mark.anyio

MACHINE = ("/token", "/userinfo", "/introspect", "/revoke")
DOCUMENTS = ("/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
PAGES = (
    "/authorize",
    "/authorize/resume",
    "/consent",
    "/login",
    "/login/otp",
    "/end_session",
    "/end_session/confirm",
    "/",
    "/nowhere",
    "//evil.test/x",
    "/static/none.css",
    "/health/live",
)
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW")
RFC_CODES = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_token",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "insufficient_scope",
}
NAMES = (
    "client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type", "code", "code_verifier",
    "redirect_uri", "refresh_token", "scope", "token", "token_type_hint", "access_token", "response_type",
    "response_mode", "state", "nonce", "prompt", "max_age", "id_token_hint", "login_hint", "acr_values", "ui_locales",
    "code_challenge", "code_challenge_method", "request", "post_logout_redirect_uri", "username", "password", "otp",
    "csrf", "continue", "decision", "",
)  # fmt: skip
VALUES = (
    b"", b"openid", b"authorization_code", b"refresh_token", b"client_credentials", b"code", b"none", b"S256",
    b"%00", b"%FF", b"%C3%28", b"%ED%A0%80", b"%", b"\xff\xfe", b"\x00", b"%0D%0ASet-Cookie:%20x=y", b"a" * 5000,
    b"eyJhbGciOiJub25lIn0.e30.", b"zrt_AAAA", b"zac_", b"zss_x", b"-1", b"9" * 400, b"%F0%9F%92%A9", b"'\"><script>",
    b"{{7*7}}", b"../../etc/passwd", b"W10.W10.W10", b"MQ.MQ.MQ", b"..", b"urn:zhanhe:acr:level:9",
    b"urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
)  # fmt: skip
HEADERS = (
    b"authorization", b"cookie", b"content-type", b"accept", b"accept-language", b"origin", b"sec-fetch-site",
    b"x-forwarded-for", b"host", b"user-agent", b"content-length", b"referer",
)  # fmt: skip
COOKIES = tuple(
    f"__Host-zhanhe-{name}=".encode() for name in ("session", "login", "csrf", "device", "language")
)

_value = st.one_of(st.sampled_from(VALUES), st.binary(max_size=60))
_pair = st.tuples(st.sampled_from(NAMES), _value).map(lambda pair: pair[0].encode() + b"=" + pair[1])
_form = st.one_of(st.lists(_pair, max_size=8).map(b"&".join), st.binary(max_size=200))
_header_bytes = st.binary(max_size=80).map(lambda raw: bytes(b for b in raw if b not in b"\r\n\x00"))
_cookie = st.tuples(
    st.sampled_from(COOKIES), st.one_of(_header_bytes, st.sampled_from((b'"\\001\\377"', b'"', b"zss_")))
)
_header = st.one_of(
    st.tuples(st.sampled_from(HEADERS), _header_bytes),
    _cookie.map(lambda pair: (b"cookie", pair[0] + pair[1])),
    st.just((b"content-type", b"application/x-www-form-urlencoded")),
    st.just((b"accept", b"text/html")),
    _header_bytes.map(lambda raw: (b"authorization", b"Bearer " + raw)),
    _header_bytes.map(lambda raw: (b"authorization", b"Basic " + raw)),
)
_headers = st.lists(_header, max_size=6)
_bounded = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(answer: Answer, path: str, accept_html: bool) -> None:
    assert answer.status < 500, answer
    assert b"Traceback" not in answer.body
    assert b'File "' not in answer.body
    if answer.status < 400:
        return
    kind = answer.headers["content-type"]
    if path in MACHINE and answer.status != 405:
        said = json.loads(answer.body)
        assert said["error"] in RFC_CODES
        assert said["error_description"].isascii()
        assert answer.headers["cache-control"] == "no-store"
    elif accept_html and not path.startswith("/health"):
        assert kind.startswith("text/html"), (path, answer)
        assert b"<html" in answer.body


@pytest.mark.parametrize("path", [*MACHINE, *DOCUMENTS, *PAGES])
@_bounded
@given(method=st.sampled_from(METHODS), query=_form, headers=_headers, body=_form)
async def test_hostile_bytes_get_an_answer_and_never_a_fault(
    house: Provider, path: str, method: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    answer = await raw_request(house, method, path, query=query, headers=headers, body=body)
    accept = next((value for name, value in headers if name == b"accept"), b"")
    check(answer, path, b"text/html" in accept)


FORM = (b"content-type", b"application/x-www-form-urlencoded")


@_bounded
@given(changes=st.lists(_pair, max_size=4), method=st.sampled_from(("GET", "POST")))
async def test_a_good_authorization_request_with_hostile_additions_is_answered(
    house: Provider, changes: list[bytes], method: str
) -> None:
    client = (
        house.worker.registry.all()[0].client if house.worker.registry.all() else (await house.register())[0]
    )
    query = asking(client).partition("?")[2].encode() + b"&" + b"&".join(changes)
    in_url, in_body = (query, b"") if method == "GET" else (b"", query)
    headers = [FORM, (b"accept", b"text/html")]
    check(
        await raw_request(house, method, "/authorize", query=in_url, headers=headers, body=in_body),
        "/authorize",
        True,
    )


@_bounded
@given(fields=st.lists(_pair, max_size=6), path=st.sampled_from(("/token", "/introspect", "/revoke")))
async def test_an_authenticated_client_with_hostile_fields_gets_an_rfc_answer(
    house: Provider, fields: list[bytes], path: str
) -> None:
    client, secret = await house.register(token_endpoint_auth_method="client_secret_post")
    for grant in (b"authorization_code", b"refresh_token", b"client_credentials"):
        body = f"client_id={client.client_id}&client_secret={secret}&grant_type=".encode() + grant
        answer = await raw_request(house, "POST", path, headers=[FORM], body=b"&".join([body, *fields]))
        check(answer, path, False)


@_bounded
@given(
    fields=st.dictionaries(st.sampled_from(("username", "password", "otp", "continue", "decision")), _value),
    path=st.sampled_from(("/login", "/login/otp", "/consent", "/end_session/confirm")),
)
async def test_a_form_of_ours_with_hostile_fields_gets_a_page(
    house: Provider, fields: dict[str, bytes], path: str
) -> None:
    secret = "a" * 24
    token = house.worker.base.vault.token_hash("csrf", secret).hex()
    body = b"&".join(
        [f"csrf={token}".encode(), *(name.encode() + b"=" + value for name, value in fields.items())]
    )
    headers = [FORM, (b"accept", b"text/html"), (b"cookie", f"__Host-zhanhe-csrf={secret}".encode())]
    check(await raw_request(house, "POST", path, headers=headers, body=body), path, True)


@pytest.mark.parametrize("name", ["session", "login", "csrf", "device", "language"])
@_bounded
@given(value=_header_bytes, path=st.sampled_from(PAGES[:8]))
async def test_a_tampered_cookie_of_any_kind_is_no_fault(
    house: Provider, name: str, value: bytes, path: str
) -> None:
    headers = [(b"cookie", f"__Host-zhanhe-{name}=".encode() + value), (b"accept", b"text/html")]
    check(await raw_request(house, "GET", path, headers=headers), path, True)


async def test_a_session_cookie_with_any_character_changed_is_nobody(house: Provider) -> None:
    async with signed_in(house) as someone:
        value = someone.client.cookies["__Host-zhanhe-session"].encode()
    for at in range(len(value)):
        changed = value[:at] + (b"A" if value[at : at + 1] != b"A" else b"B") + value[at + 1 :]
        headers = [(b"cookie", b"__Host-zhanhe-session=" + changed), (b"accept", b"text/html")]
        answer = await raw_request(house, "GET", "/", headers=headers)
        assert answer.status == 200
        assert b"/end_session" not in answer.body


async def test_a_path_that_looks_like_a_host_makes_no_link_that_leads_away(house: Provider) -> None:
    answer = await raw_request(house, "GET", "//evil.test/x", headers=[(b"accept", b"text/html")])
    assert answer.status == 404
    assert 'href="//' not in answer.text


async def test_the_host_header_redirects_nobody(house: Provider) -> None:
    for path in ("/health/live/", "/login/", "/authorize/"):
        answer = await raw_request(house, "GET", path, headers=[(b"host", b"evil.test")])
        assert answer.status == 404
        assert "location" not in answer.headers


async def test_a_head_request_is_answered_like_a_get(house: Provider) -> None:
    for path in ("/login", "/", "/jwks"):
        assert (await raw_request(house, "HEAD", path)).status == 200


async def test_a_good_code_with_hostile_company_is_still_no_fault(house: Provider) -> None:
    client, secret = await house.register(token_endpoint_auth_method="client_secret_post")
    async with signed_in(house) as someone:
        for value in VALUES:
            code = await code_for(someone, client)
            body = f"grant_type=authorization_code&client_id={client.client_id}&client_secret={secret}&code={code}"
            whole = body.encode() + b"&code_verifier=" + value
            check(await raw_request(house, "POST", "/token", headers=[FORM], body=whole), "/token", False)
