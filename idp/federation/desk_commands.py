"""`idp upstream links|unlink|conflicts|settle`: who is linked with whom, and what waits for a decision."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from idp.accounts.model import Account
from idp.accounts.service import UnknownAccount
from idp.federation.account_links import AccountLinks, NoSuchConflict
from idp.federation.model import UpstreamConflict
from idp.infrastructure.console import actor, console, fail, show
from idp.infrastructure.foundation import Foundation

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Username = Annotated[str, typer.Argument(help="Username of the account.")]
Reference = Annotated[str, typer.Argument(help="What the person was told, or the whole id.")]
Chosen = Annotated[str, typer.Option("--account", help="Whose the platform's account is: a username here.")]
Dismiss = Annotated[bool, typer.Option("--dismiss", help="Leave everything as it is.")]


@dataclass(frozen=True, slots=True)
class Tools:
    """What the commands work with; made on the roof, because ending a link ends what it proved."""

    desk: AccountLinks
    find: Callable[[str], Awaitable[Account]]
    """`Accounts.find`."""


Open = Callable[[Foundation], AbstractAsyncContextManager[Tools]]


class DeskCommands:
    """The commands, as methods."""

    def __init__(self, open_tools: Open) -> None:
        self._open = open_tools

    def register(self, app: typer.Typer) -> None:
        """Add them to `idp upstream`."""
        for name, command in (
            ("links", self.links),
            ("unlink", self.unlink),
            ("conflicts", self.conflicts),
            ("settle", self.settle),
        ):
            app.command(name)(command)

    def links(self, context: typer.Context, account: Username, as_json: Json = False) -> None:
        """The platforms by which somebody comes in."""

        async def work(tools: Tools) -> list[dict[str, Any]]:
            links = await tools.desk.of_account((await tools.find(account)).id)
            return [
                {"id": link.id, "platform": link.profile, "since": _time(link.linked_at)} for link in links
            ]

        show(self._run(context, work), as_json=as_json)

    def unlink(
        self, context: typer.Context, account: Username, link: Annotated[str, typer.Argument(help="Its id.")]
    ) -> None:
        """End a link, and what was proved by it."""

        async def work(tools: Tools) -> bool:
            found = await tools.find(account)
            return await tools.desk.unlink(found.id, link, actor())

        if not self._run(context, work):
            fail("this account has no such link")

    def conflicts(self, context: typer.Context, as_json: Json = False) -> None:
        """What waits for a decision; compare it with the papers before settling."""

        async def work(tools: Tools) -> list[dict[str, Any]]:
            return [_shown(one) for one in await tools.desk.waiting()]

        show(self._run(context, work), as_json=as_json)

    def settle(
        self, context: typer.Context, conflict: Reference, account: Chosen = "", dismiss: Dismiss = False
    ) -> None:
        """Say whose account of the platform it is, or leave everything as it is."""
        if bool(account) == dismiss:
            fail("say either --account or --dismiss")

        async def work(tools: Tools) -> None:
            if dismiss:
                await tools.desk.dismiss(conflict, actor())
            else:
                await tools.desk.link(conflict, (await tools.find(account)).id, actor())

        self._run(context, work)

    def _run(self, context: typer.Context, work: Callable[[Tools], Awaitable[Any]]) -> Any:
        async def main(base: Foundation) -> Any:
            async with self._open(base) as tools:
                return await work(tools)

        try:
            return console(context).run(main)
        except UnknownAccount:
            fail("no such account")
        except NoSuchConflict:
            fail("nothing of that reference waits")


def _shown(one: UpstreamConflict) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "platform": one.profile,
        "reason": one.reason,
        "account": one.account_id,
        "since": _time(one.created_at),
    }


def _time(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="seconds")
