"""Opens what the services stand on, from settings: for a worker of the server and for one call of the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from idp.infrastructure import database, key_value
from idp.infrastructure.database.version import head, version
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.secret_file import open_vault
from idp.infrastructure.sources import system_sources
from idp.settings import Settings


class NotMigrated(Exception):
    """The schema is not that of this program; the text says what to do."""


async def require_schema(settings: Settings) -> None:
    """Raises NotMigrated, DatabaseUnavailable."""
    found = await version(settings.database)
    if found != head():
        raise NotMigrated(f"schema {found or 'missing'}, needed {head()}: run `idp migrate`")


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
