"""Opens what the services stand on, from settings: for a worker of the server and for one call of the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from idp.accounts.authority import Access, Authority
from idp.federation.installation import Installed, profiles_folder, read_installation
from idp.infrastructure import database, key_value
from idp.infrastructure.database.version import head, standing
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import HighWaterMark, shown_instant
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.messages.gateway import Gateway
from idp.infrastructure.messages.interface import Channel
from idp.infrastructure.messages.profile import read_profile
from idp.infrastructure.messages.sink import Sink
from idp.infrastructure.messages.smtp import MailServer, Smtp
from idp.infrastructure.secret_file import open_vault
from idp.infrastructure.sources import Sources, system_sources
from idp.settings import Settings


class NotMigrated(Exception):
    """The schema is not that of this program; the text says what to do."""


class RestoreUnfinished(Exception):
    """The database was restored to an earlier time, and nothing was done about it yet; the text says what to do."""


async def require_what_was_seen(base: Foundation, settings: Settings) -> None:
    """Raises RestoreUnfinished, DatabaseUnavailable."""
    loss = await HighWaterMark(base, settings.data_dir).loss()
    if loss is not None:
        raise RestoreUnfinished(
            f"the database was restored: it knows until {shown_instant(loss.known)} and was seen until "
            f"{shown_instant(loss.seen)}; run `idp restore finish`"
        )


async def require_schema(settings: Settings) -> None:
    """Raises NotMigrated, DatabaseUnavailable.

    A schema that a later release has migrated is taken: during an upgrade old workers are replaced by old ones.
    """
    found = await standing(settings.database)
    if found.newer and not found.fits:
        raise NotMigrated(
            f"schema {found.version} of a later release, this program is of {head()}: upgrade it"
        )
    if not found.fits:
        raise NotMigrated(f"schema {found.version or 'missing'}, needed {head()}: run `idp migrate`")


@asynccontextmanager
async def foundation(settings: Settings) -> AsyncIterator[Foundation]:
    """The foundation, closed at the end. Raises NotMigrated, BadSecretFile, DatabaseUnavailable."""
    sources = system_sources()
    vault = open_vault(settings.secret_path, sources)
    await require_schema(settings)
    opened = await database.connect(settings.database)
    values = key_value.connect(settings.key_value_url, opened, sources.now)
    try:
        yield Foundation(opened, values, vault, sources)
    finally:
        await values.close()
        await opened.close()


def has_sink(settings: Settings) -> bool:
    """Whether messages are written down instead of being sent."""
    return settings.message_sink or (settings.demo and settings.sms_profile is None)


def sms_channel(settings: Settings, http: HttpClient, sources: Sources) -> Channel | None:
    """What sends short messages; raises BadProfile."""
    if has_sink(settings):
        return Sink(settings.data_dir, sources)
    if settings.sms_profile is None:
        return None
    credentials = {name: value.get_secret_value() for name, value in settings.sms_credentials.items()}
    return Gateway(read_profile(settings.sms_profile), credentials, http, sources)


def authorities(settings: Settings, base: Foundation, http: HttpClient) -> dict[str, Authority]:
    """The authorities that settings name, by the method that asks them."""
    named = {
        "population": Access(
            settings.population_url, settings.population_app_id, settings.population_secret.get_secret_value()
        ),
        "carrier": Access(
            settings.carrier_url, settings.carrier_app_id, settings.carrier_secret.get_secret_value()
        ),
        "licence": Access(
            settings.licence_url, settings.licence_app_id, settings.licence_secret.get_secret_value()
        ),
        "network_identity": Access(
            settings.network_identity_url,
            settings.network_identity_app_id,
            settings.network_identity_secret.get_secret_value(),
            settings.network_identity_org_id,
        ),
    }
    return {
        name: Authority(name, access, http, base.vault, base.sources)
        for name, access in named.items()
        if access.url
    }


def upstreams(settings: Settings) -> dict[str, Installed]:
    """The upstream platforms in use, by name; raises BadInstallation."""
    return read_installation(profiles_folder(settings.upstream_profiles_dir), settings.upstream_secrets_file)


def mail_channel(settings: Settings, sources: Sources) -> Channel | None:
    """What sends mail."""
    if settings.smtp_host and not settings.message_sink:
        server = MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_sender,
            settings.smtp_tls,
            settings.smtp_username,
            settings.smtp_password.get_secret_value(),
        )
        return Smtp(server, sources)
    return Sink(settings.data_dir, sources) if has_sink(settings) else None
