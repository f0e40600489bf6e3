"""The pages about what protects the own account, by what it is entered, and whose it is."""

from idp.authentication.assembly import AuthenticationRoom
from idp.authentication.guard import Guard
from idp.authentication.visitor import Pages
from idp.selfservice.real_name.going import Going
from idp.selfservice.real_name.routes import RealNamePages
from idp.selfservice.real_name.view import RealNameView
from idp.selfservice.security.adding_routes import AddingPages, FirstFactorAdded
from idp.selfservice.security.qr_routes import QrApproval
from idp.selfservice.security.routes import SecurityPages
from idp.selfservice.security.upstream_routes import UpstreamLinkPages


def identity_pages(guard: Guard, authentication: AuthenticationRoom, app_url: str) -> list[Pages]:
    """A table for each; `app_url` is the page that stands for the person's app in a demonstration."""
    federation, accounts = authentication.federation, authentication.sessions.accounts
    login_flow, factors = authentication.login_flow, authentication.factors
    passkeys, password = authentication.passkeys, authentication.own_password
    platforms = federation.platforms
    added = FirstFactorAdded(login_flow, authentication.authentication)
    security = SecurityPages(guard, login_flow, factors, passkeys, password, has_platforms=bool(platforms))
    real_name = RealNamePages(
        guard,
        login_flow,
        accounts.real_names,
        accounts.verification,
        RealNameView(platforms, app_url),
        Going(login_flow, factors),
    )
    return [
        security.routes(),
        AddingPages(guard, factors, passkeys, password, added).routes(),
        UpstreamLinkPages(guard, federation.links, platforms).routes(),
        QrApproval(guard, authentication.qr_logins).routes(),
        real_name.routes(),
    ]
