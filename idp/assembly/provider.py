"""The provider: authorization, tokens, logout."""

import idp.oauth.grants
from idp.audit.store import AuditStore
from idp.authentication.upstream_stay import Farewell
from idp.infrastructure import plugins
from idp.infrastructure.web.dispatch import Routes
from idp.oauth.client_authentication import ClientAuthenticator
from idp.oauth.end_session import Leaving, LogoutPages
from idp.oauth.grants.interface import GrantContext, GrantHandler
from idp.oauth.routes import MachineEndpoints
from idp.oauth.service import TokenService
from idp.oauth.store import OAuthStore
from idp.oauth.token_inspection import TokenInspection
from idp.oauth.tokens import TokenIssuer
from idp.sign_on.acting_routes import ActingPages
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    leaving = Leaving(worker.outbox, Farewell(worker.site, worker.federation).of_session)
    logout = LogoutPages(worker.site, worker.keys, worker.registry, worker.sessions, leaving)
    return {
        **_machines(worker).routes(),
        **worker.sign_on_pages.routes(),
        **worker.authorize_pages.routes(),
        **ActingPages(worker.site, worker.entrance, worker.registry, worker.acting).routes(),
        **logout.routes(),
    }


def _machines(worker: Worker) -> MachineEndpoints:
    issuer, base, lifetimes = worker.settings.issuer, worker.base, worker.lifetimes
    store = OAuthStore(worker.session_lifetimes)
    token_issuer = TokenIssuer(issuer, base, worker.keys, lifetimes)
    context = GrantContext(base, store, AuditStore(base.sources), token_issuer, lifetimes)
    authenticator = ClientAuthenticator(issuer, base, worker.registry, worker.http)
    grants = plugins.load(idp.oauth.grants, "GRANT", GrantHandler)  # type: ignore[type-abstract]
    tokens = TokenService(authenticator, context, grants)
    resources = TokenInspection(
        issuer, base, worker.keys, worker.registry, worker.session_lifetimes, lifetimes.refresh_idle
    )
    return MachineEndpoints(issuer, worker.site.addresses, authenticator, tokens, resources, worker.keys)
