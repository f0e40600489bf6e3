"""Asking authorities: what is asked, what is believed of their answers, and what is kept."""

import json
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import httpx2
import pytest

from idp.accounts.real_names.verification import (
    NETWORK_IDENTITY,
    OWN_TRIES,
    NoSuchAccount,
    NotVerified,
    NotVerifiedReason,
    Throttled,
    Unavailable,
    Verified,
)
from idp.accounts.verifiers.interface import IdentityClaim
from idp.accounts.verifiers.network_identity import Mode
from tests.authorities.network_identity import confirm
from tests.authorities.people import Known
from tests.authorities.world import World
from tests.support.authorities import SETTINGS, beside, citizen
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, person, sql

pytestmark = pytest.mark.anyio
ADDRESS = "198.51.100.7"
_sequence = count(501)


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    async with provider(tmp_path_factory.mktemp("house"), **SETTINGS) as started:
        yield started


@pytest.fixture
async def world(house: Provider) -> World:
    return beside(house)


def claim_of(who: Known) -> IdentityClaim:
    return IdentityClaim(who.name, who.certificate_type, who.number)


async def account(house: Provider) -> str:
    return await account_id(house, await person(house, level=0, name="新用户"))


def answering(house: Provider, status: int, body: bytes) -> list[httpx2.Request]:
    """Let every authority answer alike; the requests that come."""
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(status, content=body)

    house.worker.http._client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return asked


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"\xff"),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"code":200}'),
        (200, b'{"code":200,"data":[]}'),
        (200, b'{"code":300,"data":{"result":"1","serial":"1"}}'),
        (200, b'{"code":200,"data":{}}'),
        (200, b'{"code":200,"data":{"result":1,"serial":"1"}}'),
        (200, b'{"code":200,"data":{"result":"1"}}'),
        (200, b'{"code":200,"data":{"result":"1","serial":7}}'),
        (201, b'{"code":200,"data":{"result":"1","serial":"1"}}'),
        (302, b""),
        (200, b"x" * 300_000),
    ],
    ids=str,
)
async def test_an_answer_that_is_not_clearly_yes_or_no_is_none(
    house: Provider, status: int, body: bytes
) -> None:
    id_ = await account(house)
    asked = answering(house, status, body)
    outcome = await house.worker.verification.verify(
        id_, "population", claim_of(citizen(World("", ""), sequence=next(_sequence))), ADDRESS
    )
    assert outcome == Unavailable()
    assert len(asked) == 1
    assert await house.worker.real_names.history(id_) == []


async def test_a_request_holds_what_is_needed_and_is_signed(house: Provider) -> None:
    who = citizen(World("", ""), sequence=next(_sequence))
    asked = answering(house, 200, b'{"code":200,"message":"","data":{"result":"0"}}')
    outcome = await house.worker.verification.verify(
        await account(house), "population", claim_of(who), ADDRESS
    )
    assert outcome == NotVerified(NotVerifiedReason.MISMATCH)
    assert json.loads(asked[0].content) == {
        "name": who.name,
        "certificateType": "111",
        "certificateNum": who.number,
    }
    assert {"gjzwfwpt_rid", "gjzwfwpt_sid", "gjzwfwpt_rtime", "gjzwfwpt_sign", "x-body-sign"} <= set(
        asked[0].headers
    )
    assert who.number not in str(asked[0].url)


async def test_a_certificate_that_ends_takes_the_proof_with_it(house: Provider, world: World) -> None:
    who = citizen(world, "MARIA", certificate_type="553", digits="91041119900101777", valid_until="20270131")
    id_ = await account(house)
    assert await house.worker.verification.verify(id_, "population", claim_of(who), ADDRESS) == Verified(1)
    (record,) = await house.worker.real_names.history(id_)
    assert record.expires_at == 1801411200.0  # the end of that day in Beijing


async def start(house: Provider, id_: str, who: Known, mode: Mode) -> dict[str, str]:
    return await house.worker.verification.start(id_, mode, claim_of(who))


async def finish(house: Provider, id_: str, call: dict[str, str], given: dict[str, Any]) -> object:
    return await house.worker.verification.finish(id_, given | {"bizSeq": call["bizSeq"]}, ADDRESS)


@pytest.mark.parametrize(("mode", "level"), [(Mode.CREDENTIAL, 1), *((mode, 3) for mode in list(Mode)[1:])])
async def test_a_face_or_a_password_makes_level_three_and_a_credential_alone_one(
    house: Provider, world: World, mode: Mode, level: int
) -> None:
    who = citizen(world, sequence=next(_sequence))
    id_ = await account(house)
    call = await start(house, id_, who, mode)
    assert (call["orgID"], call["appID"], len(call["bizSeq"])) == ("TEST", "test", 32)
    assert call["bizSeq"].isalnum()
    assert call["type"] == ("1" if mode in (Mode.CREDENTIAL_PASSWORD, Mode.CREDENTIAL_PASSWORD_FACE) else "0")
    given = confirm(world, call["bizSeq"], call["type"], who.number)
    assert await finish(house, id_, call, given) == Verified(level)


async def test_an_authority_that_is_away_spends_the_number_and_nothing_else(
    house: Provider, world: World
) -> None:
    who = citizen(world, sequence=next(_sequence))
    id_ = await account(house)
    call = await start(house, id_, who, Mode.CREDENTIAL_FACE)
    given = confirm(world, call["bizSeq"], "0", who.number)
    world.modes[NETWORK_IDENTITY] = "500"
    assert await finish(house, id_, call, given) == Unavailable()
    world.modes[NETWORK_IDENTITY] = "ok"
    assert await finish(house, id_, call, given) == NotVerified(NotVerifiedReason.LAPSED)
    assert world.arrived == [NETWORK_IDENTITY]


async def test_another_person_s_identity_is_not_even_asked_about(house: Provider, world: World) -> None:
    who = citizen(world, sequence=next(_sequence))
    other = citizen(world, "李四", sequence=next(_sequence))
    id_ = await account(house)
    verify = house.worker.verification.verify
    await verify(id_, "population", claim_of(who), ADDRESS)
    for claim in (
        claim_of(other),
        IdentityClaim("李四", "111", who.number),
        IdentityClaim(who.name, "111", other.number),
    ):
        assert await verify(id_, "population", claim, ADDRESS) == NotVerified(
            NotVerifiedReason.OTHER_IDENTITY
        )
    assert len(world.asked) == 1
    query = "select detail from audit_events where account_id = ? and event = ?"
    rows = await sql(house, query, id_, "real_name.refused")
    assert len(rows) == 3
    assert who.number not in str(rows)


async def test_success_frees_the_person_s_own_attempts(house: Provider, world: World) -> None:
    who = citizen(world, sequence=next(_sequence))
    id_ = await account(house)
    verify = house.worker.verification.verify
    for _ in range(4):
        await verify(id_, "population", IdentityClaim("某人", "111", who.number), ADDRESS)
    assert await verify(id_, "population", claim_of(who), ADDRESS) == Verified(1)
    assert await verify(id_, "population", claim_of(who), ADDRESS) == Verified(1)
    for _ in range(2 + OWN_TRIES):
        await verify(id_, "population", claim_of(who), ADDRESS)
    assert isinstance(
        await verify(id_, "population", claim_of(who), ADDRESS), Throttled
    )  # the certificate's own


async def test_methods_that_ask_nobody_and_unknown_ones_cannot_be_chosen(house: Provider) -> None:
    assert set(house.worker.verification.offered) == {"population", "carrier", "network_identity"}
    claim = IdentityClaim("张三", "111", "410411199001010015")
    for method in ("counter", "upstream", "operator", ""):
        outcome = await house.worker.verification.verify(await account(house), method, claim, ADDRESS)
        assert outcome == Unavailable()


async def test_an_account_that_is_not_there_is_an_error(house: Provider, world: World) -> None:
    claim = claim_of(citizen(world, sequence=next(_sequence)))
    with pytest.raises(NoSuchAccount):
        await house.worker.verification.verify("nobody", "population", claim, ADDRESS)
