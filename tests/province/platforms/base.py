"""模拟 / What a simulated platform is: an entrance for browsers, interfaces for servers, its words for refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.responses import JSONResponse, Response

from tests.province.apps import App
from tests.province.people import Person
from tests.province.world import Grant, Refused, World

BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Asked:
    """A request of a server."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    json: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def bearer(self) -> str:
        """The token of the header Authorization."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Wanted:
    """A browser that wants a login: of which kind, for which application, to come back where."""

    app: App
    callback: str
    kind: str
    state: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def back(self, **parameters: str) -> str:
        """The callback with parameters, and the state where there is one."""
        given = {**parameters, **({"state": self.state} if self.state else {})}
        sign = "&" if urlsplit(self.callback).query else "?"
        return f"{self.callback}{sign}{urlencode(given)}" if given else self.callback


Answer = Callable[[World, Asked], Mapping[str, Any] | Response]


@dataclass(frozen=True)
class Entrance:
    """Where a browser comes in. `trusting`: somebody with a session is sent back at once."""

    read: Callable[[World, Mapping[str, str]], Wanted]
    trusting: bool = False


@dataclass(frozen=True)
class Platform:
    """One platform; `name` is the profile's. `words` has its text for every refusal, `refuse` makes a reply of it.

    `done` and `cancelled` are the callback's parameters after consent (from a ticket) and without it. `posts`: the
    browser posts them from a page there, instead of being redirected.
    """

    name: str
    title: str
    needs: Mapping[str, str]
    words: Mapping[str, str]
    refuse: Callable[[str, str], Mapping[str, Any] | Response]
    interfaces: Mapping[str, Answer]
    entrances: Mapping[str, Entrance] = field(default_factory=dict)
    done: Callable[[World, Wanted, Grant], Mapping[str, str]] = lambda world, wanted, grant: {
        "ticket": world.issue(grant)
    }
    cancelled: Mapping[str, str] = field(default_factory=dict)
    look: str = "plain"
    kinds: tuple[str, ...] = ("person", "legal")
    hosts: tuple[str, ...] = ("host",)
    logout: Mapping[str, str] = field(default_factory=dict)
    partner: str = ""
    tells_expiry: bool = False
    posts: bool = False

    def text(self, word: str) -> str:
        """What it says about a refusal."""
        return self.words.get(word, "系统错误")


def beijing_seconds(text: str) -> float:
    """yyyyMMddHHmmss as seconds; raises Refused."""
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING).timestamp()
    except ValueError as error:
        raise Refused("clock") from error


def dashed_seconds(text: str) -> float:
    """yyyy-MM-dd HH:mm:ss as seconds; raises Refused."""
    return beijing_seconds(text.translate({ord(one): None for one in "-: "}))


def millis(text: object) -> float:
    """Milliseconds as seconds; raises Refused."""
    if not str(text).isdecimal():
        raise Refused("clock")
    return int(str(text)) / 1000


def gmt_seconds(text: str) -> float:
    """A date of RFC 1123 as seconds; raises Refused."""
    try:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise Refused("clock") from error


def reply(status: int, **content: Any) -> Response:
    """JSON with a status."""
    return JSONResponse(content, status_code=status)


def either(person: Person, *choices: str) -> str:
    """The choice for the level of a person, 0 to 4."""
    return choices[person.level]
