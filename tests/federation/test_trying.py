"""`idp upstream try`: a real login at a simulated platform, walked through at the command line."""

import asyncio
import html
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
import typer
from typer.testing import CliRunner, Result

from idp.federation import commands
from idp.federation.commands import ProfileCommands, Surroundings
from idp.federation.profiles.installation import read_installation
from idp.infrastructure.http_client import HttpClient
from tests.province.app import build
from tests.province.control import change, credentials
from tests.province.world import World
from tests.support.upstream import FOLDER, HOME, PROVINCE

NUMBERS = ("张三", "钱经办", "410411199001010015", "13800000001")
SHORT = 12
"""What is shorter is a name of the application, not a secret."""


@dataclass
class Terminal:
    """Somebody at the command line with a browser beside it, and the platforms."""

    secrets_file: Path
    patch: pytest.MonkeyPatch
    who: str = "zhangsan"
    twist: Callable[[str], str] = str
    told: list[str] = field(default_factory=list)
    pasted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World("tests", url=PROVINCE, callbacks=(f"{HOME}/",))
        self.app = build(self.world)
        sections = credentials(self.world)
        self.secrets = sections
        lines = [f"[{name}]\n" + "".join(_line(*one) for one in sections[name].items()) for name in sections]
        self.secrets_file.write_text("\n".join(lines), "utf-8")
        self.secrets_file.chmod(0o600)
        self.patch.setattr(commands, "HttpClient", self._http)
        self.patch.setattr(typer, "echo", self._echo)
        self.patch.setattr(typer, "prompt", self._prompt)

    def tries(self, name: str, *options: str) -> Result:
        """`idp upstream try NAME`."""
        app = typer.Typer()

        def look() -> Surroundings:
            return Surroundings(HOME, FOLDER, read_installation(FOLDER, self.secrets_file), None)

        ProfileCommands(look).register(app)
        return CliRunner().invoke(app, ["try", name, *options])

    @property
    def output(self) -> str:
        """What was said, but for the address to open: that is the browser's."""
        return "\n".join(line for line in self.told if not line.strip().startswith(PROVINCE))

    def _http(self, _ca_file: Path | None, _hosts: Collection[str]) -> HttpClient:
        client = HttpClient()
        client._client = self._client()
        return client

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app))

    def _echo(self, message: Any = "", **_options: Any) -> None:
        self.told += str(message).split("\n")

    def _prompt(self, _question: str) -> str:
        """The browser goes where it was told to, and its address is pasted."""
        [address] = [line.strip() for line in self.told if line.strip().startswith(PROVINCE)]
        brought: list[str] = []
        thread = Thread(target=lambda: brought.append(asyncio.run(self._walked(address))))
        thread.start()
        thread.join()
        self.pasted.append(self.twist(brought[0]))
        return self.pasted[-1]

    async def _walked(self, address: str) -> str:
        entrance = f"{address}&sim_kind={'person' if self.who == 'zhangsan' else 'legal'}"
        async with self._client() as browser:
            await browser.post(entrance, data={"who": self.who})
            answer = await browser.post(entrance, data={"decision": "agree"})
        if answer.status_code == 303:
            return str(answer.headers["location"])
        fields = re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', answer.text)
        return urlencode({name: html.unescape(value) for name, value in fields})


def _line(name: str, value: str) -> str:
    return f'{name} = "{value}"\n'


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """All platforms in use."""
    return Terminal(tmp_path / "secrets.toml", monkeypatch)


def hidden(terminal: Terminal, result: Result, name: str) -> None:
    """Nothing secret and no whole number of a person's is on the screen."""
    secrets = [one for one in terminal.secrets[name].values() if len(one) > SHORT and PROVINCE not in one]
    assert secrets
    [pasted] = terminal.pasted
    brought = [one for _, one in parse_qsl(urlsplit(pasted).query or pasted) if len(one) > SHORT]
    assert brought
    for value in (*secrets, *brought, *NUMBERS):
        assert value not in terminal.output + result.output


@pytest.mark.parametrize("name", ["henan", "jis2", "guangdong", "oidc", "national_trust"])
def test_each_step_and_who_came_is_shown_masked(terminal: Terminal, name: str) -> None:
    result = terminal.tries(name)
    assert result.exit_code == 0, terminal.output
    assert "4. Came back:" in terminal.output
    assert re.search(rf"(GET|POST) {PROVINCE.removeprefix('https://')}/\S+ 200 \d+ ms ok", terminal.output)
    assert "张*" in result.output
    assert "0015" in result.output
    hidden(terminal, result, name)


def test_a_platform_that_returns_the_state_is_checked_for_it(terminal: Terminal) -> None:
    terminal.tries("oidc")
    assert "state came back: yes" in terminal.output
    terminal.told.clear()
    terminal.twist = lambda address: re.sub(r"state=[^&]+", "state=another", address)
    terminal.tries("oidc")
    assert "state came back: NO" in terminal.output


def test_what_a_page_posts_is_pasted_as_it_is(terminal: Terminal) -> None:
    terminal.who = "clerk@company"
    result = terminal.tries("zhejiang_legal", "--legal")
    assert result.exit_code == 0, terminal.output
    assert "This platform posts" in terminal.output
    assert "湛河示例科技有限公司" in result.output
    hidden(terminal, result, "zhejiang_legal")


def test_a_company_is_shown_with_who_came_for_it(terminal: Terminal) -> None:
    terminal.who = "clerk@company"
    result = terminal.tries("henan", "--legal")
    assert result.exit_code == 0, terminal.output
    for shown in ("organisation", "湛河示例科技有限公司", "91410411MA0000007X", "agent: name", "钱**"):
        assert shown in result.output


def test_a_spent_ticket_is_said_with_the_step(terminal: Terminal) -> None:
    terminal.twist = lambda address: terminal.pasted[0] if terminal.pasted else address
    assert terminal.tries("henan").exit_code == 0
    terminal.told.clear()
    result = terminal.tries("henan")
    assert result.exit_code == 1
    assert re.search(r"4\. Nobody came back: ticket_\w+ at exchange", terminal.output)
    assert "Came back" not in terminal.output


def test_a_wrong_secret_is_said_with_the_step_and_not_shown(terminal: Terminal) -> None:
    right = terminal.secrets["henan"]["app_secret"]
    text = terminal.secrets_file.read_text("utf-8")
    assert right in text
    terminal.secrets_file.write_text(text.replace(right, "quite-another-secret"), "utf-8")
    assert terminal.tries("henan").exit_code == 1
    assert "4. Nobody came back: wrong_signature at exchange" in terminal.output
    assert "quite-another-secret" not in terminal.output


def test_a_platform_that_is_away_is_said(terminal: Terminal) -> None:
    change(terminal.world, {"platform": "henan", "mode": "html"})
    assert terminal.tries("henan").exit_code == 1
    assert "4. Nobody came back: malformed at exchange" in terminal.output
