"""What an installation makes of the profiles: the secrets file names those that are in use, and holds their secrets."""

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from idp.federation.exchange.call import PREVIOUS, Credentials
from idp.federation.profiles.model import BadProfile, Profile, read_profile

TARGETS = "targets"
"""The table of a section that names other applications of the platform: {name = its address}."""
_PACKAGED = Path(__file__).parents[1] / "upstreams"
_CHECKOUT = Path(__file__).parents[3] / "config" / "upstreams"


class BadInstallation(Exception):
    """A secrets file that cannot be used; the text names every problem, and no value."""


class InstallationSettings(Protocol):
    """What is read of the settings."""

    upstream_profiles_dir: Path | None
    upstream_secrets_file: Path | None


@dataclass(frozen=True, slots=True)
class Installed:
    """A profile that is in use here."""

    profile: Profile
    credentials: Credentials
    targets: Mapping[str, str] = field(default_factory=dict)


def profiles_folder(chosen: Path | None) -> Path:
    """Where the profiles are: the setting, what came with the package, or the checkout's."""
    if chosen is not None:
        return chosen
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


def upstreams(settings: InstallationSettings) -> dict[str, Installed]:
    """The upstream platforms in use, by name; raises BadInstallation."""
    return read_installation(profiles_folder(settings.upstream_profiles_dir), settings.upstream_secrets_file)


def read_installation(folder: Path, secrets_file: Path | None) -> dict[str, Installed]:
    """The profiles in use, by name; raises BadInstallation."""
    if secrets_file is None:
        return {}
    sections, problems = _sections(secrets_file), []
    installed: dict[str, Installed] = {}
    for name, section in sections.items():
        try:
            profile = read_profile(folder / f"{name}.toml")
        except (OSError, BadProfile) as error:
            problems.append(
                f"{name}: {error if isinstance(error, BadProfile) else 'there is no such profile'}"
            )
            continue
        problems += [f"{name}.{problem}" for problem in _problems(profile, section)]
        values = {key: value for key, value in section.items() if isinstance(value, str)}
        targets = section.get(TARGETS, {})
        installed[name] = Installed(
            profile, Credentials(values), targets if isinstance(targets, dict) else {}
        )
    if problems:
        raise BadInstallation("\n".join(f"{secrets_file.name}: {problem}" for problem in problems))
    return installed


def _sections(path: Path) -> dict[str, dict[str, Any]]:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise BadInstallation(f"{path.name}: can be read by others; chmod 600")
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadInstallation(f"{path.name}: cannot be read ({type(error).__name__})") from error
    except ValueError as error:  # what the parser says may quote a secret
        raise BadInstallation(f"{path.name}: not TOML") from error
    for name, section in content.items():
        if not isinstance(section, dict):
            raise BadInstallation(f"{path.name}: {name} stands in no section; sections are names of profiles")
    return content


def _problems(profile: Profile, section: Mapping[str, Any]) -> list[str]:
    secrets = {*profile.secrets.required, *profile.secrets.optional}
    known = {*profile.variables, *secrets, *(f"{PREVIOUS}{name}" for name in secrets)}
    problems = [f"{name}: is missing" for name in profile.secrets.required if not section.get(name)]
    for name, value in section.items():
        if name == TARGETS:
            good = isinstance(value, dict) and all(isinstance(url, str) for url in value.values())
            problems += [] if good else [f"{name}: a table of addresses"]
        elif name not in known:
            problems.append(f"{name}: neither a secret nor a variable of the profile")
        elif not isinstance(value, str):
            problems.append(f"{name}: must be text")
    return problems
