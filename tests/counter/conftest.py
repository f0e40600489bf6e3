"""A provider with two members of staff, a supervisor and somebody who came to the counter."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from idp.organizations.roles import RoleName
from tests.support.inprocess import Provider, provider
from tests.support.migrated import migrated_sqlite
from tests.support.visits import account_id, person

STRONG = ("pwd", "otp", "mfa")
NUMBER, PHONE = "410411199001010015", "13800000001"


@dataclass
class Hall:
    """Who is in the service hall: usernames, and ids by username."""

    house: Provider
    ids: dict[str, str]

    def id(self, username: str) -> str:
        """An account's id."""
        return self.ids[username]


@pytest.fixture
async def hall(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """On SQLite, for pages."""
    url = migrated_sqlite(tmp_path / "h.sqlite3")
    async with provider(tmp_path, database_url=url, message_sink=True) as house:
        yield await filled(house)


@pytest.fixture
async def any_hall(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """On each database, for what must happen once."""
    async with provider(tmp_path, database_url=migrated_url, message_sink=True) as house:
        yield await filled(house)


async def filled(house: Provider) -> Hall:
    staff = {"zhaoliu": "赵六", "sunqi": "孙七", "zhouba": "周八"}
    for username, name in staff.items():
        await person(house, username=username, name=name)
    await person(
        house, username="zhangsan", phone=PHONE, certificate_type="111", certificate_number=NUMBER, level=2
    )
    await person(house, username="wangwu", name="王五", level=0)
    ids = {name: await account_id(house, name) for name in (*staff, "zhangsan", "wangwu")}
    for username in staff:
        await house.worker.roles.grant(ids[username], RoleName.COUNTER, "410411", "test")
    await house.worker.roles.grant(ids["sunqi"], RoleName.SUPERVISOR, "410411", "test")
    return Hall(house, ids)
