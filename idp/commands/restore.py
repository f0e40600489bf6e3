"""`idp restore …`: whether this database was restored to an earlier time, and what makes it fit to serve again."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from idp.audit.sealing import Sealer
from idp.commands.restoration import Restoration, UnreadableRecord, to_redo
from idp.infrastructure.console import actor, console, fail, show
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import HighWaterMark, Loss, shown_instant
from idp.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Record = Annotated[
    Path | None,
    typer.Option(help="The archived record since the copy was made, as `idp record export` wrote it."),
]
Since = Annotated[
    datetime | None,
    typer.Option(help="Until when the copy knows, where nothing tells it (UTC, 2026-11-27T08:00:00)."),
]


class RestoreCommands:
    """The commands, as methods."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self.app = typer.Typer(help="After a backup was restored.", no_args_is_help=True)
        self.app.command("status")(self.status)
        self.app.command("finish")(self.finish)

    def status(self, context: typer.Context, as_json: Json = False) -> None:
        """Whether the database is older than it was seen."""
        loss = console(context).run(self._loss)
        shown = (
            {"known_until": shown_instant(loss.known), "seen_until": shown_instant(loss.seen)} if loss else {}
        )
        show({"restored": loss is not None, **shown}, as_json=as_json)

    def finish(
        self, context: typer.Context, record: Record = None, since: Since = None, as_json: Json = False
    ) -> None:
        """End what was issued before the restore, list what people have to do again, and let the server start."""
        loss = console(context).run(self._loss)
        if loss is None and since is None:
            fail("this database is as it was seen; if it was restored all the same, say --since")
        loss = loss or Loss(since.replace(tzinfo=UTC).timestamp() if since else 0.0, 0.0)
        try:
            redo = to_redo(record.read_text("utf-8").splitlines(), loss) if record else []
        except (OSError, ValueError) as error:
            fail(f"--record {record}: {getattr(error, 'strerror', None) or 'cannot be read'}")
        except UnreadableRecord as error:
            fail(f"--record {record}: {error}")
        known = loss

        async def work(base: Foundation) -> dict[str, int]:
            settings = self._settings()
            mark = HighWaterMark(base, settings.data_dir)
            done = await Restoration(base, mark, settings.cancellation_cooling_days).finish(known, actor())
            await Sealer(base, settings.data_dir).settle()
            return done

        done = console(context).run(work)
        listed = [
            {
                "at": shown_instant(each.at),
                "event": each.event.value,
                "account": each.account_id,
                "client": each.client_id,
                "detail": each.detail,
                "says": each.says,
            }
            for each in redo
        ]
        self._show(done, listed, recorded=record is not None, as_json=as_json)

    def _show(
        self, done: dict[str, int], redo: list[dict[str, Any]], *, recorded: bool, as_json: bool
    ) -> None:
        if as_json:
            show({"ended": done, "to_redo": redo if recorded else None}, as_json=True)
            return
        show({f"{name} ended": number for name, number in done.items()}, as_json=False)
        if recorded:
            show(redo, as_json=False)
        else:
            typer.echo(
                "No --record: who was frozen, and which rights were withdrawn since, must be found otherwise."
            )

    async def _loss(self, base: Foundation) -> Loss | None:
        return await HighWaterMark(base, self._settings().data_dir).loss()
