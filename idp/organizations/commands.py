"""`idp organization …`: list legal persons, dissolve one, say from a file who represents it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from idp.accounts.service import UnknownAccount
from idp.infrastructure.console import Commands, actor, console, fail, show
from idp.organizations.divisions import read_divisions
from idp.organizations.model import MandateRefused
from idp.organizations.records import LegalPerson
from idp.organizations.roles_commands import RoleCommands

if TYPE_CHECKING:
    from idp.organizations.assembly import OrganizationsRoom

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Code = Annotated[str, typer.Argument(help="The unified social credit code.")]
Representative = Annotated[str, typer.Argument(help="Username of the new legal representative.")]
Evidence = Annotated[
    str, typer.Option(help="Number of the file in which it was proved; no personal numbers.")
]
Name = Annotated[str, typer.Option(help="Name of the legal person, where it is new here.")]


class DivisionSettings(Protocol):
    """What is read of the settings."""

    divisions_file: Path | None


app = typer.Typer(help="Legal persons.", no_args_is_help=True)


@app.command("list")
def list_legal_persons(context: typer.Context, as_json: Json = False) -> None:
    """Every legal person."""

    async def work(room: "OrganizationsRoom") -> list[dict[str, Any]]:
        return [_shown(one) for one in await room.organizations.all()]

    show(_run(context, work), as_json=as_json)


@app.command()
def dissolve(context: typer.Context, code: Code, as_json: Json = False) -> None:
    """End a legal person: nobody acts for it, or through it, any more."""

    async def work(room: "OrganizationsRoom") -> bool:
        return await room.organizations.dissolve(code, actor())

    if not _run(context, work):
        fail("no active legal person has this unified social credit code")
    show({"dissolved": code}, as_json=as_json)


@app.command("set-representative")
def set_representative(
    context: typer.Context,
    code: Code,
    account: Representative,
    evidence: Evidence,
    name: Name = "",
    as_json: Json = False,
) -> None:
    """Note who represents a legal person; its mandates rest until that one has looked at them."""

    async def work(room: "OrganizationsRoom") -> str:
        found = await room.accounts.accounts.find(account)
        return await room.organizations.set_representative(code, found.id, actor(), name, evidence)

    show({"id": _run(context, work)}, as_json=as_json)


def commands(settings: Callable[[], DivisionSettings]) -> Commands:
    """What this room adds to the command line: the table of divisions comes from the settings."""
    roles = RoleCommands(lambda: read_divisions(settings().divisions_file))
    account = typer.Typer()
    account.add_typer(roles.app, name="role")
    return {"organization": app, "account": account}


def _run(context: typer.Context, work: Callable[["OrganizationsRoom"], Awaitable[Any]]) -> Any:
    from idp.organizations.assembly import OrganizationsRoom  # noqa: PLC0415 - see Console.run_in

    try:
        return console(context).run_in(OrganizationsRoom, work)
    except UnknownAccount:
        fail("no single account has this name, phone or certificate number")
    except MandateRefused as refused:
        fail(refused.reason.value)


def _shown(one: LegalPerson) -> dict[str, Any]:
    return {
        "code": one.unified_social_credit_code,
        "name": one.name,
        "kind": one.kind.value,
        "state": one.state.value,
        "representative": one.representative_account_id,
        "method": one.method,
        "id": one.id,
    }
