"""Master secrets change while all goes on: what they sealed is sealed anew, and whatever interrupts it, it goes on."""

import ast
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import LargeBinary, Text, bindparam, select, update

from idp import schema
from idp.accounts.store import ADDRESS, PHONE, AccountStore, accounts
from idp.infrastructure import reencryption, reencryption_store
from idp.infrastructure.database import Statement
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.schema import Sealed
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.reencryption import counted, reencrypt
from idp.infrastructure.reencryption_store import sealed_columns
from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import Secret, SecretUse, Unreadable, Vault
from tests.architecture.sources import name, python_files, tree
from tests.support.inprocess import SECRET, Clock, Provider, provider
from tests.support.logins import answer_with, attempt, is_in
from tests.support.visits import person, signed_in, tokens, visitor

pytestmark = pytest.mark.anyio

OLD, NEW = Secret(SECRET), Secret(bytes(range(32, 64)), SecretUse.SEAL)
LOOKUP = Secret(SECRET, SecretUse.LOOKUP)
COLUMNS = sealed_columns(schema.metadata)
ROWS = Statement(select(accounts).where(accounts.c.username == bindparam("the_name", type_=Text)))
MOVE = Statement(
    update(accounts).where(accounts.c.username == bindparam("the_name")).values(phone=bindparam("moved"))
)


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """A database of each kind, and the clock of those who work on it one after the other."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return {"folder": tmp_path, "database_url": url or f"sqlite:///{tmp_path}/idp.sqlite3", "clock": Clock()}


def under(base: Foundation, *secrets: Secret) -> Foundation:
    """The same stores, seen with other secrets."""
    return replace(base, vault=Vault(secrets, base.sources))


async def people(house: Provider, number: int) -> list[str]:
    """Some with everything that is sealed."""
    return [
        await person(
            house,
            phone=f"1380000{each:04}",
            phone_verified=True,
            email=f"p{each}@mail.test",
            address="湛河区",
            certificate_type="414",
            certificate_number=f"E{each:08}",
        )
        for each in range(number)
    ]


async def run(base: Foundation) -> int:
    """Everything, in one go."""
    return sum([number async for _place, number in reencrypt(base, COLUMNS)])


async def phone_of(base: Foundation, username: str) -> str | None:
    [row] = await base.database.read(fetch(ROWS(the_name=username)))
    return AccountStore(base.vault).reveal(PHONE, row["phone"])


async def test_everything_opens_without_the_old_secret_and_everybody_is_found(stores: dict[str, Any]) -> None:
    async with provider(**stores, secrets=[OLD]) as house:
        [username] = await people(house, 1)
        secret = await house.enrol_totp(username)
        async with signed_in(house, username) as someone:
            cookie = someone.client.cookies
        base = house.worker.base
        before = await counted(base, COLUMNS)
        assert set(before) == {OLD.key_id.hex()}
        assert await run(under(base, NEW, OLD)) == before[OLD.key_id.hex()]
        assert await counted(base, COLUMNS) == {NEW.key_id.hex(): before[OLD.key_id.hex()]}
        assert await run(under(base, NEW, OLD)) == 0
        with pytest.raises(Unreadable):
            await phone_of(base, username)
    async with provider(**stores, secrets=[NEW, LOOKUP]) as house:
        assert await phone_of(house.worker.base, username) == "13800000000"
        client, client_secret = await house.register()
        async with visitor(house) as someone:
            someone.client.cookies.update(cookie)
            assert await is_in(someone)  # sessions go on
            assert (await tokens(house, client, client_secret, someone))["access_token"]
        async with visitor(house) as someone:
            await attempt(someone, "13800000000")  # found by the phone
            otp = pyotp.TOTP(secret).at(int(house.clock.now))
            assert (await answer_with(someone, otp)).status_code == 303


async def test_what_was_interrupted_goes_on_where_it_was(
    stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencryption_store, "PAGE", 2)
    columns = sealed_columns(schema.metadata)  # statements of their own, for pages of two
    async with provider(**stores, secrets=[OLD]) as house:
        usernames = await people(house, 5)
        base = under(house.worker.base, NEW, OLD)
        total = (await counted(base, columns))[OLD.key_id.hex()]
        done = 0
        for _interruption in range(4):
            pages: AsyncIterator[tuple[str, int]] = reencrypt(base, columns)
            done += (await anext(pages))[1]
            for username in usernames:  # half of it is sealed by either
                assert await phone_of(base, username) is not None
        assert 0 < done < total
        async for _place, number in reencrypt(base, columns):
            done += number
        assert done == total
        assert set(await counted(base, columns)) == {NEW.key_id.hex()}


async def test_what_changes_meanwhile_is_not_overwritten(stores: dict[str, Any]) -> None:
    async with provider(**stores, secrets=[OLD]) as house:
        [username] = await people(house, 1)
        base = under(house.worker.base, NEW, OLD)
        [column] = [each for each in COLUMNS if each.place == PHONE]
        values = await base.database.read(lambda: column.page("", base.vault.current_key_id))
        moved = base.vault.encrypt(PHONE, "13911112222")
        await base.database.write(fetch(MOVE(the_name=username, moved=moved)))
        number = await base.database.write(lambda: reencryption._anew(base, column, values))
        assert number == 0
        assert await phone_of(base, username) == "13911112222"


async def test_a_value_of_an_unknown_secret_ends_it_and_nothing_is_lost(stores: dict[str, Any]) -> None:
    async with provider(**stores, secrets=[OLD]) as house:
        await people(house, 1)
        before = await counted(house.worker.base, COLUMNS)
        with pytest.raises(Unreadable):
            await run(under(house.worker.base, NEW, LOOKUP))
        assert await counted(house.worker.base, COLUMNS) == before


def test_each_sealed_column_is_found_and_each_place_that_is_sealed_is_such_a_column() -> None:
    places = {column.place for column in COLUMNS}
    assert {PHONE, ADDRESS, "signing_keys.private_key", "authenticators.secret"} <= places
    assert (
        _places_in_the_code() - {"authenticators.lookup"} == places
    )  # that one is a blind index, and no seal
    for table in schema.metadata.sorted_tables:
        keys = [column for column in table.columns if isinstance(column.type, Sealed)]
        assert not keys or len(table.primary_key.columns) == 1
        assert all(isinstance(column.type, LargeBinary) for column in keys)


def _places_in_the_code() -> set[str]:
    """The constants of the product that name a column of bytes."""
    bytes_of = {
        f"{table.name}.{column.name}"
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    return {
        node.value
        for path in python_files()
        if name(path).startswith("idp/") and name(path) != "idp/accounts/ways_in.py"  # a list of all columns
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in bytes_of
    }


def test_seals_of_the_first_form_open_and_new_ones_take_a_key_per_purpose() -> None:
    first, second = Vault([OLD], system_sources()), Vault([NEW, OLD], system_sources())
    assert second.decrypt(PHONE, first.encrypt(PHONE, "13800000001")) == "13800000001"
    sealed = second.encrypt(PHONE, "13800000001")
    assert sealed.startswith(NEW.key_id)
    assert len(sealed) == 4 + 24 + len("13800000001") + 16
    with pytest.raises(Unreadable):
        second.decrypt(ADDRESS, sealed)
    with pytest.raises(Unreadable):
        first.decrypt(PHONE, sealed)
    assert second.blind_index(PHONE, "1") == first.blind_index(PHONE, "1")
    assert Vault([NEW, LOOKUP], system_sources()).token_hash("session", "x") == first.token_hash(
        "session", "x"
    )


@pytest.mark.parametrize("secrets", [[NEW], [LOOKUP], [NEW, LOOKUP, replace(LOOKUP, value=bytes(32))]])
def test_a_vault_seals_with_one_secret_at_least_and_looks_up_with_exactly_one(secrets: list[Secret]) -> None:
    with pytest.raises(ValueError, match="look up"):
        Vault(secrets, system_sources())
