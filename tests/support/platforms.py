"""A provider that uses all simulated platforms, and people who arrive from them."""

import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from idp.accounts.verifiers.interface import IdentityClaim
from idp.federation.linking.arrivals import Arrival
from tests.province.app import build
from tests.province.catalogue import PLATFORMS
from tests.province.control import change, credentials
from tests.province.world import World
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import ISSUER, Provider, provider
from tests.support.upstream import PROVINCE
from tests.support.visits import account_id, callback, page, person

CHANNELS = ("wechat_miniprogram", "alipay")
PERSONS = tuple(name for name, one in PLATFORMS.items() if "person" in one.kinds)
LEGAL = tuple(name for name, one in PLATFORMS.items() if "legal" in one.kinds)
AGENTS = ("henan", "henan_via_pingdingshan", "zhejiang_legal", "guangdong", "beijing_legal", "gansu_city")
LEVELS = {  # of the people level0, level1, level2, zhangsan (3) and level4
    "henan": (0, 1, 2, 3, 4), "henan_via_pingdingshan": (0, 1, 2, 3, 4), "national_trust": (0, 1, 2, 3, 4),
    "jis1": (0, 1, 2, 3, 3), "jis2": (0, 1, 2, 3, 3), "zhejiang": (0, 1, 1, 3, 3), "guangdong": (0, 1, 1, 3, 4),
    "beijing_person": (0, 1, 1, 3, 4), "gansu_city": (1, 1, 1, 1, 1), "oidc": (0, 1, 2, 3, 4),
    "wechat_miniprogram": (0, 0, 0, 0, 0), "alipay": (0, 0, 0, 0, 0),
}  # fmt: skip
NUMBER, CHILD = "410411199001010015", "410411201401010019"
ADDRESS = "192.0.2.1"


def arrival(subject: str = "s-1", level: int = 3, name: str = "张三", **changes: Any) -> Arrival:
    """Somebody whom 河南 vouches for."""
    known = IdentityClaim(name, changes.pop("type", "111"), changes.pop("number", NUMBER))
    made = Arrival("henan", "person", subject, level, str(level), "digest", name, known)
    return replace(made, **changes)


def who(name: str) -> tuple[str, str]:
    """Somebody who has an account there."""
    return ("zhangsan", "person") if name in PERSONS else ("zhangsan@trade", "legal")


@dataclass
class Whole:
    """A provider that uses all platforms, and the platforms."""

    house: Provider
    world: World
    platforms: httpx2.AsyncClient

    def told(self, name: str, **said: Any) -> None:
        """Tell a platform something, as POST /control does."""
        change(self.world, {"platform": name, **said})

    async def ticket(self, someone: Browserless, name: str, login: str, kind: str) -> Form:
        """Begin here, log in and consent there: what the browser then brings to the callback."""
        there = callback(await someone.open(f"/upstream/{name}/{'start' if kind == 'person' else 'legal'}"))
        entrance = httpx2.URL(there.url, params={**there.parameters, "sim_kind": kind})
        self.platforms.cookies.clear()
        await self.platforms.post(entrance, data={"who": login})
        answer = await self.platforms.post(entrance, data={"decision": "agree"})
        if answer.status_code == 303:
            return Form(answer.headers["location"], "GET")
        fields = re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', answer.text)
        found = re.search(r'action="(.*?)"', answer.text)
        assert found, answer.text
        return Form(html.unescape(found[1]), "POST", dict(fields))

    async def came(self, someone: Browserless, name: str, login: str = "", kind: str = "") -> Page:
        """A whole login; the page on which it ends."""
        default = who(name)
        brought = await self.ticket(someone, name, login or default[0], kind or default[1])
        return await arrived(someone, brought)

    async def refusals(self) -> list[str]:
        """The reasons in the record, of all that were refused."""
        lines = await self.house.audit_lines()
        found = [json.loads(line["detail"]) for line in lines if line["event"] == "upstream.refused"]
        return [detail["reason"] for detail in found for _ in range(detail.get("count", 1))]


async def arrived(someone: Browserless, brought: Form) -> Page:
    """The browser comes back."""
    if brought.method == "POST":
        return page(await someone.submit(brought))
    return page(await someone.open(brought.action))


@asynccontextmanager
async def opened(folder: Path, target: str = "", **options: Any) -> AsyncIterator[Whole]:
    """All platforms in use, by the secrets that they gave out; `target` is an application of each, named tax."""
    world = World("tests", url=PROVINCE, callbacks=(f"{ISSUER}/",))
    platforms = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(world)))
    secrets = folder / "upstreams.toml"
    sections = (
        "\n".join(
            [
                f"[{name}]",
                *(f'{key} = "{value}"' for key, value in values.items()),
                f'targets = {{ tax = "{target}" }}' if target else "",
            ]
        )
        for name, values in credentials(world).items()
    )
    secrets.write_text("\n".join(sections), "utf-8")
    secrets.chmod(0o600)
    async with platforms, provider(folder, upstream_secrets_file=secrets, **options) as house:
        world.base = house.clock
        house.worker.upstream_http._client = platforms
        yield Whole(house, world, platforms)


async def linked(whole: Whole) -> str:
    """zhangsan, who has a password here and came by the province once; the account's id."""
    fields = {
        "certificate_type": "111",
        "certificate_number": "410411199001010015",
        "name": "张三",
        "level": 3,
    }
    known = await account_id(whole.house, await person(whole.house, username="zhangsan", **fields))
    await whole.house.worker.federation.linking.enter(arrival("hn-zhangsan"), "192.0.2.9")
    return known
