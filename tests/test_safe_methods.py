"""Safe methods change nothing (RFC 9110 §9.2.1): every path of the provider, by HEAD and by GET."""

import sqlite3
from typing import Any

import pytest

from tests.support.inprocess import ISSUER, REDIRECT_URI, Provider, provider
from tests.support.raw import raw_request
from tests.support.visits import asking, signed_in, tokens

pytestmark = pytest.mark.anyio

WRITING = {
    "/authorize": "a system is entered by redirect: code, consent and participation are noted (OpenID Connect Core)",
    "/authorize/resume": "goes on with /authorize after a login",
    "/consent": "the same, where a person reloads the page of consent",
    "/end_session": "a logout is asked for by redirect; it is one only with an ID token of this very session",
}
"""Paths whose GET may write, and why."""
BESIDE = {"periodic_jobs"}
"""Written beside the requests."""


def content(house: Provider) -> dict[str, list[Any]]:
    """Every row of every table."""
    with sqlite3.connect(house.worker.settings.database.removeprefix("sqlite:///"), timeout=5) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if row[0] not in BESIDE
        ]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}  # noqa: S608


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    async with provider(tmp_path_factory.mktemp("house"), demo=True) as started:
        yield started


async def test_head_does_nothing_and_sets_nothing_whatever_the_path(house: Provider) -> None:
    client, secret = await house.register(post_logout_redirect_uris=[REDIRECT_URI])
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        queries = {
            "/authorize": asking(client).partition("?")[2],
            "/end_session": f"id_token_hint={made['id_token']}",
        }
        cookies = "; ".join(f"{name}={value}" for name, value in someone.client.cookies.items())
        before = content(house)
        for path, methods in house.dispatcher.routes.items():
            query = queries.get(path, "ui_locales=en&elder=1").encode()
            headers = [(b"cookie", cookies.encode()), (b"accept", b"text/html")]
            answer = await raw_request(house, "HEAD", path, query=query, headers=headers)
            assert answer.status == (200 if "GET" in methods else 405), path
            if answer.status == 200:
                assert "set-cookie" not in answer.headers, path
                assert "location" not in answer.headers, path
        await house.worker.refusals.flush()
        assert content(house) == before
        assert "code" in str(await someone.open(asking(client)))  # still logged in


async def test_get_changes_no_row_but_where_it_is_meant_to(house: Provider) -> None:
    async with signed_in(house) as someone:
        await someone.open("/")
        for path, methods in house.dispatcher.routes.items():
            if "GET" not in methods or path in WRITING:
                continue
            before = content(house)
            answer = await someone.client.get(f"{ISSUER}{path}")
            assert answer.status_code < 500, path
            assert content(house) == before, path


async def test_every_path_that_may_write_by_get_is_one_of_ours(house: Provider) -> None:
    assert {path for path in WRITING if "GET" not in house.dispatcher.routes.get(path, {})} == set()
