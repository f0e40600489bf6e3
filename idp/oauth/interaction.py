"""What is still wanted from the person before a checked request may be answered: login, step-up, consent."""

from dataclasses import dataclass
from enum import StrEnum

from idp.infrastructure.database import Row
from idp.oauth.protocol.authorization import AuthorizationRequest
from idp.oauth.protocol.errors import (
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from idp.relying_parties.model import Client
from idp.sessions.model import MULTIPLE, Session, session_level
from idp.sessions.store import session_of


class Want(StrEnum):
    """What the person has to do next."""

    NOTHING = "nothing"
    LOGIN = "login"
    STEP_UP = "step_up"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands toward a client: the live session, the scopes agreed to and when, whether it joined."""

    session: Session
    consented: frozenset[str]
    consented_at: float
    joined: bool
    second_factor: bool
    """Whether the account has a second factor, used or not."""


def standing_of(row: Row | None) -> Standing | None:
    """The standing in a row of the AUTHORIZE statement."""
    if row is None:
        return None
    return Standing(
        session=session_of(row),
        consented=frozenset((row["consented_scope"] or "").split()),
        consented_at=row["consented_at"] or 0.0,
        joined=row["joined_at"] is not None,
        second_factor=bool(row["second_factor"]),
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """When the request first arrived (what the person did after that counts for its prompts), and now."""

    asked_at: float
    now: float


def wanted(
    client: Client,
    request: AuthorizationRequest,
    standing: Standing | None,
    hinted: str | None,
    moment: Moment,
) -> Want:
    """What comes next; raises OAuthError where it cannot be had.

    `hinted` is the account of the id_token_hint: somebody else's session does not answer the request.
    """
    if standing is not None and hinted is not None and standing.session.account_id != hinted:
        standing = None
    want = _wanted(client, request, standing, moment)
    if want is not Want.NOTHING and "none" in request.prompt:
        raise _NONE_ERRORS[want]("prompt none, but the person is needed")
    return want


_NONE_ERRORS: dict[Want, type[OAuthError]] = {
    Want.LOGIN: LoginRequired,
    Want.STEP_UP: InteractionRequired,
    Want.CONSENT: ConsentRequired,
}


def _wanted(client: Client, request: AuthorizationRequest, standing: Standing | None, moment: Moment) -> Want:
    if standing is None:
        return Want.LOGIN
    session = standing.session
    fresh = session.authenticated_at >= moment.asked_at
    if request.prompt & {"login", "select_account"} and not fresh:
        return Want.LOGIN
    if request.max_age is not None and not fresh and moment.now - session.authenticated_at > request.max_age:
        return Want.LOGIN
    level = max(client.minimum_level, request.acr_level)
    if session.level < level:
        if _reachable(standing) >= level:
            return Want.STEP_UP
        if session.level < client.minimum_level:
            raise UnmetAuthenticationRequirements(
                "the real-name level that this system demands is not reached"
            )
    if "consent" in request.prompt and standing.consented_at < moment.asked_at:
        return Want.CONSENT
    if client.consent_required and not frozenset(request.scopes) <= standing.consented:
        return Want.CONSENT
    return Want.NOTHING


def _reachable(standing: Standing) -> int:
    """The level that a second factor would bring; one that was used already brings no more."""
    session = standing.session
    if MULTIPLE in session.amr or not standing.second_factor:
        return session.level
    return session_level(session.real_name_level, (MULTIPLE,))
