"""`idp upstream list|check|try`: which platforms there are, whether a profile can work, and whether it does."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import typer

from idp.federation.exchange.engine import Engine, Start
from idp.federation.linking import commands as desk_commands
from idp.federation.model import Channel, Exchange, Failure, UpstreamIdentity, UpstreamPerson, UserType
from idp.federation.profiles.check import problems, weaknesses
from idp.federation.profiles.installation import (
    BadInstallation,
    InstallationSettings,
    Installed,
    profiles_folder,
    upstreams,
)
from idp.federation.profiles.model import BadProfile, Profile, read_profile, read_profiles
from idp.federation.profiles.rehearsal import read_recording, rehearse
from idp.infrastructure.console import Commands, fail, show
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.masking import hidden, last_shown, masked_given_name
from idp.infrastructure.sources import system_sources

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Name of the profile: its file without .toml.")]
Legal = Annotated[bool, typer.Option("--legal", help="As a legal person.")]
Entrance = Annotated[Channel, typer.Option("--channel", help="The platform's entrance.")]
_END = 4
"""So much of a number is shown, for recognising one's own."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an installation tells: its address, where profiles are, which are in use, whom to trust over TLS."""

    issuer: str
    folder: Path
    installed: dict[str, Installed]
    ca_file: Path | None
    unencrypted_hosts: Collection[str] = ()


class ProfileCommands:
    """The commands, as methods; `look` raises BadInstallation."""

    def __init__(self, look: Callable[[], Surroundings]) -> None:
        self._look = look

    def register(self, app: typer.Typer) -> None:
        """Add them to `idp upstream`."""
        for name, command in (("list", self.all), ("check", self.check), ("try", self.attempt)):
            app.command(name)(command)

    def all(self, as_json: Json = False) -> None:
        """Every profile: what it rests on, and whether it is in use."""
        around = self._surroundings()
        try:
            profiles = read_profiles(around.folder)
        except BadProfile as error:
            fail(str(error))
        show([_listed(one, one.name in around.installed) for one in profiles.values()], as_json=as_json)

    def check(self, name: Name, as_json: Json = False) -> None:
        """Whether a profile can work: every problem with its place, then the recorded answers once more."""
        around = self._surroundings()
        profile = self._profile(around, name)
        found = asyncio.run(_checked(profile, around))
        show({**_listed(profile, name in around.installed), **found}, as_json=as_json)
        if found["problems"]:
            raise typer.Exit(1)

    def attempt(self, name: Name, legal: Legal = False, channel: Entrance = Channel.PC) -> None:
        """Walk through a real login, step by step; no secret and no personal number is shown."""
        around = self._surroundings()
        one = around.installed.get(name)
        if one is None:
            fail(
                f"{name} is not in use: the secrets file (IDP_UPSTREAM_SECRETS_FILE) has no section [{name}]"
            )
        user_type = UserType.LEGAL if legal else UserType.PERSON
        if user_type not in one.profile.map or channel not in one.profile.authorize.channels:
            fail(f"{name} has no such login; channels: {', '.join(one.profile.authorize.channels)}")
        if not asyncio.run(_walked(one, user_type, channel, around)):
            raise typer.Exit(1)

    def _surroundings(self) -> Surroundings:
        try:
            return self._look()
        except BadInstallation as error:
            fail(str(error))

    def _profile(self, around: Surroundings, name: str) -> Profile:
        path = around.folder / f"{name}.toml"
        if not path.is_file():
            fail(f"there is no profile {name} in {around.folder}")
        try:
            return read_profile(path)
        except BadProfile as error:
            fail(str(error))


class ProfileSettings(InstallationSettings, Protocol):
    """What is read of the settings."""

    issuer: str
    ca_file: Path | None
    unencrypted_hosts: tuple[str, ...]


def commands(settings: Callable[[], ProfileSettings]) -> Commands:
    """What this room adds to the command line."""

    def look() -> Surroundings:
        read = settings()
        folder = profiles_folder(read.upstream_profiles_dir)
        return Surroundings(read.issuer, folder, upstreams(read), read.ca_file, read.unencrypted_hosts)

    app = typer.Typer(help="Platforms of province and state, by which people log in.", no_args_is_help=True)
    ProfileCommands(look).register(app)
    app.add_typer(desk_commands.app)
    return {"upstream": app}


def _listed(profile: Profile, in_use: bool) -> dict[str, Any]:
    return {
        "name": profile.name,
        "title": profile.title,
        "status": profile.status,
        "in use": in_use,
        "for": " ".join(kind.value for kind in profile.map),
        "weak": " ".join(weaknesses(profile)) or "-",
    }


async def _checked(profile: Profile, around: Surroundings) -> dict[str, Any]:
    engine = Engine(HttpClient(around.ca_file, around.unencrypted_hosts), system_sources(), _silent)
    found = problems(profile, engine.signers, engine.transforms)
    recording = read_recording(around.folder, profile.name)
    said = "no answers are recorded: idp upstream try"
    if recording is not None and not found:
        found = await rehearse(profile, recording)
        said = f"{len(recording.logins)} logins, {len(found)} came out differently"
    return {
        "sources": profile.sources,
        "unknown": "; ".join(profile.unknown) or None,
        "rehearsal": said,
        "problems": "\n".join(found) or None,
    }


async def _walked(one: Installed, user_type: UserType, channel: Channel, around: Surroundings) -> bool:
    """Whether somebody came back."""
    sources = system_sources()
    engine = Engine(HttpClient(around.ca_file, around.unencrypted_hosts), sources, _tell)
    state, verifier = sources.new_token(24), sources.new_token(48)
    # The server knows nothing of this login, and so leaves the ticket unspent for us.
    callback = f"{around.issuer}/upstream/{one.profile.name}/callback"
    if one.profile.authorize.callback_state == "path":
        callback += f"?st={state}"
    start = Start(channel, user_type, callback, state, verifier)
    typer.echo("1. Open this address in a browser and log in:\n")
    typer.echo(f"   {engine.authorize_url(one.profile, one.credentials, start)}\n")
    typer.echo("2. The browser comes back to a page that says it has expired; that is right.")
    if one.profile.callback.method == "POST":
        typer.echo("   This platform posts: look up the form in the browser's network tools, as name=value&…")
    pasted = typer.prompt("   Paste the address of that page (or name=value&…)")
    brought = dict(parse_qsl(urlsplit(pasted).query or pasted))
    if one.profile.authorize.callback_state == "query":
        returned = brought.get(one.profile.authorize.state_parameter)
        typer.echo(f"   state came back: {'yes' if returned == state else 'NO - login would be refused'}")
    typer.echo("3. The calls:")
    found = await engine.complete(
        one.profile,
        one.credentials,
        user_type,
        {**brought, "callback": callback, "code_verifier": verifier},
    )
    if isinstance(found, Failure):
        typer.echo(f"4. Nobody came back: {found.reason.value} at {found.step} {found.safe_detail}".rstrip())
        return False
    typer.echo("4. Came back:")
    show(_masked(found), as_json=False)
    return True


def _masked(found: UpstreamIdentity) -> dict[str, Any]:
    """Who it is, as far as needed for seeing that the fields are mapped rightly."""
    told: dict[str, Any] = {
        "subject": _end(found.subject),
        "level": f"{found.level} (said: {found.level_source})",
        **_person("", found.person),
    }
    if found.organization is not None:
        told["organisation"] = found.organization.name
        told["unified social credit code"] = found.organization.unified_social_credit_code
        told |= _person("representative: ", found.organization.representative)
    if found.agent is not None:
        told |= _person("agent: ", found.agent.person)
        told["agent: until"] = found.agent.valid_until or None
    return told


def _person(before: str, person: UpstreamPerson) -> dict[str, Any]:
    return {
        f"{before}name": masked_given_name(person.name) or None,
        f"{before}certificate type": person.certificate_type or None,
        f"{before}certificate number": _end(person.certificate_number),
        f"{before}mobile": _end(person.mobile),
    }


def _end(text: str) -> str | None:
    return last_shown(text, _END) if len(text) > _END else (hidden(text) or None)


async def _tell(exchange: Exchange) -> None:
    where = f"{exchange.method} {exchange.host}{exchange.path}"
    typer.echo(f"   {exchange.step}: {where} {exchange.status} {exchange.milliseconds} ms {exchange.outcome}")


async def _silent(exchange: Exchange) -> None:
    """A check calls nobody."""
