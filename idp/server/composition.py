"""Opens what the services stand on, from settings: for a worker of the server and for one call of the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from idp.infrastructure import database, key_value
from idp.infrastructure.database.version import head, standing
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import HighWaterMark, shown_instant
from idp.infrastructure.secret_file import open_vault
from idp.infrastructure.sources import system_sources
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
