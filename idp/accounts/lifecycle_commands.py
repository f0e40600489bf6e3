"""`idp account freeze …`: the fate of accounts from the command line; who does it and why is recorded."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from idp.accounts.lifecycle import Lifecycle
from idp.accounts.merges import MergeRefused, Merges, Plan
from idp.accounts.model import Account, InvalidAccount
from idp.accounts.service import UnknownAccount
from idp.infrastructure.console import actor, console, fail, show
from idp.infrastructure.foundation import Foundation

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the audit record; no personal numbers.")]
Keep = Annotated[
    list[str] | None, typer.Option("--keep", help="FIELD=other to keep what the account that goes has.")
]


@dataclass(frozen=True, slots=True)
class Tools:
    """What the commands work with; made on the roof, because all rooms have a part in it."""

    lifecycle: Lifecycle
    merges: Merges
    find: Callable[[str], Awaitable[Account]]
    """`Accounts.find`."""


Open = Callable[[Foundation], AbstractAsyncContextManager[Tools]]
Do = Callable[[Tools, Account], Awaitable[Any]]


class LifecycleCommands:
    """The commands, as methods."""

    def __init__(self, open_tools: Open) -> None:
        self._open = open_tools

    def register(self, app: typer.Typer) -> None:
        """Add them to `idp account`."""
        for name, command in (
            ("freeze", self.freeze),
            ("thaw", self.thaw),
            ("deceased", self.deceased),
            ("secure", self.secure),
            ("release-phone", self.release_phone),
            ("merge", self.merge),
            ("undo-merge", self.undo_merge),
        ):
            app.command(name)(command)

    def freeze(self, context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
        """Close an account for a time; its sessions end."""
        self._run(context, account, lambda to, found: to.lifecycle.freeze(found.id, reason, actor()), as_json)

    def thaw(self, context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
        """Open an account again that was frozen, or taken for a dead person's."""
        self._run(context, account, lambda to, found: to.lifecycle.thaw(found.id, reason, actor()), as_json)

    def deceased(self, context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
        """Note a death; everything ends. The reason names the evidence."""
        self._run(
            context, account, lambda to, found: to.lifecycle.deceased(found.id, reason, actor()), as_json
        )

    def secure(self, context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
        """Clean up after somebody else had the account: all in one."""
        self._run(context, account, lambda to, found: to.lifecycle.secure(found.id, actor(), reason), as_json)

    def release_phone(
        self, context: typer.Context, account: str, reason: Reason, as_json: Json = False
    ) -> None:
        """Take a phone off an account because it belongs to somebody else now."""
        self._run(
            context, account, lambda to, found: to.lifecycle.release_phone(found.id, reason, actor()), as_json
        )

    def merge(
        self,
        context: typer.Context,
        account: str,
        into: str,
        reason: Reason,
        keep: Keep = None,
        as_json: Json = False,
    ) -> None:
        """Make one account of two of the same person: ACCOUNT becomes part of INTO."""
        chosen = dict(item.partition("=")[::2] for item in keep or [])

        async def work(tools: Tools, found: Account) -> str:
            other = await tools.find(into)
            return await tools.merges.merge(Plan(found.id, other.id, chosen), reason, actor())

        self._run(context, account, work, as_json)

    def undo_merge(self, context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
        """Part two accounts again: the last merge into ACCOUNT that is not undone."""

        async def work(tools: Tools, found: Account) -> str:
            done = [item for item in await tools.merges.of(found.id) if item.undone_at is None]
            if not done:
                raise MergeRefused("late")
            await tools.merges.undo(done[-1].id, reason, actor())
            return done[-1].id

        self._run(context, account, work, as_json)

    def _run(self, context: typer.Context, account: str, do: Do, as_json: bool) -> None:
        async def work(base: Foundation) -> Any:
            async with self._open(base) as tools:
                return await do(tools, await tools.find(account))

        try:
            outcome = console(context).run(work)
        except UnknownAccount:
            fail("no single account has this name, phone or certificate number")
        except (InvalidAccount, MergeRefused) as error:
            fail(str(error))
        if not outcome:
            fail("the account is not in a state in which this can be done; nothing was changed")
        show(outcome if isinstance(outcome, dict) else {"done": outcome}, as_json=as_json)
