"""The own account for programs: what the JSON interface under /api works with."""

from starlette.types import ASGIApp

from idp.oauth.assembly import OAuthRoom
from idp.selfservice.api.application import application
from idp.selfservice.api.gate import Services
from idp.selfservice.events.service import Events
from idp.selfservice.export.service import Export
from idp.selfservice.overview.attention import Attention
from idp.selfservice.profile.service import Profiles
from idp.selfservice.systems.service import Systems

METHODS = ("GET", "POST", "PUT", "DELETE")


def api(
    oauth: OAuthRoom, profiles: Profiles, systems: Systems, events: Events, export: Export, cooling_days: int
) -> ASGIApp:
    """The application to mount there; a cancellation can be taken back for so many days."""
    authentication = oauth.sign_on.authentication
    sessions, organizations = authentication.sessions, authentication.organizations
    federation, accounts, ground = authentication.federation, sessions.accounts, sessions.ground
    return application(
        Services(
            site=ground.site,
            key_value=ground.base.key_value,
            sources=ground.base.sources,
            resources=oauth.inspection,
            profiles=profiles,
            preferences=accounts.preferences,
            corrections=accounts.corrections,
            phones=accounts.phones,
            phone_codes=authentication.phone_codes,
            real_names=accounts.real_names,
            verification=accounts.verification,
            factors=authentication.factors,
            passkeys=authentication.passkeys,
            own_password=authentication.own_password,
            qr_logins=authentication.qr_logins,
            links=federation.links,
            platforms=federation.platforms,
            sessions=sessions.sessions,
            devices=sessions.devices,
            systems=systems,
            mandates=organizations.mandates,
            guardians=organizations.guardians,
            organizations=organizations.organizations,
            attention=Attention(profiles, authentication.factors, organizations.mandates),
            events=events,
            export=export,
            lifecycle=accounts.lifecycle,
            cooling_days=cooling_days,
        )
    )
