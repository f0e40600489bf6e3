"""Typed settings: from the environment (IDP_*) and a TOML file; unknown keys refused, all problems at once."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ENV_FILE = "idp.env"
"""The file of a data directory with the settings that it was made with, a line of IDP_* each."""
PREFIX = "IDP_"
CONFIG = "IDP_CONFIG"
_ANDROID_APP = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+=(?:[0-9A-F]{2}:){31}[0-9A-F]{2}", re.ASCII)


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
    """The master secrets, one per line; data_dir/secret.key when unset."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    drain: int = Field(default=5, ge=0, le=60)
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    passkey_apps: Annotated[tuple[str, ...], NoDecode] = ()
    """Android apps whose passkeys count: package=SHA-256 fingerprint of the signing certificate."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks whose X-Forwarded-For is believed."""
    ca_file: Path | None = None
    """Additional authority for calls to registered systems."""
    unencrypted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts of an intranet that are called without TLS: gateways, authorities, platforms, a mail relay."""
    demo: bool = False
    """Set by ./dev run alone: http on loopback."""

    session_idle: int = Field(default=1800, ge=60, le=86_400)
    session_absolute: int = Field(default=28_800, ge=300, le=604_800)
    code_lifetime: int = Field(default=60, ge=10, le=600)
    access_token_lifetime: int = Field(default=300, ge=30, le=3600)
    refresh_idle: int = Field(default=2_592_000, ge=300)
    refresh_absolute: int = Field(default=15_552_000, ge=300)
    refresh_grace: int = Field(default=10, ge=0, le=60)
    retention: int = Field(default=15_552_000, ge=86_400)
    """How long sessions, grants and messages are kept when they are over; audit lines stay for good."""
    login_attempts_per_address: int = Field(default=300, ge=10)
    second_factor_required: Literal["nobody", "staff", "everybody"] = "staff"
    """Who has to have a second factor and cannot remove the last one."""
    second_factor_minimum: int = Field(default=1, ge=1, le=5)
    """How many second factors they have to keep."""

    sms_profile: Path | None = None
    """The gateway for short messages, described as in config/messages."""
    sms_credentials: dict[str, SecretStr] = {}
    """What the profile names and does not hold."""
    sms_per_address: int = Field(default=30, ge=5)
    """Codes that may be asked for from one address in an hour."""
    sms_per_hour: int = Field(default=20_000, ge=100)
    """Codes in all: what a flood may cost."""
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: Literal["starttls", "implicit", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_sender: str = ""
    message_sink: bool = False
    """Messages go into messages.jsonl in data_dir instead of out; so it is in demo mode."""

    cancellation_cooling_days: int = Field(default=15, ge=1, le=90)
    """How long a person can take back the wish to be forgotten."""
    merge_undo_days: int = Field(default=30, ge=0, le=365)
    """How long two accounts that became one can be parted again."""
    divisions_file: Path | None = None
    """A newer table of administrative divisions than the one that is shipped."""

    population_url: str = ""
    """The authority that compares name and number; without a URL the method is not offered."""
    population_app_id: str = ""
    population_secret: SecretStr = SecretStr("")
    carrier_url: str = ""
    """The one that compares name, number and phone."""
    carrier_app_id: str = ""
    carrier_secret: SecretStr = SecretStr("")
    licence_url: str = ""
    """The one of the register of legal persons and of the electronic business licence."""
    licence_app_id: str = ""
    licence_secret: SecretStr = SecretStr("")
    network_identity_url: str = ""
    """The one of the national network identity."""
    network_identity_org_id: str = ""
    network_identity_app_id: str = ""
    network_identity_secret: SecretStr = SecretStr("")
    network_identity_app_url: str = ""
    """Demo mode only: the page that stands for the person's app."""

    upstream_profiles_dir: Path | None = None
    """Profiles of upstream platforms; those that are shipped when unset."""
    upstream_secrets_file: Path | None = None
    """TOML, mode 0600: a section per profile that is in use, with its secrets."""
    upstream_link_level: int = Field(default=2, ge=1, le=4)
    """The level of a platform from which on a certificate finds the account that has it."""

    @field_validator("passkey_apps", "trusted_proxies", "unencrypted_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("passkey_apps")
    @classmethod
    def _are_apps(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if _ANDROID_APP.fullmatch(each) is None:
                raise ValueError(
                    "an app is package=SHA-256 fingerprint: 32 pairs of capital hexadecimals with colons"
                )
        return value

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
