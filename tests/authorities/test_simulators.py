"""The simulators keep their own rules, so that a test against them means something."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.authorities.app import build
from tests.authorities.network_identity import confirm
from tests.authorities.people import PEOPLE
from tests.authorities.world import World

pytestmark = pytest.mark.anyio
NOW = 1_800_000_000.0
POPULATION, CARRIER, NETWORK = "/population/check", "/carrier/check", "/nationalCertification/userInfoCheck"
ZHANG = {"name": "张三", "certificateType": "111", "certificateNum": "410411199001010015"}


@pytest.fixture
def world() -> World:
    return World("us", "secret", now=lambda: NOW, slow_seconds=0.0)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=build(world)), base_url="http://sim.test"
    ) as started:
        yield started


def mac(text: str) -> str:
    return b64encode(hmac.digest(b"secret", text.encode(), "sha256")).decode()


async def ask(
    client: httpx2.AsyncClient, path: str, document: dict[str, str], **changes: str
) -> dict[str, object]:
    body = json.dumps(document).encode()
    text = f"sidus{int(NOW * 1000)}"
    headers = {
        "gjzwfwpt_rid": "us",
        "gjzwfwpt_sid": "sid",
        "gjzwfwpt_rtime": str(int(NOW * 1000)),
        "gjzwfwpt_sign": mac(text),
        "x-body-sign": mac(text + hashlib.sha256(body).hexdigest()),
    }
    answer = await client.post(path, content=body, headers=headers | changes)
    return dict(answer.json())


async def test_whom_they_know_they_confirm(client: httpx2.AsyncClient) -> None:
    said = await ask(client, POPULATION, ZHANG)
    assert (said["code"], said["data"]["result"]) == (200, "1")  # type: ignore[index]
    for wrong in ({"name": "李四"}, {"certificateType": "HMT"}, {"certificateNum": "x"}):
        assert (await ask(client, POPULATION, ZHANG | wrong))["data"]["result"] == "0"  # type: ignore[index]
    for mobile, result in (("13800000001", "1"), ("13800000002", "0"), ("", "0")):
        said = await ask(client, CARRIER, ZHANG | {"mobile": mobile})
        assert said["data"]["result"] == result  # type: ignore[index]


@pytest.mark.parametrize(
    "changes",
    [
        {"gjzwfwpt_rid": "them"},
        {"gjzwfwpt_sign": "x"},
        {"x-body-sign": "x"},
        {"gjzwfwpt_rtime": "0"},
        {"gjzwfwpt_rtime": "now"},
        {"gjzwfwpt_sid": "other"},
    ],
    ids=str,
)
async def test_whoever_cannot_sign_learns_nothing(
    client: httpx2.AsyncClient, changes: dict[str, str]
) -> None:
    said = await ask(client, POPULATION, ZHANG, **changes)
    assert (said["code"], said["data"]) == (300, None)


async def test_what_the_app_gave_is_good_once_for_its_number(
    client: httpx2.AsyncClient, world: World
) -> None:
    number, biz_seq = ZHANG["certificateNum"], "a" * 32
    asked = {"appId": "us", "bizSeq": biz_seq, "authMode": "R03", "name": "张三", "certificateNum": number}
    results: list[object] = []
    for changes in (
        {},
        {},
        {"bizSeq": "b" * 32},
        {"authMode": "R02"},
        {"name": "李四"},
        {"photoEncData": "x"},
    ):
        if not results or changes:
            given = confirm(world, biz_seq, "0", number)
        document = (
            asked | {"idCardAuthData": given["idCardAuthData"], "certPwdData": given["certPwdData"]} | changes
        )
        results.append((await ask(client, NETWORK, document))["data"]["authResult"])  # type: ignore[index]
    assert results == ["通过"] + ["不通过"] * 5
    assert confirm(world, "short", "0", number)["resultCode"] != "C0000000"
    assert confirm(world, biz_seq, "0", None)["resultCode"] != "C0000000"
    assert confirm(world, biz_seq, "1", number)["certPwdData"]


async def test_they_fail_when_told_to(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/control", data={"population": "500"})).status_code == 200
    assert (await client.post(POPULATION)).status_code == 500
    await client.post("/control", data={"population": "garbage"})
    assert b"\xff" in (await client.post(POPULATION)).content
    await client.post("/control", data={"population": "ok"})
    for nonsense in ({"population": "on fire"}, {"nobody": "ok"}):
        assert (await client.post("/control", data=nonsense)).status_code == 400


async def test_every_page_says_that_it_is_a_simulation(client: httpx2.AsyncClient) -> None:
    form = {"bizSeq": "a" * 32, "type": "1", "number": PEOPLE[0].number, "decision": "confirm"}
    pages = [
        await client.get("/"),
        await client.get("/app", params={"bizSeq": '"><script>', "type": "0"}),
        await client.post("/app", data=form),
    ]
    assert all("模拟 / SIMULATOR" in one.text for one in pages)
    assert "<script>" not in pages[1].text
    assert "C0000000" in pages[2].text


def test_they_share_no_code_with_the_product() -> None:
    sources = [path for path in Path(__file__).parent.glob("*.py") if not path.name.startswith("test_")]
    assert len(sources) >= 6
    for source in sources:
        assert "from idp" not in source.read_text(encoding="utf-8"), source.name
