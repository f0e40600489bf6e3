"""/api/me is sent what no honest app sends: it is refused or done, never broken by it, and never said back."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.selfservice.api_paths import WRITES
from tests.selfservice.calling import call, token_of
from tests.support.authorities import SETTINGS, beside
from tests.support.inprocess import Provider, provider
from tests.support.visits import signed_in

pytestmark = pytest.mark.anyio
MARK = "<script>'\"--${7*7}"
HOSTILE: list[Any] = [
    None, 0, -1, 1e308, True, [], {}, "", " ", MARK, MARK * 2000, "\x00\x1b\r\n", "\ud800", "𠮷" * 60, "2026-02-30",
]  # fmt: skip
OUR_PATHS = ["/x%00", "/%F0%9F%8E%89", "/..%2f..%2fadmin", "/" + "x" * 3000]


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A provider that verifies, so that every path is open."""
    async with provider(tmp_path_factory.mktemp("house"), **SETTINGS) as started:
        beside(started)
        yield started


async def sent(house: Provider, token: str, method: str, path: str, body: Any) -> httpx2.Response:
    """The body in ASCII: half a character can be sent in no other way."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    async with house.machine() as machine:
        return await machine.request(method, f"/api/me{path}", content=json.dumps(body), headers=headers)


@pytest.mark.parametrize(
    ("method", "path", "body"), [write for write in WRITES if write[2]], ids=lambda part: str(part)[:30]
)
async def test_no_value_of_a_field_breaks_it(house: Provider, method: str, path: str, body: Any) -> None:
    async with signed_in(house, amr=("pwd", "otp", "mfa")) as someone:
        token = await token_of(house, someone)
    for field in body:
        for value in HOSTILE:
            answer = await sent(house, token, method, path, body | {field: value})
            assert answer.status_code < 500, (field, value, answer.text)
            assert MARK not in answer.text
    if path != "/real-name/app/answer":  # what the app of others adds is not ours to refuse
        assert (await sent(house, token, method, path, body | {"admin": True})).status_code == 422


@pytest.mark.parametrize(("method", "path"), [write[:2] for write in WRITES if "/x" in write[1]], ids=str)
async def test_no_id_breaks_it(house: Provider, method: str, path: str) -> None:
    async with signed_in(house, amr=("pwd", "otp", "mfa")) as someone:
        token = await token_of(house, someone)
    for odd in OUR_PATHS:
        answer = await call(house, token, method, path.replace("/x", odd), {})
        assert 400 <= answer.status_code < 500, (odd, answer.text)


async def test_a_scope_that_names_nothing_is_not_one_that_means_everything(house: Provider) -> None:
    async with signed_in(house, phone="13800040011", phone_verified=True) as someone:
        token = await token_of(house, someone)
    helper = {"name": "李四", "phone": "13800040012"}
    for odd in ({"systems": [""]}, {"systems": [" "]}, {"systems": ["a b"]}, {"items": [""]}):
        refused = await call(house, token, "POST", "/mandates/helpers", helper | odd)
        assert (refused.status_code, refused.json()["detail"]) == (422, "scope"), odd


async def test_nul_is_refused_before_a_database_hears_of_it(migrated_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=migrated_url) as any_house:
        async with signed_in(any_house, amr=("pwd", "otp", "mfa")) as someone:
            token = await token_of(any_house, someone)
        for method, path, body in WRITES:
            if "/x" in path:
                answer = await call(any_house, token, method, path.replace("/x", "/x%00"), body)
                assert answer.status_code == 404, path
            for field in body or ():
                answer = await sent(any_house, token, method, path, body | {field: "a\x00b"})
                assert 400 <= answer.status_code < 500, (path, field, answer.text)
        answer = await sent(any_house, token, "POST", "/mandates/helpers", {"systems": ["a\x00b"]})
        assert answer.status_code == 422
