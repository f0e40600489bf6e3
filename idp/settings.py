"""Typed settings: from the environment (IDP_*) and a TOML file; unknown keys refused, all problems at once."""

import os
import stat
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from idp.infrastructure.web.address import networks

PREFIX = "IDP_"
CONFIG = "IDP_CONFIG"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class UnsafeSettings(Exception):
    """Settings that must not go live; the text lists every problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(f"- {problem}" for problem in problems))
        self.problems = problems


class Settings(BaseSettings):
    """Everything that can be set. Durations are in seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    issuer: str
    """The https URL under which people and systems reach us, without path."""
    data_dir: Path = Path("data")
    """Where the SQLite file and the secret are kept."""
    database_url: str = ""
    """sqlite:///FILE or postgresql://…; empty: an SQLite file in data_dir."""
    key_value_url: str = "sql"
    """redis://…, sql, or memory (one worker only)."""
    secret_file: Path | None = None
    """The master secrets, one per line, newest first; data_dir/secret.key when unset."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks whose X-Forwarded-For is believed."""
    ca_file: Path | None = None
    """Additional authority for calls to registered systems."""
    demo: bool = False
    """Set by ./dev run alone: http on loopback."""

    session_idle: int = Field(default=1800, ge=60, le=86_400)
    session_absolute: int = Field(default=28_800, ge=300, le=604_800)
    code_lifetime: int = Field(default=60, ge=10, le=600)
    access_token_lifetime: int = Field(default=300, ge=30, le=3600)
    refresh_idle: int = Field(default=2_592_000, ge=300)
    refresh_absolute: int = Field(default=15_552_000, ge=300)
    refresh_grace: int = Field(default=10, ge=0, le=60)
    login_attempts_per_address: int = Field(default=300, ge=10)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment over the file named by IDP_CONFIG."""
        config = os.environ.get(CONFIG)
        if config is None:
            return init_settings, env_settings
        if not Path(config).is_file():
            raise FileNotFoundError(f"{config} does not exist")
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(config))

    @property
    def database(self) -> str:
        """The database URL with its default."""
        return self.database_url or f"sqlite:///{self.data_dir / 'idp.sqlite3'}"

    @property
    def secret_path(self) -> Path:
        """The file of the master secrets."""
        return self.secret_file or self.data_dir / "secret.key"

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by TLS."""
        return self.issuer.startswith("https://")


def read_settings() -> Settings:
    """Settings of this process; raises UnsafeSettings with every unknown, missing or malformed key."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | {CONFIG}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name.upper() not in known)
    problems = [f"{name}: unknown setting" for name in unknown]
    try:
        settings = Settings()  # type: ignore[call-arg]  # read from the environment
    except (OSError, ValueError) as error:
        if not isinstance(error, ValidationError):
            raise UnsafeSettings([*problems, f"{CONFIG}: {error}"]) from error
        for item in error.errors():
            name = PREFIX + "_".join(str(part) for part in item["loc"]).upper()
            problems.append(f"{name}: {item['msg']}")
        raise UnsafeSettings(problems) from error
    if problems:
        raise UnsafeSettings(problems)
    return settings


def refuse_unsafe(settings: Settings) -> None:
    """Raise UnsafeSettings with every reason not to go live."""
    problems = unsafe(settings)
    if problems:
        raise UnsafeSettings(problems)


def unsafe(settings: Settings) -> list[str]:
    """Every reason not to go live with these settings."""
    return [text for is_bad, text in _rules(settings) if is_bad]


def _rules(settings: Settings) -> list[tuple[bool, str]]:
    parts = _split(settings.issuer)
    tls = settings.tls_cert_file is not None and settings.tls_key_file is not None
    half_tls = (settings.tls_cert_file is None) != (settings.tls_key_file is None)
    secret = settings.secret_path
    return [
        (
            not parts.hostname
            or settings.issuer != f"{parts.scheme}://{parts.netloc}"
            or "@" in parts.netloc,
            "IDP_ISSUER: must be https://host[:port], without path and final slash",
        ),
        (
            not settings.secure and not (settings.demo and parts.hostname in LOOPBACK),
            "IDP_ISSUER: must be https (RFC 8414 §2)",
        ),
        (
            settings.demo and not _is_loopback(settings.host),
            "IDP_HOST: demo mode listens on loopback only",
        ),
        (half_tls, "IDP_TLS_CERT_FILE, IDP_TLS_KEY_FILE: set both or neither"),
        (
            not settings.demo and not tls and not settings.trusted_proxies,
            "IDP_TLS_CERT_FILE or IDP_TRUSTED_PROXIES: TLS ends either here or at a proxy that is named",
        ),
        (
            not _are_networks(settings.trusted_proxies),
            "IDP_TRUSTED_PROXIES: addresses or networks, separated by commas",
        ),
        (
            settings.key_value_url == "memory" and settings.workers > 1,
            "IDP_KEY_VALUE_URL: memory serves one worker only; use redis://… or sql",
        ),
        (
            not settings.demo and settings.key_value_url == "memory",
            "IDP_KEY_VALUE_URL: memory forgets throttling and codes at each restart; use redis://… or sql",
        ),
        (not secret.is_file(), f"IDP_SECRET_FILE: {secret} does not exist; `idp migrate` makes it"),
        (
            secret.is_file() and bool(stat.S_IMODE(secret.stat().st_mode) & 0o077),
            f"IDP_SECRET_FILE: {secret} can be read by others; chmod 600",
        ),
        (
            settings.session_idle > settings.session_absolute,
            "IDP_SESSION_IDLE: cannot be longer than IDP_SESSION_ABSOLUTE",
        ),
    ]


def _split(url: str) -> SplitResult:
    """The parts of a URL; none of something that is no URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # out of range or no number: ValueError
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _are_networks(texts: tuple[str, ...]) -> bool:
    try:
        networks(texts)
    except ValueError:
        return False
    return True
