"""The real-name record: the level is always that of the highest live proof, on both databases and in every race."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from idp.accounts.model import Account
from idp.accounts.real_names.proof import NotRecorded, Proof
from idp.accounts.real_names.service import RealNames
from idp.accounts.real_names.store import RealNameStore
from idp.accounts.service import Accounts, AlreadyVerified
from idp.accounts.store import BIRTH_DATE, CERTIFICATE, AccountStore, account_of
from idp.accounts.verifiers import onsite, upstream
from idp.accounts.verifiers.interface import IdentityClaim
from idp.infrastructure import database
from idp.infrastructure.database.interface import Conflict, fetch
from idp.infrastructure.database.statement import Statement
from idp.infrastructure.foundation import Foundation
from idp.schema import metadata
from tests.authorities.world import World
from tests.support.authorities import citizen
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, person

pytestmark = pytest.mark.anyio
_sequence = count(1)
ACCOUNTS, RECORDS, AUDIT = (
    Statement(select(metadata.tables[name])) for name in ("accounts", "real_name_records", "audit_events")
)


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


async def account(house: Provider, **fields: object) -> str:
    return await account_id(house, await person(house, **({"level": 0} | fields)))


async def row_of(house: Provider, id_: str) -> Account:
    rows = await house.worker.base.database.read(fetch(ACCOUNTS()))
    return account_of(next(row for row in rows if row["id"] == id_))


async def level(house: Provider, id_: str) -> int:
    return int((await row_of(house, id_)).real_name_level)


async def events(house: Provider, id_: str) -> list[str]:
    rows = await house.worker.base.database.read(fetch(AUDIT()))
    return [row["event"] for row in sorted(rows, key=lambda row: row["id"]) if row["account_id"] == id_]


async def record(house: Provider, id_: str, proof: Proof) -> int | NotRecorded:
    return await house.worker.base.database.write(lambda: house.worker.real_names.record(id_, proof))


def proof(level: int = 1, **fields: Any) -> Proof:
    known: dict[str, Any] = {
        "level": level,
        "method": "population",
        "source": "population",
        "evidence_reference": "1",
    }
    return Proof(**(known | fields))


def of(number: str, level: int = 1, name: str = "张三", **fields: Any) -> Proof:
    return proof(level, name=name, certificate_type="111", certificate_number=number, **fields)


def new_number() -> str:
    return citizen(World("", ""), sequence=next(_sequence)).number


async def test_a_proof_brings_name_certificate_and_birth_date(house: Provider) -> None:
    number = new_number()
    id_ = await account(house, name="新用户")
    assert await record(house, id_, of(number)) == 1
    row = await row_of(house, id_)
    store = AccountStore(house.worker.base.vault)
    assert (row.name, row.certificate_type) == ("张三", "111")
    assert (store.reveal(CERTIFICATE, row.certificate_number), store.reveal(BIRTH_DATE, row.birth_date)) == (
        number,
        "1990-01-01",
    )
    history = await house.worker.real_names.history(id_)
    assert [(one.level, one.method, one.live(house.clock.now)) for one in history] == [
        (1, "population", True)
    ]
    assert (await events(house, id_)).count("real_name.raised") == 1


async def test_the_highest_live_proof_counts(house: Provider) -> None:
    number = new_number()
    id_ = await account(house)
    for wanted, expected in ((1, 1), (3, 3), (2, 3)):
        assert await record(house, id_, of(number, wanted)) == expected
    third = next(one for one in await house.worker.real_names.history(id_) if one.level == 3)
    write = house.worker.base.database.write
    assert await write(lambda: house.worker.real_names.end(third.id, "mistake"))
    assert await level(house, id_) == 2
    assert not await write(lambda: house.worker.real_names.end(third.id, "mistake"))
    assert not await write(lambda: house.worker.real_names.end("nobody", "mistake"))
    assert await write(lambda: house.worker.real_names.downgrade(id_, 1, "mistake"))
    assert await level(house, id_) == 1
    assert not await write(lambda: house.worker.real_names.downgrade(id_, 1, "mistake"))
    assert (await events(house, id_)).count("real_name.lowered") == 2


async def test_what_expires_lowers_the_level_once(house: Provider) -> None:
    id_ = await account(house)
    await record(house, id_, of(number := new_number()))
    await record(house, id_, of(number, 3, expires_at=house.clock.now + 100))
    names = house.worker.real_names
    assert await names.expire_due() == 0
    house.clock.forward(100)
    assert sorted(await asyncio.gather(*[names.expire_due() for _ in range(4)])) == [0, 0, 0, 1]
    assert await level(house, id_) == 1
    assert (await events(house, id_)).count("real_name.lowered") == 1
    ended = next(one for one in await names.history(id_) if one.level == 3)
    assert (ended.end_reason, ended.live(house.clock.now)) == ("expired", False)


async def test_a_proof_that_has_expired_and_is_not_swept_yet_counts_no_more(house: Provider) -> None:
    id_ = await account(house)
    await record(house, id_, of(number := new_number(), 3, expires_at=house.clock.now + 100))
    house.clock.forward(101)
    assert await record(house, id_, of(number)) == 1
    strongest = RealNameStore(house.worker.base.vault).strongest
    found = await house.worker.base.database.read(lambda: strongest(id_, house.clock.now))
    assert found is not None
    assert found.level == 1


async def test_proofs_that_come_and_end_at_once_leave_the_highest(house: Provider) -> None:
    number = new_number()
    id_ = await account(house)
    await record(house, id_, of(number))
    first = (await house.worker.real_names.history(id_))[0].id
    write = house.worker.base.database.write
    await asyncio.gather(
        *[record(house, id_, of(number, wanted)) for wanted in (1, 4, 2, 3, 1, 2)],
        write(lambda: house.worker.real_names.end(first, "mistake")),
        write(lambda: house.worker.real_names.downgrade(id_, 4, "mistake")),
    )
    live = [one.level for one in await house.worker.real_names.history(id_) if one.live(house.clock.now)]
    assert sorted(live) == [1, 1, 2, 2, 3, 4]
    assert await level(house, id_) == 4


async def test_several_workers_agree_on_the_level(house: Provider) -> None:
    number = new_number()
    id_ = await account(house)
    base = house.worker.base
    opened = [await database.connect(house.worker.settings.database) for _ in range(4)]
    try:
        names = [RealNames(Foundation(one, base.key_value, base.vault, base.sources)) for one in opened]

        async def one(at: int, wanted: int) -> int | NotRecorded:
            return await opened[at].write(lambda: names[at].record(id_, of(number, wanted)))

        await asyncio.gather(*[one(at, wanted) for at in range(4) for wanted in (4, 1, 3, 2)])
        assert await level(house, id_) == 4
        fours = [one.id for one in await names[0].history(id_) if one.level == 4]
        await asyncio.gather(
            *[
                opened[at].write(lambda at=at, old=old: names[at].end(old, "mistake"))  # type: ignore[misc]
                for at in range(4)
                for old in fours
            ]
        )
        assert await level(house, id_) == 3
    finally:
        for each in opened:
            await each.close()


@pytest.mark.parametrize("weaker", [1, 2])
async def test_a_certificate_is_verified_on_one_account(house: Provider, weaker: int) -> None:
    number = new_number()
    first, second = await account(house), await account(house)
    await record(house, first, of(number, 2))
    assert await record(house, second, of(number, weaker)) is NotRecorded.ALREADY_VERIFIED
    assert await level(house, second) == 0
    assert await house.worker.real_names.history(second) == []


async def test_whoever_proves_more_takes_the_certificate(house: Provider) -> None:
    number = new_number()
    first, second = await account(house), await account(house)
    await record(house, first, of(number, 2))
    assert await record(house, second, of(number, 3)) == 3
    row = await row_of(house, first)
    assert (row.real_name_level, row.certificate_index, row.certificate_number) == (0, None, None)
    assert [one.end_reason for one in await house.worker.real_names.history(first)] == ["taken"]
    assert "real_name.lowered" in await events(house, first)
    assert await record(house, first, of(number, 3)) is NotRecorded.ALREADY_VERIFIED


async def test_a_frozen_account_is_not_robbed(house: Provider) -> None:
    number = new_number()
    first, second = await account(house), await account(house)
    await record(house, first, of(number, 1))
    await house.worker.lifecycle.freeze(first, "核查", "test")
    assert await record(house, second, of(number, 4)) is NotRecorded.ALREADY_VERIFIED
    assert await level(house, first) == 1


async def test_a_claimed_certificate_is_not_verified_twice_by_a_proof_without_one(house: Provider) -> None:
    number = new_number()
    claimed = {"certificate_type": "111", "certificate_number": number}
    first, second = await account(house, **claimed), await account(house, **claimed)
    assert await record(house, first, proof(2)) == 2
    assert await record(house, second, proof(2)) is NotRecorded.ALREADY_VERIFIED


async def test_of_many_accounts_in_several_workers_one_gets_the_certificate(house: Provider) -> None:
    number = new_number()
    ids = [await account(house) for _ in range(6)]
    base = house.worker.base
    opened = [await database.connect(house.worker.settings.database) for _ in range(3)]
    try:
        names = [RealNames(Foundation(one, base.key_value, base.vault, base.sources)) for one in opened]

        async def one(at: int, id_: str) -> bool:
            try:
                outcome = await opened[at].write(lambda: names[at].record(id_, of(number)))
            except Conflict:
                return False
            return outcome is not NotRecorded.ALREADY_VERIFIED

        won = await asyncio.gather(*[one(at % 3, id_) for at, id_ in enumerate(ids)])
    finally:
        for each in opened:
            await each.close()
    assert sum(won) == 1
    assert [await level(house, id_) for id_ in ids] == [int(each) for each in won]


async def test_an_account_keeps_its_identity(house: Provider) -> None:
    id_ = await account(house)
    await record(house, id_, of(number := new_number()))
    assert await record(house, id_, of(new_number(), 4, "李四")) is NotRecorded.OTHER_IDENTITY
    await house.worker.base.database.write(lambda: house.worker.real_names.downgrade(id_, 0, "mistake"))
    # nor when its proofs have ended
    assert await record(house, id_, of(new_number(), 4, "李四")) is NotRecorded.OTHER_IDENTITY
    assert await record(house, id_, of(number, 2)) == 2


async def test_of_two_identities_that_come_at_once_one_stays(house: Provider) -> None:
    id_ = await account(house)
    outcomes = await asyncio.gather(
        *[record(house, id_, of(new_number(), wanted, f"张{wanted}")) for wanted in (1, 2, 3)],
        return_exceptions=True,
    )
    assert outcomes.count(NotRecorded.OTHER_IDENTITY) == 2
    history = await house.worker.real_names.history(id_)
    assert len(history) == 1
    assert (await row_of(house, id_)).name == f"张{history[0].level}"


async def test_a_number_that_was_only_claimed_gives_way_to_a_proof(house: Provider) -> None:
    id_ = await account(house, certificate_type="111", certificate_number=new_number())
    await record(house, id_, of(number := new_number()))
    row = await row_of(house, id_)
    assert AccountStore(house.worker.base.vault).reveal(CERTIFICATE, row.certificate_number) == number


async def test_nobody_is_verified_who_is_not_there(house: Provider) -> None:
    assert await record(house, "nobody", of(new_number())) is NotRecorded.NO_SUCH_ACCOUNT


async def test_an_operator_s_level_leaves_a_record(house: Provider) -> None:
    accounts = Accounts(house.worker.base, house.worker.hasher)
    username = await person(house, level=2)
    id_ = await account_id(house, username)
    for wanted in (4, 1, 0, 3):
        await accounts.set_level(username, wanted, "test")
        assert await level(house, id_) == wanted
    history = await house.worker.real_names.history(id_)
    assert sorted((one.level, one.live(house.clock.now)) for one in history) == [
        (1, False), (2, False), (3, True), (4, False),
    ]  # fmt: skip
    assert {one.method for one in history} == {"operator"}


async def test_an_operator_does_not_verify_a_certificate_twice(house: Provider) -> None:
    accounts = Accounts(house.worker.base, house.worker.hasher)
    claimed = {"certificate_type": "111", "certificate_number": new_number()}
    await person(house, level=2, **claimed)
    with pytest.raises(Conflict):
        await person(house, level=1, **claimed)
    username = await person(house, level=0, **claimed)
    with pytest.raises(AlreadyVerified):
        await accounts.set_level(username, 1, "test")
    await accounts.set_level(username, 0, "test")


def test_methods_that_ask_nobody_build_their_proofs() -> None:
    claim = IdentityClaim("张三", "111", "410411199001010015")
    seen = onsite.VERIFIER.proof(claim, "request 7", "one", "other")
    assert (seen.level, seen.evidence_reference, seen.name) == (4, "request 7", "张三")
    with pytest.raises(ValueError, match="two different"):
        onsite.VERIFIER.proof(claim, "request 7", "one", "one")
    assert upstream.VERIFIER.proof(claim, "henan", 3, "digest").source == "henan"
    assert upstream.VERIFIER.proof(claim, "henan", 9, "digest").level == 4
    assert "410411" not in repr(seen)
    assert "410411" not in repr(claim)
