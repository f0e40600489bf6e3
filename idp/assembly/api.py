"""/api: JSON interfaces for programs."""

from starlette.types import ASGIApp

from idp.oauth.token_inspection import TokenInspection
from idp.selfservice.api.application import application
from idp.selfservice.api.gate import Services
from idp.selfservice.attention import Attention
from idp.worker import Worker


def api(worker: Worker) -> ASGIApp:
    """The application to mount there."""
    base = worker.base
    return application(
        Services(
            site=worker.site,
            key_value=base.key_value,
            sources=base.sources,
            resources=TokenInspection(
                worker.settings.issuer,
                base,
                worker.keys,
                worker.registry,
                worker.session_lifetimes,
                worker.lifetimes.refresh_idle,
            ),
            profiles=worker.profiles,
            preferences=worker.preferences,
            corrections=worker.corrections,
            phones=worker.phones,
            phone_codes=worker.phone_codes,
            real_names=worker.real_names,
            verification=worker.verification,
            factors=worker.factors,
            passkeys=worker.passkeys,
            own_password=worker.own_password,
            qr_logins=worker.qr_logins,
            links=worker.links,
            platforms=worker.platforms,
            sessions=worker.sessions,
            devices=worker.devices,
            systems=worker.systems,
            mandates=worker.mandates,
            guardians=worker.guardians,
            organizations=worker.organizations,
            attention=Attention(worker.profiles, worker.factors, worker.mandates),
            events=worker.events,
            export=worker.export,
            lifecycle=worker.lifecycle,
            cooling_days=worker.settings.cancellation_cooling_days,
        )
    )
