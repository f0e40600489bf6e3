"""Who calls: the access token in the header and nothing else, its scope, and how long ago its person logged in."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import OAuth2AuthorizationCodeBearer, SecurityScopes
from starlette.requests import Request

from idp.accounts.contacts.phones import Phones
from idp.accounts.contacts.preferences import Preferences
from idp.accounts.lifecycle.service import Lifecycle
from idp.accounts.model import AccountKind
from idp.accounts.real_names.corrections import Corrections
from idp.accounts.real_names.service import RealNames
from idp.accounts.real_names.verification import Verification
from idp.authentication.factors.service import Factors
from idp.authentication.guard import FRESH_SECONDS
from idp.authentication.login.own_password import OwnPassword
from idp.authentication.passkeys.service import Passkeys
from idp.authentication.phone.codes import PhoneCodes
from idp.authentication.qr.service import QrLogins
from idp.federation.linking.account_links import AccountLinks
from idp.infrastructure.key_value import KeyValue
from idp.infrastructure.sources import Sources
from idp.infrastructure.web.site import Site
from idp.oauth.model import TokenHolder
from idp.oauth.protocol.errors import InsufficientScope, MissingToken
from idp.oauth.token_inspection import TokenInspection
from idp.organizations.guardians import Guardians
from idp.organizations.mandates import Mandates
from idp.organizations.service import Organizations
from idp.relying_parties.scopes import ACCOUNT, ACCOUNT_SECURITY, ACCOUNT_WRITE
from idp.selfservice.api.problems import Problem, StepUp
from idp.selfservice.events.service import Events
from idp.selfservice.export.service import Export
from idp.selfservice.overview.attention import Attention
from idp.selfservice.profile.service import Profiles
from idp.selfservice.security.platforms import Titles
from idp.selfservice.systems.service import Systems
from idp.sessions.devices import Devices
from idp.sessions.model import Caller, Owner, Session
from idp.sessions.service import Sessions

MOST_A_MINUTE = 120
WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Services:
    """What stands behind the routes: the same that stands behind the pages."""

    site: Site
    key_value: KeyValue
    sources: Sources
    resources: TokenInspection
    profiles: Profiles
    preferences: Preferences
    corrections: Corrections
    phones: Phones
    phone_codes: PhoneCodes
    real_names: RealNames
    verification: Verification
    factors: Factors
    passkeys: Passkeys
    own_password: OwnPassword
    qr_logins: QrLogins
    links: AccountLinks
    platforms: Titles
    sessions: Sessions
    devices: Devices
    systems: Systems
    mandates: Mandates
    guardians: Guardians
    organizations: Organizations
    attention: Attention
    events: Events
    export: Export
    lifecycle: Lifecycle
    cooling_days: int


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """The person whose token it is."""

    owner: Owner
    session: Session
    """As far as the token tells: the login that it came of."""

    @property
    def account_id(self) -> str:
        """Whose account."""
        return self.owner.account_id

    @property
    def caller(self) -> Caller:
        """The other end of the line."""
        return self.owner.caller


SCHEME = OAuth2AuthorizationCodeBearer(
    authorizationUrl="/authorize",
    tokenUrl="/token",
    refreshUrl="/token",
    scopes={
        ACCOUNT: "read the own account",
        ACCOUNT_WRITE: "change the own account; needs a login of the last ten minutes",
        ACCOUNT_SECURITY: "change what protects it; mostly needs the second factor as well",
    },
    auto_error=False,
)


async def services(request: Request) -> Services:
    """The services of this worker."""
    found: Services = request.app.state.services
    return found


Tools = Annotated[Services, Depends(services)]


async def holder(
    request: Request,
    wanted: SecurityScopes,
    tools: Tools,
    token: Annotated[str | None, Depends(SCHEME)],
) -> TokenBearer:
    """The person, if the token lives and has the scope; raises InvalidToken, InsufficientScope, Problem."""
    if not token:
        raise MissingToken("an access token is required")
    whose, claims = await tools.resources.holder(token)
    if whose.kind != AccountKind.PERSON:
        raise Problem(403, "organization_login", "an organisation's login has no account of its own")
    if await tools.key_value.increment("api", whose.id, WINDOW_SECONDS) > MOST_A_MINUTE:
        raise Problem(429, "too_many_requests", "too many requests", retry_after=str(WINDOW_SECONDS))
    if not set(wanted.scopes) <= set(claims["scope"].split()):
        raise InsufficientScope("the access token lacks a scope", detail=" ".join(wanted.scopes))
    caller = Caller(tools.site.addresses.of(request), request.headers.get("user-agent", ""))
    session = _session(whose, claims, tools.sources.now())
    return TokenBearer(Owner(whose.id, session.id, caller), session)


async def fresh(tools: Tools, person: Annotated[TokenBearer, Depends(holder)]) -> TokenBearer:
    """The same, after a login of the last minutes; raises StepUp."""
    if tools.sources.now() - person.session.authenticated_at >= FRESH_SECONDS:
        raise StepUp("a more recent login is required", FRESH_SECONDS)
    return person


async def strong(tools: Tools, person: Annotated[TokenBearer, Depends(fresh)]) -> TokenBearer:
    """The same, as strong a login as what protects the account asks for; raises StepUp."""
    if (lacking := await tools.factors.lacking(person.session)) is not None:
        raise StepUp(f"a login with {lacking} is required", FRESH_SECONDS)
    return person


Reader = Annotated[TokenBearer, Security(holder, scopes=[ACCOUNT])]
Writer = Annotated[TokenBearer, Security(fresh, scopes=[ACCOUNT_WRITE])]
Giver = Annotated[TokenBearer, Security(strong, scopes=[ACCOUNT_WRITE])]
Approver = Annotated[TokenBearer, Security(fresh, scopes=[ACCOUNT_SECURITY])]
Strong = Annotated[TokenBearer, Security(strong, scopes=[ACCOUNT_SECURITY])]


def _session(whose: TokenHolder, claims: dict[str, Any], now: float) -> Session:
    return Session(
        id=claims["sid"],
        account_id=whose.id,
        name=whose.name,
        username=whose.username,
        real_name_level=whose.real_name_level,
        authenticated_at=float(claims["auth_time"]),
        last_seen_at=now,
        amr=whose.amr,
        certified=whose.certificate_number is not None,
        security_version=whose.security_version,
    )
