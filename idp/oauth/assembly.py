"""OAuth 2 and OpenID Connect: authorization, tokens, logout."""

from typing import Protocol

import idp.oauth.grants
from idp.audit.store import AuditStore
from idp.authentication.upstream.stay import Farewell
from idp.infrastructure import plugins
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer
from idp.oauth.authorization_service import AuthorizationService
from idp.oauth.authorize_routes import AuthorizePages
from idp.oauth.client_authentication import ClientAuthenticator
from idp.oauth.end_session import Leaving, LogoutPages
from idp.oauth.grants.interface import GrantContext, GrantHandler
from idp.oauth.lifecycle_hook import GrantLifecycleHook
from idp.oauth.model import TokenLifetimes
from idp.oauth.routes import MachineEndpoints
from idp.oauth.service import TokenService
from idp.oauth.store import OAuthStore
from idp.oauth.sweeper import FORGET_SECONDS, SWEEP_SECONDS, Sweeper
from idp.oauth.token_inspection import TokenInspection
from idp.oauth.tokens import TokenIssuer
from idp.sign_on.assembly import SignOnRoom

OF_PAGES = (
    *("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"),
    *("/token", "/revoke", "/userinfo"),
)
"""What a public client that is a page reads of this server from its own origin."""


class ProviderSettings(Protocol):
    """What is read of the settings; durations in seconds."""

    issuer: str
    retention: int
    code_lifetime: int
    access_token_lifetime: int
    refresh_idle: int
    refresh_absolute: int
    refresh_grace: int


class OAuthRoom:
    """The provider."""

    def __init__(self, settings: ProviderSettings, sign_on: SignOnRoom) -> None:
        self.sign_on = sign_on
        sessions, federation = sign_on.authentication.sessions, sign_on.authentication.federation
        ground, accounts = sessions.ground, sessions.accounts
        keys, registry = sessions.keys.ring, sessions.relying_parties.registry
        issuer, base = settings.issuer, ground.base
        self.lifetimes = lifetimes = TokenLifetimes(
            code=settings.code_lifetime,
            access_token=settings.access_token_lifetime,
            refresh_idle=settings.refresh_idle,
            refresh_absolute=settings.refresh_absolute,
            refresh_grace=settings.refresh_grace,
        )
        self.sweeper = Sweeper(
            base, sessions.sessions.endings, ground.outbox, sessions.lifetimes, settings.retention
        )
        accounts.lifecycle_hooks.join(GrantLifecycleHook(base.sources))
        accounts.openings.join(GrantLifecycleHook(base.sources))
        self.inspection = TokenInspection(
            issuer, base, keys, registry, sessions.lifetimes, lifetimes.refresh_idle
        )
        store = OAuthStore(sessions.lifetimes)
        context = GrantContext(
            base, store, AuditStore(base.sources), TokenIssuer(issuer, base, keys, lifetimes), lifetimes
        )
        authenticator = ClientAuthenticator(issuer, base, registry, ground.http)
        grants = plugins.load(idp.oauth.grants, "GRANT", GrantHandler)  # type: ignore[type-abstract]
        tokens = TokenService(authenticator, context, grants)
        machines = MachineEndpoints(
            issuer, ground.site.addresses, authenticator, tokens, self.inspection, keys
        )
        issuing = AuthorizationService(base, sign_on.sign_on, keys, lifetimes)
        authorize = AuthorizePages(issuer, issuing, registry, sign_on.pages)
        sign_on.protocols.add(authorize)
        leaving = Leaving(ground.outbox, Farewell(federation.federation).of_session)
        logout = LogoutPages(keys, registry, sessions.sessions, leaving)
        reception = sign_on.authentication.reception
        routes = [machines.routes(), *map(reception.routes, (authorize.routes(), logout.routes()))]
        answered = {path: tuple(methods) for table in routes for path, methods in table.items()}
        self.offer = Offer(
            routes=routes,
            shared={path: answered[path] for path in OF_PAGES},
            jobs=[
                Job("sessions.dead", SWEEP_SECONDS, self.sweeper.end_dead),
                Job("retention", FORGET_SECONDS, self.sweeper.forget_old),
            ],
        )
