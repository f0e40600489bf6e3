"""模拟 / What the simulated platforms remember: applications, tickets, sessions, what was asked, how to fail."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.province.apps import App, Values
from tests.province.people import ORGANIZATIONS, PEOPLE, Agent, Organization, Person

TICKET_SECONDS = 300
TOKEN_SECONDS = 1800
SKEW_SECONDS = 300
MODES = ("ok", "500", "malformed", "html", "timeout")
DISTRICT = "district"
"""The application of the district; `neighbour` is another one of the same platform."""


class Refused(Exception):
    """Something a platform does not grant; every platform has its own text for the word.

    `content` is the reply where it cannot be made of the text alone.
    """

    def __init__(self, word: str, content: Mapping[str, Any] | None = None) -> None:
        super().__init__(word)
        self.word = word
        self.content = content


@dataclass(frozen=True)
class Login:
    """Who is logged in: a person for themselves, or for an organisation."""

    person: str
    organization: str = ""

    @property
    def kind(self) -> str:
        """person or legal."""
        return "legal" if self.organization else "person"


@dataclass
class Grant:
    """What a ticket or a token stands for."""

    app: App
    login: Login
    callback: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
    used: bool = False


@dataclass
class World:
    """All of it. `seed` makes the secrets; `base` is the clock under the one that /control turns."""

    seed: str = field(default_factory=lambda: secrets.token_hex(16))
    base: Callable[[], float] = time.time
    url: str = "http://127.0.0.1:8004"
    callbacks: tuple[str, ...] = ("http://127.0.0.1:", "http://localhost:")
    offset: float = 0.0
    apps: dict[str, dict[str, App]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    latency: dict[str, float] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    sessions: dict[tuple[str, str], Login] = field(default_factory=dict)
    tickets: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=lambda: {one.id: one for one in PEOPLE})
    organizations: dict[str, Organization] = field(
        default_factory=lambda: {one.id: one for one in ORGANIZATIONS}
    )

    nobody: Login = Login("")
    """Whose login an application's own token is."""

    def now(self) -> float:
        """The platforms' clock."""
        return self.base() + self.offset

    def note(self, platform: str, path: str, outcome: str) -> None:
        """Keep what was asked, by name; no values."""
        self.log.append({"at": self.now(), "platform": platform, "path": path, "outcome": outcome})

    def today(self) -> str:
        """The day there, YYYYMMDD."""
        return time.strftime("%Y%m%d", time.gmtime(self.now() + 8 * 3600))

    def register(self, platform: str, needs: Values) -> None:
        """Make the district and a neighbour known to a platform."""
        self.apps[platform] = {
            DISTRICT: App(platform, DISTRICT, needs, self.seed, list(self.callbacks)),
            "neighbour": App(platform, "neighbour", needs, self.seed, ["https://neighbour.example/"]),
        }

    def app(self, platform: str, name: str, value: str) -> App:
        """The application with this public id (`name` is what the platform calls it)."""
        for app in self.apps[platform].values():
            if value and app.values[name] == value:
                return app
        raise Refused("unknown_app")

    def app_of_callback(self, platform: str, url: str) -> App:
        """The application that registered a callback, where the platform is told nothing else."""
        for app in self.apps[platform].values():
            if app.knows_callback(url):
                return app
        raise Refused("callback")

    def signed(self, app: App, holds: Callable[[Values], bool]) -> Values:
        """The secrets a request was signed with."""
        for values in app.candidates(self.now()):
            if holds(values):
                return values
        raise Refused("signature")

    def in_time(self, seconds: float) -> None:
        """Refuse a request whose clock is more than five minutes off."""
        if abs(seconds - self.now()) > SKEW_SECONDS:
            raise Refused("clock")

    def issue(self, grant: Grant) -> str:
        """A new ticket."""
        ticket = secrets.token_urlsafe(18)
        self.tickets[ticket] = replace(grant, at=self.now())
        return ticket

    def redeem(self, app: App, ticket: str, callback: str | None = None) -> Grant:
        """What a ticket stands for, once."""
        if not ticket:
            raise Refused("missing")
        grant = self.tickets.get(ticket)
        if grant is None:
            raise Refused("expired")
        if grant.app is not app:
            raise Refused("wrong_app")
        if callback is not None and callback != grant.callback:
            raise Refused("callback")
        if grant.used:
            raise Refused("used")
        if self.now() - grant.at > TICKET_SECONDS:
            raise Refused("expired")
        grant.used = True
        return grant

    def token(self, grant: Grant) -> str:
        """A token for what a ticket stood for."""
        token = secrets.token_urlsafe(18)
        self.tokens[token] = replace(grant, at=self.now())
        return token

    def granted(self, app: App | None, token: str) -> Grant:
        """What a token stands for; whoever was cancelled since is refused."""
        grant = self.tokens.get(token)
        if grant is None or self.now() - grant.at > TOKEN_SECONDS or (app and grant.app is not app):
            raise Refused("token")
        person = self.people.get(grant.login.person)
        if person is None:
            raise Refused("token")
        if person.cancelled:
            raise Refused("cancelled")
        if grant.login.organization and self.organizations[grant.login.organization].dissolved:
            raise Refused("cancelled")
        return grant

    def representatives(self) -> Iterable[tuple[Organization, Person, Agent | None]]:
        """Everybody who may log in for an organisation; no agent: the legal representative."""
        for one in self.organizations.values():
            yield one, self.people[one.representative], None
            for agent in one.agents:
                yield one, self.people[agent.person], agent

    def acting(self, login: Login) -> tuple[Organization, Person, Agent | None]:
        """The organisation and the human of a login of a legal person."""
        for organization, person, agent in self.representatives():
            if (organization.id, person.id) == (login.organization, login.person):
                return organization, person, agent
        raise Refused("token")
