"""A trip to a simulated platform and back: the browser's side walked, the engine run against it, without sockets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

from idp.federation.exchange.call import Credentials
from idp.federation.exchange.engine import Engine, Start
from idp.federation.model import Channel, Exchange, Failure, UpstreamIdentity, UserType
from idp.federation.profiles import model as profiles
from idp.infrastructure.http_client import Answer, HttpClient
from idp.infrastructure.sources import system_sources
from tests.province.app import build
from tests.province.control import change, credentials
from tests.province.world import World

FOLDER = Path(profiles.__file__).parents[3] / "config" / "upstreams"
HOME = "https://id.test"
PROVINCE = "https://province.test"
VERIFIER = "a verifier of forty-three characters or more"
NOON = 1_900_000_000.0


@dataclass(frozen=True)
class Call:
    """One call as it went over the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes
    answer: Answer


class _Kept(HttpClient):
    """Keeps what is called."""

    def __init__(self, calls: list[Call]) -> None:
        super().__init__()
        self._calls = calls

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        answer = await super().call(method, url, headers=headers, content=content, seconds=seconds)
        self._calls.append(Call(method, url, headers, content, answer))
        return answer


@dataclass
class Trip:
    """One platform, one engine and one browser, all on the same clock."""

    name: str
    seed: str = "tests"
    clock: float = NOON
    exchanges: list[Exchange] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(self.seed, lambda: self.clock, PROVINCE, (f"{HOME}/",))
        transport = httpx2.ASGITransport(app=build(self.world))
        self.browser = httpx2.AsyncClient(transport=transport)
        self.server = httpx2.AsyncClient(transport=transport)
        http = _Kept(self.calls)
        http._client = self.server
        self.engine = Engine(http, system_sources(lambda: self.clock), self._record)
        self.profile = profiles.read_profile(FOLDER / f"{self.name}.toml")
        self.secrets = credentials(self.world).get(self.name, {})

    @property
    def callback(self) -> str:
        """Where the browser comes back to."""
        return f"{HOME}/upstream/{self.name}/callback"

    def configured(self, **limits: Any) -> None:
        """Change the limits of the profile."""
        self.profile = self.profile.model_copy(
            update={"limits": self.profile.limits.model_copy(update=limits)}
        )

    def told(self, **said: Any) -> None:
        """Tell the simulator something, as POST /control does."""
        change(self.world, {"platform": self.name, **said})

    def begin(self, kind: str = "person", callback: str = "") -> str:
        """The address the browser is sent to."""
        channel = next(iter(self.profile.authorize.channels))
        start = Start(
            Channel.PC if Channel.PC in self.profile.authorize.channels else channel,
            UserType(kind), callback or self.callback, "state-1", VERIFIER,
        )  # fmt: skip
        return self.engine.authorize_url(self.profile, Credentials(self.secrets), start)

    async def walked(self, who: str, kind: str = "person", decision: str = "agree") -> dict[str, str]:
        """Log in and consent at the platform; the parameters of the callback."""
        url = f"{self.begin(kind)}&sim_kind={kind}"
        await self.browser.post(url, data={"who": who})
        answer = await self.browser.post(url, data={"decision": decision})
        return self.arrived(answer)

    def arrived(self, answer: httpx2.Response) -> dict[str, str]:
        """The parameters with which the browser was sent back to us, or which it posts."""
        if answer.status_code == 200:
            assert f'action="{self.callback}"' in answer.text, answer.text
            return dict(re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', answer.text))
        assert answer.status_code == 303, answer.text
        target = answer.headers["location"]
        assert target.startswith(self.callback)
        return dict(parse_qsl(urlsplit(target).query))

    async def completed(
        self, parameters: Mapping[str, str], kind: str = "person", secrets: Mapping[str, str] | None = None
    ) -> UpstreamIdentity | Failure:
        """What the engine makes of a callback."""
        given = {"callback": self.callback, "code_verifier": VERIFIER, **parameters}
        used = Credentials(self.secrets if secrets is None else secrets)
        return await self.engine.complete(self.profile, used, UserType(kind), given)

    async def login(self, who: str, kind: str = "person") -> UpstreamIdentity | Failure:
        """There and back."""
        return await self.completed(await self.walked(who, kind), kind)

    def outcomes(self) -> list[str]:
        """What the platform noted of the calls of servers."""
        return [one["outcome"] for one in self.world.log if one["outcome"] not in ("browser", "logout")]

    async def close(self) -> None:
        """Let the connections go."""
        await self.browser.aclose()
        await self.server.aclose()

    async def _record(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


def somebody(found: UpstreamIdentity | Failure) -> UpstreamIdentity:
    """The identity, where there must be one."""
    assert isinstance(found, UpstreamIdentity), found
    return found
