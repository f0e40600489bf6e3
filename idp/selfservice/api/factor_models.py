"""What the interface says and hears about what protects an account."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from idp.authentication.factors.service import MOST_LABEL
from idp.authentication.model import Choice
from idp.selfservice.api.models import Heard, Said

Label = Annotated[str, Field(max_length=MOST_LABEL)]
Token = Annotated[str, Field(max_length=100)]


class Factor(Said):
    """An authenticator; never its secret."""

    id: str
    kind: str
    label: str | None
    created_at: datetime
    last_used_at: datetime | None


class TotpBegun(Said):
    """An authenticator app to be set up (RFC 6238): it counts once a code confirms it."""

    enrolment: str
    secret: str
    uri: str


class TotpProved(Heard):
    """A code that the app shows."""

    enrolment: Token
    otp: Annotated[str, Field(max_length=20)]
    label: Label = ""


class PasskeyBegun(Said):
    """`options`: PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3 §5.1.8)."""

    ceremony: str
    options: dict[str, Any]


class PasskeyMade(Heard):
    """`credential`: RegistrationResponseJSON (WebAuthn Level 3 §5.1.8)."""

    ceremony: Token
    credential: dict[str, Any]
    label: Label = ""


class RecoveryCodes(Said):
    """Shown now and never again."""

    codes: list[str]


class LoginChoices(Heard):
    """What the person asks for beyond what policy asks."""

    choices: Annotated[list[Choice], Field(max_length=len(Choice))]


class NewPassword(Heard):
    """The password in use, unless the account has none yet, and the one to be."""

    password: Annotated[str, Field(max_length=4096, repr=False)] = ""
    new_password: Annotated[str, Field(max_length=4096, repr=False)]
