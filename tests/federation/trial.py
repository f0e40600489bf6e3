"""A platform of the tests' own, its profile as an installation would write it, and a provider that uses it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from idp.infrastructure.http_client import Answer, BadAnswer
from tests.support.browserless import Browserless, Callback, Page
from tests.support.inprocess import Provider, provider

NAME = "trial"
TITLE = "试验平台"
PROFILE = """
title = "试验平台"
title_en = "Trial platform"
status = "assumption"
sources = "made up for the tests"
unknown = ["everything"]
[variables]
host = "https://p.test"
[secrets]
required = ["app", "word"]
[authorize.channels.pc]
url = "{host}/entrance"
query = { app = "{app}", userType = "{user_type}", backUrl = "{callback}" }
[authorize.channels.h5]
url = "{host}/m/entrance"
query = { app = "{app}", userType = "{user_type}", backUrl = "{callback}" }
[callback]
method = "METHOD"
[[steps]]
name = "exchange"
url = "{host}/exchange"
form = { app = "{app}", ticket = "{ticket}" }
sign = [{ signer = "md5_concat", parts = ["{app}", "{word}", "{ticket}"], into = "form.sign" }]
single_use = true
success = [{ at = "/code", equals = 0 }]
error_at = "/msg"
errors = { "票据已过期" = "ticket_expired", "已注销" = "cancelled" }
extract = { token = "/token" }
[[steps]]
name = "user"
url = "{host}/user"
form = { token = "{token}" }
success = [{ at = "/code", equals = 0 }]
[map.person]
from = "user"
[map.person.fields]
subject = "/id"
name = "/name"
certificate_type = "/type"
certificate_number = "/number"
mobile = "/mobile"
level = "/level"
status = "/status"
[map.legal]
from = "user"
[map.legal.fields]
subject = "/id"
organization_name = "/org"
unified_social_credit_code = "/uscc"
representative_name = "/rep"
representative_certificate_number = "/rep_number"
agent_name = "/name"
agent_certificate_type = "/type"
agent_certificate_number = "/number"
agent_valid_until = "/until"
agent_scope = "/scope"
level = "/level"
status = "/status"
[values.level]
1 = "1"
2 = "2"
3 = "3"
[values.status]
gone = "cancelled"
[logout]
url = "{host}/logout"
query = { back = "{back}" }
[trust]
url = "{host}/trust"
query = { backUrl = "{callback}" }
[hand_on]
url = "{target_app}"
query = { ticket = "{app_ticket}" }
[[hand_on.steps]]
name = "generate"
url = "{host}/generate"
form = { token = "{token}", target = "{target_app}" }
success = [{ at = "/code", equals = 0 }]
extract = { app_ticket = "/ticket" }
"""
SECRETS = '[trial]\napp = "zhanhe"\nword = "a word of the tests"\ntargets = { tax = "https://tax.test/in" }\n'
ZHANGSAN = {"id": "u-1", "name": "张三", "type": "111", "number": "410411199001010015", "level": "2"}
FIRM = {"org": "湛河示例科技有限公司", "uscc": "91410411MA0000007X"}


class Platform:
    """Gives a ticket for somebody, and answers for it once; what it is asked stands in `asked`."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.failure: Exception | Answer | None = None

    def ticket(self, person: Mapping[str, Any]) -> str:
        """A ticket for somebody."""
        ticket = f"t-{len(self.people)}"
        self.people[ticket] = dict(person)
        return ticket

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        """What the provider's HTTP client would have answered."""
        path, form = urlsplit(url).path, dict(parse_qsl(content.decode()))
        self.asked.append((path, form))
        if isinstance(self.failure, Exception):
            raise self.failure
        if self.failure is not None:
            return self.failure
        if path == "/generate":
            return said(code=0, ticket=f"for {form['target']}")
        if path == "/exchange":
            known = form["ticket"] in self.people
            return said(code=0, token=form["ticket"]) if known else said(code=1, msg="票据已过期")
        return said(code=0, **self.people[form["token"]])


def said(**fields: Any) -> Answer:
    """An answer in JSON."""
    return Answer(200, json.dumps(fields, ensure_ascii=False).encode())


def write(folder: Path, method: str = "GET", secrets: str = SECRETS) -> dict[str, Any]:
    """The profile and the secrets file in a folder; the settings that name them."""
    profiles = folder / "upstreams"
    profiles.mkdir()
    (profiles / f"{NAME}.toml").write_text(PROFILE.replace("METHOD", method), "utf-8")
    file = folder / "upstream-secrets.toml"
    file.write_text(secrets, "utf-8")
    file.chmod(0o600)
    return {"upstream_profiles_dir": profiles, "upstream_secrets_file": file}


@asynccontextmanager
async def federated(
    folder: Path, *, method: str = "GET", **options: Any
) -> AsyncIterator[tuple[Provider, Platform]]:
    """A provider that uses the platform."""
    async with provider(folder, **write(folder, method), **options) as house:
        platform = Platform()
        house.worker.upstream_http.call = platform.call  # type: ignore[method-assign]
        yield house, platform


async def sent(someone: Browserless, page: str = "start") -> Callback:
    """Where a browser is sent that begins a login."""
    answer = await someone.open(f"/upstream/{NAME}/{page}")
    assert isinstance(answer, Callback), answer
    return answer


def back(there: Callback, ticket: str) -> str:
    """The address under which the platform sends the browser back."""
    return f"{there.parameters['backUrl']}&ticket={ticket}"


async def came(
    someone: Browserless, platform: Platform, person: Mapping[str, Any], page: str = "start"
) -> Page | Callback:
    """A whole login of somebody."""
    return await someone.open(back(await sent(someone, page), platform.ticket(person)))


def state_of(there: Callback) -> str:
    """Our state in the address of the callback."""
    return parse_qs(urlsplit(there.parameters["backUrl"]).query)["st"][0]


AWAY = BadAnswer("TimeoutError")
