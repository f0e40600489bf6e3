"""Every page, every field, both databases: what is no text is refused with that reason, and nothing breaks."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.infrastructure.web.dispatch import Dispatcher
from idp.infrastructure.web.readable import has_own_rule
from idp.organizations.roles import RoleName
from tests.support.inprocess import Provider, provider
from tests.support.raw import Answer, raw_request
from tests.support.visits import SESSION_COOKIE, account_id, person, signed_in

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent / "idp"
STRONG = ("pwd", "otp", "mfa")
FORM = (b"content-type", b"application/x-www-form-urlencoded")
HTML = (b"accept", b"text/html")
BROWSER = "b" * 24
REASON = "无法识别的字符"
BY_OAUTH = ("/authorize", "/end_session", "/token", "/introspect", "/revoke", "/userinfo")
"""Their forms have the rule of RFC 6749, and an answer of their own."""


def names_of_fields() -> list[str]:
    """Every name of a field in a template, and every one that a handler asks for."""
    found: set[str] = set()
    for template in ROOT.rglob("templates/*.html"):
        found |= set(
            re.findall(r'<(?:input|select|textarea|button)[^>]*\bname="([a-z_]+)"', template.read_text())
        )
    for source in ROOT.rglob("*.py"):
        found |= set(
            re.findall(r'(?:fields|query|query_params)(?:\.get\(|\[)"([a-z_]+)"', source.read_text())
        )
    return sorted(found - {"csrf"})


NAMES = names_of_fields()
UNREADABLE = (b"a%00b", b"%00", b"%ED%A0%80", b"%FF%FE", b"%D5%C5")
ODD = (
    "", "-1", "9" * 400, "1e308", "'; drop table accounts; --", "<script>{{7*7}}", "\u202e\u200b\ufeff", "𠮷" * 60,
    "\ue863", "\U000f0000", "\u0301" * 300, "１３８００００００１１", "a\r\nb", "\x1b[2J", "null", "../..", "\u2028",
    '{"id":"\\u0000"}', "0001-01-01", "9999-12-31", "2026-02-30",
)  # fmt: skip
_value = st.one_of(
    st.sampled_from(UNREADABLE),
    st.sampled_from(ODD).map(lambda text: quote(text).encode()),
    st.text(max_size=40).map(lambda text: quote(text, errors="surrogatepass").encode()),
    st.binary(max_size=20).map(lambda raw: quote(raw).encode()),
)
_pairs = st.dictionaries(st.sampled_from(NAMES), _value, max_size=8)


@pytest.fixture
async def house(anyio_backend: str, migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider with every page, whose staff may do everything."""
    options: dict[str, Any] = {"demo": True, "message_sink": True, "key_value_url": "sql"}
    async with provider(tmp_path, database_url=migrated_url, **options) as started:
        yield started


async def staff(house: Provider) -> str:
    """The session of somebody who works at the counter and has logged in as strongly as can be."""
    username = await person(house)
    for role in (RoleName.COUNTER, RoleName.SUPERVISOR):
        await house.worker.roles.grant(await account_id(house, username), role, "410411", "test")
    async with signed_in(house, username, amr=STRONG) as someone:
        return someone.client.cookies[SESSION_COOKIE]


def routes(dispatcher: Dispatcher) -> list[tuple[str, str]]:
    return sorted((path, method) for path, methods in dispatcher.routes.items() for method in methods)


async def send(house: Provider, session: str, method: str, path: str, pairs: bytes) -> Answer:
    """A request as the page's own form would make it."""
    cookies = f"{SESSION_COOKIE}={session}; __Host-zhanhe-csrf={BROWSER}"
    headers = [HTML, (b"cookie", cookies.encode())]
    if method != "POST":
        return await raw_request(house, method, path, query=pairs, headers=headers)
    token = house.worker.base.vault.token_hash("csrf", BROWSER).hex()
    body = b"&".join(filter(None, [f"csrf={token}".encode(), pairs]))
    return await raw_request(house, method, path, headers=[*headers, FORM], body=body)


def fields(value: bytes) -> bytes:
    return b"&".join(name.encode() + b"=" + value for name in NAMES[:40])


async def test_what_is_no_text_is_refused_with_that_reason_on_every_page(house: Provider) -> None:
    session = await staff(house)
    for path, method in routes(house.dispatcher):
        if method == "HEAD":
            continue
        handler = house.dispatcher.routes[path][method]
        for value in UNREADABLE:
            for pairs in (b"id=" + value, fields(value)):
                answer = await send(house, session, method, path, pairs)
                where = (method, path, value, answer.status)
                assert answer.status < 500, where
                if not has_own_rule(handler) and not (method == "POST" and path in BY_OAUTH):
                    assert (answer.status, REASON in answer.text) == (400, True), where


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(at=st.integers(min_value=0), pairs=_pairs)
async def test_no_field_of_any_page_breaks_it(house: Provider, at: int, pairs: dict[str, bytes]) -> None:
    every = routes(house.dispatcher)
    path, method = every[at % len(every)]
    session = await staff(house)
    content = b"&".join(name.encode() + b"=" + value for name, value in pairs.items())
    answer = await send(house, session, method, path, content)
    assert answer.status < 500, (method, path, content, answer.text[:500])
    assert b"Traceback" not in answer.body


async def test_a_nul_in_a_cookie_or_another_header_is_nobodys_and_no_fault(house: Provider) -> None:
    session = await staff(house)
    mine = f"{SESSION_COOKIE}={session}".encode()
    for path, method in routes(house.dispatcher):
        for short in (
            "session",
            "login",
            "csrf",
            "device",
            "language",
            "elder",
            "method",
            "qr",
            "phone",
            "presence",
        ):
            quoted = b"; __Host-zhanhe-" + short.encode() + b'="a\\000b"'
            answer = await raw_request(house, method, path, headers=[HTML, (b"cookie", mine + quoted)])
            assert answer.status < 500, (method, path, short)
        answer = await raw_request(
            house, method, path, headers=[HTML, (b"cookie", mine), (b"user-agent", b"a\0b")]
        )
        assert answer.status == 400, (method, path)
