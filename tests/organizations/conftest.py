"""A provider on each database, with people, their phones and the simulated register."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from idp.organizations.mandates import Invitation, Mandates
from idp.organizations.service import Organizations
from tests.authorities.licences import Firm, register
from tests.authorities.world import World
from tests.support import raw_sql, simulated
from tests.support.inprocess import Clock, Provider, provider
from tests.support.migrated import migrated_sqlite
from tests.support.visits import account_id, person

CODE = "91410411MA0000007X"
NAME = "湛河示例科技有限公司"
OTHER_CODE = "91410411MA0000015Q"
OTHER_NAME = "湛河示例商贸有限公司"
DISSOLVED_CODE = "91410411MA0000023K"
DISSOLVED_NAME = "湛河已注销示例有限公司"

PEOPLE: dict[str, dict[str, Any]] = {
    "zhangsan": {"name": "张三", "certificate_type": "111", "certificate_number": "410411199001010015"},
    "lisi": {"name": "李四", "certificate_type": "414", "certificate_number": "E00000001"},
    "wangwu": {"name": "王五"},
    "zhaoliu": {"name": "赵六"},
}


@dataclass
class Stage:
    """A provider with four people of level 2 and a world of authorities."""

    house: Provider
    world: World
    url: str
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        """Its time."""
        return self.house.clock

    @property
    def mandates(self) -> Mandates:
        """The service under test."""
        return self.house.worker.mandates

    @property
    def organizations(self) -> Organizations:
        """The service under test."""
        return self.house.worker.organizations

    @property
    def firms(self) -> dict[str, Firm]:
        """What the register knows."""
        return register(self.world)

    def phone(self, who: str) -> str:
        """The verified phone of somebody."""
        return f"1380000001{list(PEOPLE).index(who)}"

    def invitation(self, who: str, **more: Any) -> Invitation:
        """An invitation for somebody."""
        return Invitation(**({"name": PEOPLE[who]["name"], "phone": self.phone(who)} | more))

    async def bound(self) -> str:
        """lisi's company; its id."""
        return await self.organizations.bind(self.ids["lisi"], CODE, NAME)

    async def agent(self, who: str, firm: str, by: str = "lisi", **more: Any) -> str:
        """Somebody who acts for a company; the mandate's id."""
        mandate_id = await self.mandates.invite(self.ids[by], firm, self.invitation(who, **more))
        assert await self.mandates.accept(self.ids[who], mandate_id)
        return mandate_id

    async def represented(self, who: str) -> list[str]:
        """The names of those for whom somebody may act now."""
        return sorted(one.name for one in await self.mandates.principals(self.ids[who]))

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the database holds."""
        return raw_sql.rows(self.url, query)

    def state(self, mandate_id: str) -> str:
        """The state of a mandate."""
        [row] = self.rows(f"SELECT state FROM mandates WHERE id = '{mandate_id}'")  # noqa: S608
        return str(row["state"])

    async def events(self, *wanted: str) -> list[tuple[str, str | None, str | None]]:
        """Event, actor and principal of the lines of some events."""
        lines = await self.house.audit_lines()
        return [(one["event"], one["actor"], one["principal"]) for one in lines if one["event"] in wanted]


@pytest.fixture
async def stage(migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database."""
    async with _stage(migrated_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def small_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """On SQLite alone, for what does not depend on the database."""
    async with _stage(migrated_sqlite(tmp_path / "idp.sqlite3"), tmp_path) as opened:
        yield opened


@asynccontextmanager
async def _stage(url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with provider(tmp_path, database_url=url, **simulated.SETTINGS) as house:
        stage = Stage(house, await simulated.connect(house), url)
        for who, fields in PEOPLE.items():
            await person(house, username=who, phone=stage.phone(who), phone_verified=True, **fields)
            stage.ids[who] = await account_id(house, who)
        yield stage
