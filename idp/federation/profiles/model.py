"""The profile of an upstream platform, read from TOML: everything that differs between platforms, and no secret."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from idp.federation.model import Channel, LoginFailureReason, UserType
from idp.organizations.model import Human

Pointer = Annotated[str, Field(pattern=r"^(/.*|)$")]
"""A JSON pointer (RFC 6901) into a reply; the empty one is the whole of it."""
Texts = dict[str, str]


class BadProfile(Exception):
    """A profile that cannot be used; the text names the file and every problem in it."""


class Status(StrEnum):
    """How much is known of a platform's wire shapes."""

    STANDARD = "standard"
    OBSERVED = "observed"
    ASSUMPTION = "assumption"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entrance(_Part):
    """Where the browser is sent, for one channel."""

    url: str
    query: Texts = {}
    encode: dict[str, list[Literal["base64", "url"]]] = {}


class Authorize(_Part):
    """How a login begins. `callback_state`: `query` where the platform returns our state, `path` where it does not."""

    callback_state: Literal["query", "path"] = "path"
    state_parameter: str = "state"
    user_types: dict[UserType, str] = {UserType.PERSON: "1", UserType.LEGAL: "2"}
    channels: dict[Channel, Entrance]


class Callback(_Part):
    """What the browser comes back with."""

    method: Literal["GET", "POST"] = "GET"
    ticket: str = "ticket"
    keep: list[str] = []
    error: str = "error"


class Sign(_Part):
    """One signature of a request; `into` is `query.NAME`, `form.NAME`, `json.NAME` or `header.NAME`."""

    signer: str
    into: str = ""
    parts: list[str] = []
    options: Texts = {}


class Encrypt(_Part):
    """One value of a request, or its whole body, encrypted in place."""

    transform: str
    at: str
    key: str = ""
    output: Literal["hex", "base64"] = "hex"
    options: Texts = {}


class Decode(_Part):
    """One value of a reply, or the whole of it, made readable. `then` parses what came out."""

    transform: str
    at: Pointer = ""
    key: str = ""
    input: Literal["hex", "base64", "text"] = "hex"
    then: Literal["text", "json"] = "text"
    optional: bool = False
    options: Texts = {}


class Success(_Part):
    """One condition of success."""

    at: Pointer
    equals: str | int | bool | None = None
    one_of: list[str | int] = []
    absent: bool = False
    present: bool = False

    @model_validator(mode="after")
    def _one(self) -> "Success":
        if sum((self.equals is not None, bool(self.one_of), self.absent, self.present)) != 1:
            raise ValueError("exactly one of equals, one_of, absent, present")
        return self


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class PlatformStep(_Part):
    """One call to the platform. `single_use` spends the ticket: such a call is never made twice.

    `error_at` is where the platform says what is wrong: one place, or several of which the first that says something
    counts, because a gateway before a platform has its own.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    when: Literal["always", "person", "legal"] = "always"
    method: Literal["GET", "POST"] = "POST"
    url: str
    query: Texts = {}
    headers: Texts = {}
    form: Texts = {}
    json_body: dict[str, Any] = Field(default={}, alias="json")
    single_use: bool = False
    sign: list[Sign] = []
    encrypt: list[Encrypt] = []
    decode: list[Decode] = []
    success: list[Success] = []
    error_at: Annotated[list[Pointer], BeforeValidator(_listed)] = []
    errors: dict[str, LoginFailureReason] = {}
    extract: dict[str, Pointer] = {}

    @model_validator(mode="after")
    def _one_body(self) -> "PlatformStep":
        if self.form and self.json_body:
            raise ValueError("form and json exclude each other")
        return self


class PairList(_Part):
    """A list of "NAME=value" texts in a reply, readable as pointers `AS:NAME`."""

    at: Pointer
    name: str = Field(alias="as")


class Mapping(_Part):
    """Where a kind of user's fields stand in the reply of the step named by `from`."""

    source: str = Field(alias="from")
    fields: dict[str, str]
    defaults: Texts = {}
    empty: list[str] = ["", "-1", "null"]
    lists: list[PairList] = []
    level_source: str = ""
    human: Human = Human.ASSERTED
    """Of a legal person: whether the platform has the human prove themselves (proven), names one, or nobody."""


class Redirect(_Part):
    """An address of the platform with its query."""

    url: str
    query: Texts = {}


class HandOn(_Part):
    """How somebody logged in is given a ticket for another application, and where they go with it."""

    steps: list[PlatformStep] = []
    url: str
    query: Texts = {}


class PlatformLimits(_Part):
    """What a platform may cost us. Hosts beyond those of `egress_hosts` are never called."""

    timeout_seconds: float = Field(default=5, gt=0, le=30)
    clock_skew_seconds: int = Field(default=300, ge=0, le=3600)
    egress_hosts: list[str] = []


class Secrets(_Part):
    """The names of the secrets a profile needs; their values stand in the installation's secrets file."""

    required: list[str] = []
    optional: list[str] = []


class Profile(_Part):
    """A whole profile; `name` is the file's."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    title_en: str
    status: Status
    sources: str
    unknown: list[str] = []
    variables: Texts = {}
    secrets: Secrets = Secrets()
    authorize: Authorize
    callback: Callback = Callback()
    steps: list[PlatformStep]
    map: dict[UserType, Mapping]
    values: dict[str, Texts] = {}
    logout: Redirect | None = None
    hand_on: HandOn | None = None
    trust: Redirect | None = None
    limits: PlatformLimits = PlatformLimits()

    @model_validator(mode="after")
    def _consistent(self) -> "Profile":
        names = [step.name for step in self.steps]
        problems = [f"step {name} stands twice" for name in set(names) if names.count(name) > 1]
        problems += [
            f"map.{kind}.from: no step {mapping.source}"
            for kind, mapping in self.map.items()
            if mapping.source not in names
        ]
        if not any(step.single_use for step in self.steps):
            problems.append("no step spends the ticket (single_use)")
        if problems:
            raise ValueError("; ".join(problems))
        return self


def read_profile(path: Path) -> Profile:
    """The profile of a file; raises BadProfile with every problem."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        return Profile.model_validate({"name": path.stem, **content})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadProfile(f"{path.name}: {error}") from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'profile'}: {one['msg']}" for one in error.errors()]
        raise BadProfile("\n".join(f"{path.name}: {problem}" for problem in problems)) from error


def read_profiles(folder: Path) -> dict[str, Profile]:
    """Every profile of a folder by name; raises BadProfile."""
    return {path.stem: read_profile(path) for path in sorted(folder.glob("*.toml"))}
