"""`idp upstream links|unlink|conflicts|settle`: who is linked with whom, and what waits for a decision."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idp.accounts.service import UnknownAccount
from idp.federation.linking.account_links import NoSuchConflict
from idp.federation.model import UpstreamConflict
from idp.infrastructure.console import actor, console, fail, show

if TYPE_CHECKING:
    from idp.federation.assembly import FederationRoom

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Username = Annotated[str, typer.Argument(help="Username of the account.")]
Reference = Annotated[str, typer.Argument(help="What the person was told, or the whole id.")]
Chosen = Annotated[str, typer.Option("--account", help="Whose the platform's account is: a username here.")]
Dismiss = Annotated[bool, typer.Option("--dismiss", help="Leave everything as it is.")]


app = typer.Typer()


@app.command()
def links(context: typer.Context, account: Username, as_json: Json = False) -> None:
    """The platforms by which somebody comes in."""

    async def work(room: "FederationRoom") -> list[dict[str, Any]]:
        found = await room.links.of_account((await room.accounts.accounts.find(account)).id)
        return [{"id": link.id, "platform": link.profile, "since": _time(link.linked_at)} for link in found]

    show(_run(context, work), as_json=as_json)


@app.command()
def unlink(
    context: typer.Context, account: Username, link: Annotated[str, typer.Argument(help="Its id.")]
) -> None:
    """End a link, and what was proved by it."""

    async def work(room: "FederationRoom") -> bool:
        found = await room.accounts.accounts.find(account)
        return await room.links.unlink(found.id, link, actor())

    if not _run(context, work):
        fail("this account has no such link")


@app.command()
def conflicts(context: typer.Context, as_json: Json = False) -> None:
    """What waits for a decision; compare it with the papers before settling."""

    async def work(room: "FederationRoom") -> list[dict[str, Any]]:
        return [_shown(one) for one in await room.links.waiting()]

    show(_run(context, work), as_json=as_json)


@app.command()
def settle(
    context: typer.Context, conflict: Reference, account: Chosen = "", dismiss: Dismiss = False
) -> None:
    """Say whose account of the platform it is, or leave everything as it is."""
    if bool(account) == dismiss:
        fail("say either --account or --dismiss")

    async def work(room: "FederationRoom") -> None:
        if dismiss:
            await room.links.dismiss(conflict, actor())
        else:
            found = await room.accounts.accounts.find(account)
            await room.links.link(conflict, found.id, actor())

    _run(context, work)


def _run(context: typer.Context, work: Callable[["FederationRoom"], Awaitable[Any]]) -> Any:
    from idp.federation.assembly import FederationRoom  # noqa: PLC0415 - see Console.run_in

    try:
        return console(context).run_in(FederationRoom, work)
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
