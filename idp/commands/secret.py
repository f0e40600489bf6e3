"""`idp secret …`: which master secrets there are, a new one, and everything sealed anew with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from idp import schema
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure import secret_file
from idp.infrastructure.console import actor, console, fail, show
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.reencryption import counted, reencrypt
from idp.infrastructure.reencryption_store import sealed_columns
from idp.infrastructure.secret_file import BadSecretFile, UnknownSecret, read_secrets
from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import Unreadable

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
KeyId = Annotated[str, typer.Argument(help="The id that `idp secret list` shows.")]


class SecretCommands:
    """The commands, as methods; `path` tells where the secret file is."""

    def __init__(self, path: Callable[[], Path]) -> None:
        self._path = path
        self.app = typer.Typer(help="Master secrets.", no_args_is_help=True)
        for name, command in (
            ("list", self.all),
            ("add", self.add),
            ("use", self.use),
            ("rotate", self.rotate),
            ("reencrypt", self.reencrypt),
            ("retire", self.retire),
        ):
            self.app.command(name)(command)

    def all(self, context: typer.Context, as_json: Json = False) -> None:
        """Every master secret by its id, and how much it has sealed; never the secret."""
        numbers = console(context).run(_counted)
        secrets = read_secrets(self._path())
        sealing = next(each for each in secrets if each.use != "lookup")
        shown = [
            {
                "id": each.key_id.hex(),
                "use": each.use.value or "seal, lookup (first form)",
                "seals": each == sealing,
                "sealed": numbers.get(each.key_id.hex(), 0),
            }
            for each in secrets
        ]
        show(shown, as_json=as_json)

    def add(self, context: typer.Context, as_json: Json = False) -> None:
        """A new secret that opens and does not seal yet: give the file to every machine, restart them, then `use`."""
        new = secret_file.announce(self._path(), system_sources())
        self._record(context, "added", new.key_id.hex())
        show({"id": new.key_id.hex()}, as_json=as_json)

    def use(self, context: typer.Context, key_id: KeyId, as_json: Json = False) -> None:
        """Seal with a secret that every machine has; takes effect where the file is and the server is restarted."""
        self._change(secret_file.use, key_id)
        self._record(context, "used", key_id)
        show({"id": key_id, "seals": True}, as_json=as_json)

    def rotate(self, context: typer.Context, as_json: Json = False) -> None:
        """`add` and `use` at once, for a single machine; restart the server, then `reencrypt`."""
        new = secret_file.announce(self._path(), system_sources())
        secret_file.use(self._path(), new.key_id.hex())
        self._record(context, "used", new.key_id.hex())
        show({"id": new.key_id.hex(), "seals": True}, as_json=as_json)

    def reencrypt(self, context: typer.Context, as_json: Json = False) -> None:
        """Seal anew what older secrets sealed, while the service goes on; begin again whenever it was interrupted."""

        async def work(base: Foundation) -> dict[str, int]:
            done: dict[str, int] = {}
            async for place, number in reencrypt(base, sealed_columns(schema.metadata)):
                done[place] = done.get(place, 0) + number
            detail = {
                "act": "reencrypted",
                "id": base.vault.current_key_id.hex(),
                "values": sum(done.values()),
            }
            line = AuditEvent(event=EventType.MASTER_SECRET_CHANGED, actor=actor(), detail=detail)
            await base.database.add(AuditStore(base.sources).record(line))
            return done

        try:
            done = console(context).run(work)
        except Unreadable as error:
            fail(f"{error}: a value was sealed by a secret that is not in the file")
        show({**done, "values": sum(done.values())}, as_json=as_json)

    def retire(self, context: typer.Context, key_id: KeyId, as_json: Json = False) -> None:
        """Take out a secret that has nothing sealed any more; one of the first form goes on to look up."""
        left = console(context).run(_counted).get(key_id, 0)
        if left:
            fail(f"{left} values are sealed with this secret: idp secret reencrypt")
        self._change(secret_file.retire, key_id)
        self._record(context, "retired", key_id)
        show({"id": key_id, "retired": True}, as_json=as_json)

    def _change(self, change: Callable[[Path, str], None], key_id: str) -> None:
        try:
            change(self._path(), key_id)
        except (UnknownSecret, BadSecretFile) as error:
            fail(str(error))

    def _record(self, context: typer.Context, act: str, key_id: str) -> None:
        async def work(base: Foundation) -> None:
            line = AuditEvent(
                event=EventType.MASTER_SECRET_CHANGED, actor=actor(), detail={"act": act, "id": key_id}
            )
            await base.database.add(AuditStore(base.sources).record(line))

        console(context).run(work)


async def _counted(base: Foundation) -> Mapping[str, int]:
    return await counted(base, sealed_columns(schema.metadata))
