"""A gateway for short messages as data: config/messages/*.toml. Secrets are named in it and stand elsewhere."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
OURS = frozenset(
    {
        "phone",
        "text",
        "code",
        "minutes",
        "hall",
        "errand",
        "id",
        "template",
        "timestamp",
        "timestamp_ms",
        "time_text",
        "signature",
    }
)
"""The names a message brings along; every other one is a credential."""


class BadGatewayProfile(Exception):
    """A profile cannot be used; the text lists every problem."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GatewaySigner(StrEnum):
    """How a request proves that it is ours."""

    NONE = "none"
    MD5 = "md5"
    """Of the parts, one after the other: what many gateways still ask for."""
    HMAC_SHA256 = "hmac-sha256"
    BEARER = "bearer"
    """The secret itself, in the Authorization header."""


class GatewaySignature(_Part):
    """`{signature}` in fields and headers; for `bearer`, the header is added."""

    signer: GatewaySigner = GatewaySigner.NONE
    secret: str = "secret"  # noqa: S105
    """The name of the credential that is key or token."""
    parts: list[str] = []
    join: str = ""
    output: Literal["hex", "HEX", "base64"] = "hex"


class GatewaySuccess(_Part):
    """What an accepted message is answered with: a status, and a value at a place in the JSON answer."""

    status: list[int] = [200]
    at: str = ""
    """Names of members and numbers of items, separated by dots: `Response.Status.0.Code`."""
    equals: str = ""


class GatewayProfile(_Part):
    """A whole profile."""

    title: str
    status: Literal["example", "in use"]
    """`example`: written from published descriptions, never run against the real thing."""
    sources: str
    method: Literal["POST", "GET"] = "POST"
    url: str = Field(pattern=r"^(https?://|\{)")
    body: Literal["form", "json", "base64-json"] = "json"
    headers: dict[str, str] = {}
    fields: dict[str, str]
    templates: dict[Literal["code", "counter_code", "notice"], str] = {}
    """What `{template}` is for each sort of message."""
    time_format: str = "%Y%m%d%H%M%S"
    """Of `{time_text}`, in China's time."""
    timeout_seconds: float = Field(default=8, gt=0, le=20)
    sign: GatewaySignature = GatewaySignature()
    success: GatewaySuccess = GatewaySuccess()

    @model_validator(mode="after")
    def _consistent(self) -> "GatewayProfile":
        if self.sign.signer in (GatewaySigner.MD5, GatewaySigner.HMAC_SHA256):
            if not self.sign.parts:
                raise ValueError("sign.parts: what is to be signed?")
            if not any("{signature}" in text for text in (*self.fields.values(), *self.headers.values())):
                raise ValueError("sign: {signature} stands nowhere")
        if "{signature}" in "".join(self.sign.parts):
            raise ValueError("sign.parts: the signature cannot sign itself")
        return self

    def credentials(self) -> set[str]:
        """The names that the installation has to give values for."""
        texts = [self.url, *self.headers.values(), *self.fields.values(), *self.sign.parts]
        named = {name for text in texts for name in _NAME.findall(text)} - OURS
        return named | (
            {self.sign.secret} if self.sign.signer not in (GatewaySigner.NONE, GatewaySigner.MD5) else set()
        )


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with every {name} replaced, once: what is filled in is not looked at again."""
    return _NAME.sub(lambda found: values[found.group(1)], template)


def read_profile(path: Path) -> GatewayProfile:
    """The profile of a file; raises BadProfile."""
    try:
        return GatewayProfile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadGatewayProfile(f"{path.name}: {error}") from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'profile'}: {one['msg']}" for one in error.errors()]
        raise BadGatewayProfile("\n".join(f"{path.name}: {problem}" for problem in problems)) from error
