"""Makes ready what a server of this version needs: the secret, the schema, the first signing keys."""

from idp import schema
from idp.infrastructure.database.version import head, version
from idp.infrastructure.secret_file import make_if_missing
from idp.infrastructure.sources import system_sources
from idp.keys.service import KeyRing
from idp.server.composition import foundation
from idp.settings import Settings


async def prepare_database(settings: Settings) -> dict[str, object]:
    """Everything `idp migrate` does; the versions before and after."""
    made = make_if_missing(settings.secret_path, system_sources())
    before = after = await version(settings.database)
    if before < head():
        # Loaded only when there is something to do: it takes longer than all the rest.
        from idp.infrastructure.database.migrate import migrate  # noqa: PLC0415

        before, after = await migrate(settings.database, schema.metadata)
    async with foundation(settings) as base:
        await KeyRing(base).ensure()
    return {"before": before, "after": after, "secret_made": made}
