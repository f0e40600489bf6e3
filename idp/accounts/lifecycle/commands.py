"""`idp account freeze …`: the fate of accounts from the command line; who does it and why is recorded."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idp.accounts.merges.service import MergeRefusal, MergeRefused, Plan
from idp.accounts.model import Account, InvalidAccount
from idp.accounts.service import UnknownAccount
from idp.infrastructure.console import actor, console, fail, show

if TYPE_CHECKING:
    from idp.accounts.assembly import AccountsRoom

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the audit record; no personal numbers.")]
Keep = Annotated[
    list[str] | None, typer.Option("--keep", help="FIELD=other to keep what the account that goes has.")
]


Do = Callable[["AccountsRoom", Account], Awaitable[Any]]

app = typer.Typer()


@app.command()
def freeze(context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
    """Close an account for a time; its sessions end."""
    _run(context, account, lambda room, found: room.lifecycle.freeze(found.id, reason, actor()), as_json)


@app.command()
def thaw(context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
    """Open an account again that was frozen, or taken for a dead person's."""
    _run(context, account, lambda room, found: room.lifecycle.thaw(found.id, reason, actor()), as_json)


@app.command()
def deceased(context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
    """Note a death; everything ends. The reason names the evidence."""
    _run(context, account, lambda room, found: room.lifecycle.deceased(found.id, reason, actor()), as_json)


@app.command()
def secure(context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
    """Clean up after somebody else had the account: all in one."""
    _run(context, account, lambda room, found: room.lifecycle.secure(found.id, actor(), reason), as_json)


@app.command("release-phone")
def release_phone(context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
    """Take a phone off an account because it belongs to somebody else now."""
    _run(
        context, account, lambda room, found: room.lifecycle.release_phone(found.id, reason, actor()), as_json
    )


@app.command()
def merge(
    context: typer.Context,
    account: str,
    into: str,
    reason: Reason,
    keep: Keep = None,
    as_json: Json = False,
) -> None:
    """Make one account of two of the same person: ACCOUNT becomes part of INTO."""
    chosen = dict(item.partition("=")[::2] for item in keep or [])

    async def work(room: "AccountsRoom", found: Account) -> str:
        other = await room.accounts.find(into)
        return await room.merges.merge(Plan(found.id, other.id, chosen), reason, actor())

    _run(context, account, work, as_json)


@app.command("undo-merge")
def undo_merge(context: typer.Context, account: str, reason: Reason, as_json: Json = False) -> None:
    """Part two accounts again: the last merge into ACCOUNT that is not undone."""

    async def work(room: "AccountsRoom", found: Account) -> str:
        done = [item for item in await room.merges.of(found.id) if item.undone_at is None]
        if not done:
            raise MergeRefused(MergeRefusal.LATE)
        await room.merges.undo(done[-1].id, reason, actor())
        return done[-1].id

    _run(context, account, work, as_json)


def _run(context: typer.Context, account: str, do: Do, as_json: bool) -> None:
    from idp.accounts.assembly import AccountsRoom  # noqa: PLC0415 - see Console.run_in

    async def work(room: AccountsRoom) -> Any:
        return await do(room, await room.accounts.find(account))

    try:
        outcome = console(context).run_in(AccountsRoom, work)
    except UnknownAccount:
        fail("no single account has this name, phone or certificate number")
    except (InvalidAccount, MergeRefused) as error:
        fail(str(error))
    if not outcome:
        fail("the account is not in a state in which this can be done; nothing was changed")
    show(outcome if isinstance(outcome, dict) else {"done": outcome}, as_json=as_json)
