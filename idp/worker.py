"""The services of one worker, built once from settings and foundation and handed to what the areas show."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

import idp.authentication.methods
from idp.accounts.passwords import PasswordHasher
from idp.authentication.methods.interface import SecondFactor
from idp.authentication.service import Authentication
from idp.authentication.throttle import Limit, Limits, Throttle
from idp.composition import foundation
from idp.infrastructure import plugins
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.revisions import Revisions
from idp.infrastructure.web.address import Addresses, networks
from idp.infrastructure.web.cookies import Cookies
from idp.infrastructure.web.pages import Pages
from idp.infrastructure.web.site import Site, json_error, wants_json
from idp.infrastructure.web.translations import Translations
from idp.infrastructure.web.translations import mark as _
from idp.keys.service import KeyRing
from idp.keys.store import REVISION as KEYS
from idp.oauth.model import Lifetimes
from idp.relying_parties.service import Registry
from idp.relying_parties.store import REVISION as CLIENTS
from idp.sessions.logout import LogoutNotices
from idp.sessions.model import Lifetimes as SessionLifetimes
from idp.sessions.service import Sessions
from idp.settings import Settings

TEMPLATES = sorted(Path(__file__).parent.glob("*/templates"))
"""The template folders of all rooms."""


class Worker:
    """The services of one worker."""

    def __init__(self, settings: Settings, base: Foundation) -> None:
        self.settings = settings
        self.base = base
        self.session_lifetimes = SessionLifetimes(settings.session_idle, settings.session_absolute)
        self.lifetimes = Lifetimes(
            code=settings.code_lifetime,
            access_token=settings.access_token_lifetime,
            refresh_idle=settings.refresh_idle,
            refresh_absolute=settings.refresh_absolute,
            refresh_grace=settings.refresh_grace,
        )
        self.http = HttpClient(settings.ca_file)
        self.hasher = PasswordHasher()
        self.outbox = Outbox(base.database, base.sources)
        self.revisions = Revisions(base.database)
        self.keys = KeyRing(base)
        self.registry = Registry(base)
        self.sessions = Sessions(base, self.registry, self.outbox, self.session_lifetimes)
        self.site = Site(
            origin=settings.issuer,
            pages=Pages(TEMPLATES, translations := Translations()),
            translations=translations,
            cookies=Cookies(secure=settings.secure),
            addresses=Addresses(networks(settings.trusted_proxies)),
            vault=base.vault,
            sources=base.sources,
        )
        limits = Limits(address=Limit(settings.login_attempts_per_address, 900))
        self.throttle = Throttle(base, limits)
        factors = plugins.load(idp.authentication.methods, "METHOD", SecondFactor)  # type: ignore[type-abstract]
        self.authentication = Authentication(base, self.sessions, self.hasher, self.throttle, factors)

    async def start(self) -> None:
        """Load what is kept in memory, begin the background work."""
        self.revisions.follow(KEYS, self.keys.load)
        self.revisions.follow(CLIENTS, self.registry.load)
        await self.revisions.start()
        notices = LogoutNotices(self.settings.issuer, self.base.sources, self.keys, self.registry, self.http)
        notices.register(self.outbox)
        await self.outbox.start()

    async def stop(self) -> None:
        """End the background work."""
        await self.outbox.stop()
        await self.revisions.stop()
        await self.http.close()
        self.hasher.close()

    def show_error(self, request: Request, status: int, reference: str) -> Response:
        """The answer where no handler could give one."""
        if wants_json(request):
            return json_error(status, *MACHINE_ERRORS[status])
        message = self.site.say(request, _PERSON_ERRORS[status])
        return self.site.error(request, status, message, reference)


_PERSON_ERRORS = {
    404: _("没有这个页面。"),
    405: _("这个页面不能这样打开。"),
    500: _("系统出了错，我们已经记录。请稍后再试，或把下面的编号告诉服务台。"),
    503: _("服务暂时不可用，请稍后再试。"),
}
MACHINE_ERRORS = {
    404: ("not_found", "no such resource"),
    405: ("invalid_request", "method not allowed"),
    500: ("server_error", "internal error"),
    503: ("temporarily_unavailable", "a store is unavailable, try again"),
}


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Worker]:
    """A started worker."""
    async with foundation(settings) as base:
        running = Worker(settings, base)
        await running.start()
        try:
            yield running
        finally:
            await running.stop()
