"""What the interface says and hears about how real a person is."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from idp.selfservice.api.models import Heard, Said


class RealNameRecord(Said):
    """One proof of who the person is."""

    level: int
    method: str
    source: str
    verified_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class RealName(Said):
    """The level and how it came about."""

    level: int
    records: list[RealNameRecord]


class Way(Said):
    """A method that is offered here, and the level it proves."""

    method: str
    level: int
    certificate_types: list[str]


class Identity(Heard):
    """Who the person is; left empty where the account has a verified identity already, which then counts."""

    name: Annotated[str, Field(max_length=100)] = ""
    certificate_type: Annotated[str, Field(max_length=40)] = ""
    certificate_number: Annotated[str, Field(max_length=40)] = ""


class Checked(Identity):
    """To be checked by a method that answers at once."""

    method: Literal["population", "carrier"]


class AppAsked(Identity):
    """To be confirmed in the app of the national network identity, by face or password."""

    mode: Literal["face", "password"] = "face"


class AppCall(Said):
    """What that app is called with (published names)."""

    orgID: str  # noqa: N815
    appID: str  # noqa: N815
    bizSeq: str  # noqa: N815
    type: str


class AppAnswer(Heard):
    """What the app brought back (published names); what it says beyond that is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bizSeq: Annotated[str, Field(max_length=64)]  # noqa: N815
    resultCode: Annotated[str, Field(max_length=40)]  # noqa: N815
    idCardAuthData: Annotated[str, Field(max_length=16_000)] = ""  # noqa: N815
    certPwdData: Annotated[str, Field(max_length=16_000)] = ""  # noqa: N815
