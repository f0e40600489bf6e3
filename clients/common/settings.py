"""A demo system's settings, read from the environment; everything wrong with them is told at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from clients.sdk import SystemConfig

SHORTEST_SECRET = 32


class BadSettings(Exception):
    """Settings that cannot be used; the message lists every problem, one a line."""


@dataclass(frozen=True, slots=True)
class About:
    """What is fixed in a system's code: what it is called, what it asks for, where its pages are."""

    name: str
    title: str
    scope: str
    pages: tuple[tuple[str, str], ...]
    level: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from place to place."""

    config: SystemConfig
    host: str
    port: int
    peer_url: str | None = None
    ca_file: str | None = None
    tls_cert_file: str | None = None
    tls_key_file: str | None = None


def read_settings(environ: Mapping[str, str], about: About) -> Settings:
    """The settings, checked; raises BadSettings."""
    problems: list[str] = []
    required = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "URL", "HOST", "PORT", "SECRET")
    values = {name: environ.get(f"SYSTEM_{name}", "") for name in required}
    problems += [f"SYSTEM_{name}: is not set" for name, value in values.items() if not value]
    optional = {name: environ.get(f"SYSTEM_{name}") or None for name in _OPTIONAL}
    for name in ("ISSUER", "URL", "PEER_URL"):
        value = values.get(name) or optional.get(name)
        if value and (problem := _url_problem(value, origin=name == "URL")):
            problems.append(f"SYSTEM_{name}: {problem}")
    if values["PORT"] and not (values["PORT"].isdecimal() and 0 < int(values["PORT"]) < 65_536):
        problems.append("SYSTEM_PORT: must be a number from 1 to 65535")
    if values["SECRET"] and len(values["SECRET"]) < SHORTEST_SECRET:
        problems.append(f"SYSTEM_SECRET: must have at least {SHORTEST_SECRET} characters")
    for name in ("CA_FILE", "TLS_CERT_FILE", "TLS_KEY_FILE"):
        if (path := optional[name]) and not Path(path).is_file():
            problems.append(f"SYSTEM_{name}: there is no such file")
    if (optional["TLS_CERT_FILE"] is None) != (optional["TLS_KEY_FILE"] is None):
        problems.append("SYSTEM_TLS_CERT_FILE and SYSTEM_TLS_KEY_FILE: set both or neither")
    if problems:
        raise BadSettings("\n".join(problems))
    return Settings(
        config=_config(values, about),
        host=values["HOST"],
        port=int(values["PORT"]),
        peer_url=optional["PEER_URL"],
        ca_file=optional["CA_FILE"],
        tls_cert_file=optional["TLS_CERT_FILE"],
        tls_key_file=optional["TLS_KEY_FILE"],
    )


_OPTIONAL = ("PEER_URL", "CA_FILE", "TLS_CERT_FILE", "TLS_KEY_FILE")


def _config(values: Mapping[str, str], about: About) -> SystemConfig:
    url = values["URL"].rstrip("/")
    port = urlsplit(url).port
    return SystemConfig(
        name=f"{about.name}-{port}" if port else about.name,  # one host may carry the same system twice
        url=url,
        issuer=values["ISSUER"],
        client_id=values["CLIENT_ID"],
        client_secret=values["CLIENT_SECRET"],
        secret=values["SECRET"],
        scope=about.scope,
        level=about.level,
    )


def _url_problem(value: str, *, origin: bool) -> str | None:
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        return "must look like https://name.example"
    if origin and parts.path not in ("", "/"):
        return "must be an origin, without a path"
    if parts.scheme == "http" and not _is_loopback(host):
        return "http is only for loopback addresses, use https"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
