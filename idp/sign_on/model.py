"""What a system asks of sign-on, where a person stands toward it, and what may come of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from idp.organizations.model import Principal
from idp.relying_parties.model import Client, PrincipalKind
from idp.sessions.model import Session


class Prompt(StrEnum):
    """What a system wants the person to be asked, whatever is known already (OpenID Connect Core §3.1.2.1)."""

    NONE = "none"
    LOGIN = "login"
    CONSENT = "consent"
    SELECT_ACCOUNT = "select_account"


class NextStep(StrEnum):
    """What the person has to do next."""

    LOGIN = "login"
    STEP_UP = "step_up"
    """Show the second factor."""
    REAL_NAME = "real_name"
    """Have the real-name level raised."""
    KNOWLEDGE = "knowledge"
    """Show more than the phone."""
    FOR_WHOM = "for_whom"
    CONSENT = "consent"


class Refusal(StrEnum):
    """Why a system is not served. The first four are answers to `Prompt.NONE`: a step would be needed."""

    LOGIN_NEEDED = "a login is needed"
    INTERACTION_NEEDED = "a stronger login is needed"
    CHOICE_NEEDED = "the person has to say for whom they act"
    CONSENT_NEEDED = "the person has to consent"
    OTHER_PERSON = "somebody else than the expected person has logged in"
    LEVEL_NOT_REACHED = "the real-name level that this system demands is not reached"
    DENIED = "the person refused"


@dataclass(frozen=True, slots=True)
class SignOnRequest:
    """What a system asks for, in no protocol's words.

    `level` is the real-name level wished for beside the one that the client demands; `max_age` the greatest age of
    the login in seconds; `scopes` what the system will be told and may do; `account_id` the only account that will
    do, None where any does.
    """

    client: Client
    scopes: tuple[str, ...] = ()
    level: int = 0
    max_age: int | None = None
    prompts: frozenset[Prompt] = frozenset()
    account_id: str | None = None
    login_hint: str = ""
    anybody_could_ask: bool = False
    """Whether another program could receive the answer in the client's name (RFC 8252 §8.6): then an earlier consent
    counts for nothing."""
    powerful: bool = False
    """Whether the answer lets its holder change the account, or read its certificate number with no client secret."""

    @property
    def demanded_level(self) -> int:
        """The level that the client's registration demands or this request wishes for."""
        return max(self.client.minimum_level, self.level)

    @property
    def silent(self) -> bool:
        """Whether the person must not be asked anything."""
        return Prompt.NONE in self.prompts


@dataclass(frozen=True, slots=True)
class SignOnState:
    """Where a person stands toward a client: the live session, the scopes agreed to, whether the client joined."""

    session: Session
    consented: frozenset[str]
    joined: bool
    second_factor: bool
    """Whether the account has a second factor, used or not."""
    choices: tuple[Principal, ...] = ()
    """For whom else the person might enter this client, where `is_undecided` says that it matters."""

    def with_choices(self, client: Client, principals: Iterable[Principal]) -> "SignOnState":
        """The state of somebody who might act for others too."""
        return replace(self, choices=tuple(each for each in principals if suits(client, each)))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else counts beside request and state. Instants are Unix seconds.

    `asked_at` is when the request first arrived: what the person did after that counts for its prompts.
    """

    asked_at: float
    now: float
    agreed: bool = False
    """Whether the person has just agreed to this very request."""
    declined: bool = False
    """Whether the person would not have the real-name level raised for this request."""
    raisable_level: int = 0
    """The highest real-name level that somebody can reach here by themselves."""


def suits(client: Client, principal: Principal | None) -> bool:
    """Whether the client serves people who act for this principal (None: for themselves), and the mandate covers it."""
    if principal is None:
        return client.serves(PrincipalKind.PERSON)
    return client.serves(principal.kind) and (not principal.systems or client.client_id in principal.systems)


def is_undecided(asked: SignOnRequest, session: Session) -> bool:
    """Whether it matters for whom else the person might act: asked once a session, where the client is for that."""
    never_asked = session.chosen_at is None and session.principal is None
    return Prompt.SELECT_ACCOUNT in asked.prompts or (
        never_asked and asked.client.serves(PrincipalKind.LEGAL_PERSON)
    )
