"""What is still wanted from the person before a checked request may be answered: login, step-up, choice, consent."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from idp.authentication.strength import Lacking, lacking
from idp.infrastructure.database import Row
from idp.oauth.protocol import redirect_uris
from idp.oauth.protocol.authorization import AuthorizationRequest
from idp.oauth.protocol.errors import (
    AccountSelectionRequired,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from idp.oauth.protocol.scopes import CHANGING, REAL_NAME
from idp.organizations.model import Principal
from idp.relying_parties.model import Client, PrincipalKind
from idp.sessions.model import MULTIPLE, Session, session_level
from idp.sessions.store import session_of


class Want(StrEnum):
    """What the person has to do next."""

    NOTHING = "nothing"
    LOGIN = "login"
    STEP_UP = "step_up"
    KNOWLEDGE = "knowledge"
    CHOICE = "choice"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands toward a client: the live session, the scopes agreed to, whether it joined."""

    session: Session
    consented: frozenset[str]
    joined: bool
    second_factor: bool
    """Whether the account has a second factor, used or not."""
    choices: tuple[Principal, ...] = ()
    """For whom else the person might enter this client, where `undecided` says that it matters."""


def standing_of(row: Row | None) -> Standing | None:
    """The standing in a row of the AUTHORIZE statement."""
    if row is None:
        return None
    return Standing(
        session=session_of(row),
        consented=frozenset((row["consented_scope"] or "").split()),
        joined=row["joined_at"] is not None,
        second_factor=bool(row["second_factor"]),
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """When the request first arrived (what the person did after that counts for its prompts), and now."""

    asked_at: float
    now: float
    agreed: bool = False
    """Whether the person has just agreed to this very request."""


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
        if standing.session.authenticated_at > moment.asked_at:
            # Asked to log in, somebody else did (OpenID Connect Core §3.1.2.1): asking again has no end.
            raise LoginRequired("somebody else than id_token_hint names has logged in")
        standing = None
    want = _wanted(client, request, standing, moment)
    if want is not Want.NOTHING and "none" in request.prompt:
        raise _NONE_ERRORS[want]("prompt none, but the person is needed")
    return want


_NONE_ERRORS: dict[Want, type[OAuthError]] = {
    Want.LOGIN: LoginRequired,
    Want.STEP_UP: InteractionRequired,
    Want.KNOWLEDGE: InteractionRequired,
    Want.CHOICE: AccountSelectionRequired,
    Want.CONSENT: ConsentRequired,
}


def _wanted(client: Client, request: AuthorizationRequest, standing: Standing | None, moment: Moment) -> Want:
    if standing is None:
        return Want.LOGIN
    session = standing.session
    fresh = session.authenticated_at >= moment.asked_at
    if "login" in request.prompt and not fresh:
        return Want.LOGIN
    if "select_account" in request.prompt and not _chosen_since(session, moment.asked_at):
        if standing.choices:
            return Want.CHOICE
        if not fresh:
            return Want.LOGIN
    if request.max_age is not None and not fresh and moment.now - session.authenticated_at > request.max_age:
        return Want.LOGIN
    level = max(client.minimum_level, request.acr_level)
    if session.level < level:
        if _reachable(standing) >= level:
            return Want.STEP_UP
        if session.level < client.minimum_level:
            if not session.is_person and not fresh:
                return (
                    Want.LOGIN
                )  # an organisation's login proves nobody: whoever sits there logs in as themselves
            if MULTIPLE not in session.amr and session.real_name_level >= client.minimum_level:
                return Want.STEP_UP  # the person has no second factor yet: the page tells how to get one
            raise UnmetAuthenticationRequirements(
                "the real-name level that this system demands is not reached"
            )
    if _powerful(client, request):
        # No token with such a scope without what its use asks for: an app cannot ask for a second factor by itself.
        match lacking(session, second_factor=standing.second_factor):
            case Lacking.SECOND_FACTOR:
                return Want.STEP_UP
            case Lacking.KNOWLEDGE:
                return Want.KNOWLEDGE
    if not suits(client, session.principal) or (standing.choices and session.chosen_at is None):
        return Want.CHOICE
    return _consent(client, request, standing, moment)


def _consent(client: Client, request: AuthorizationRequest, standing: Standing, moment: Moment) -> Want:
    """What the person has agreed to before counts only where it is certain who asks now.

    Else they agree to this request, not to one of the app: another program may have left its own in another tab.
    """
    anew = "consent" in request.prompt or redirect_uris.unclaimed(request.redirect_uri, native=client.public)
    if anew and not moment.agreed:
        return Want.CONSENT
    if client.consent_required and not frozenset(request.scopes) <= standing.consented:
        return Want.CONSENT
    return Want.NOTHING


def _powerful(client: Client, request: AuthorizationRequest) -> bool:
    """Whether the answer lets somebody change the account, or read its certificate number with no client secret."""
    scopes = frozenset(request.scopes)
    return bool(CHANGING & scopes) or (client.public and REAL_NAME in scopes)


def suits(client: Client, principal: Principal | None) -> bool:
    """Whether the client serves people who act for this principal (None: for themselves), and the mandate covers it."""
    if principal is None:
        return client.serves(PrincipalKind.PERSON)
    return client.serves(principal.kind) and (not principal.systems or client.client_id in principal.systems)


def undecided(client: Client, request: AuthorizationRequest, session: Session) -> bool:
    """Whether it matters for whom else the person might act: asked once a session, where the client is for that."""
    never_asked = session.chosen_at is None and session.principal is None
    return "select_account" in request.prompt or (never_asked and client.serves(PrincipalKind.LEGAL_PERSON))


def with_choices(standing: Standing, client: Client, principals: Iterable[Principal]) -> Standing:
    """The standing of somebody who might act for others too."""
    return replace(standing, choices=tuple(each for each in principals if suits(client, each)))


def _chosen_since(session: Session, instant: float) -> bool:
    return session.chosen_at is not None and session.chosen_at >= instant


def _reachable(standing: Standing) -> int:
    """The level that a second factor would bring; one that was used already brings no more."""
    session = standing.session
    if MULTIPLE in session.amr or not standing.second_factor:
        return session.level
    return session_level(session.real_name_level, (MULTIPLE,))
