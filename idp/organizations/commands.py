"""`idp organization …`: list legal persons, dissolve one, say from a file who represents it."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from idp.accounts.model import Account
from idp.accounts.service import UnknownAccount
from idp.infrastructure.console import actor, console, fail, show
from idp.infrastructure.foundation import Foundation
from idp.organizations.model import Refused
from idp.organizations.records import LegalPerson
from idp.organizations.service import Organizations

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Code = Annotated[str, typer.Argument(help="The unified social credit code.")]
Representative = Annotated[str, typer.Argument(help="Username of the new legal representative.")]
Evidence = Annotated[
    str, typer.Option(help="Number of the file in which it was proved; no personal numbers.")
]
Name = Annotated[str, typer.Option(help="Name of the legal person, where it is new here.")]


@dataclass(frozen=True, slots=True)
class Tools:
    """What the commands work with; made on the roof, because mandates end sessions."""

    organizations: Organizations
    find: Callable[[str], Awaitable[Account]]
    """`Accounts.find`."""


Open = Callable[[Foundation], AbstractAsyncContextManager[Tools]]


class OrganizationCommands:
    """The commands, as methods."""

    def __init__(self, open_tools: Open) -> None:
        self._open = open_tools
        self.app = typer.Typer(help="Legal persons.", no_args_is_help=True)
        for name, command in (
            ("list", self.all),
            ("dissolve", self.dissolve),
            ("set-representative", self.set_representative),
        ):
            self.app.command(name)(command)

    def all(self, context: typer.Context, as_json: Json = False) -> None:
        """Every legal person."""

        async def work(tools: Tools) -> list[dict[str, Any]]:
            return [_shown(one) for one in await tools.organizations.all()]

        show(self._run(context, work), as_json=as_json)

    def dissolve(self, context: typer.Context, code: Code, as_json: Json = False) -> None:
        """End a legal person: nobody acts for it, or through it, any more."""

        async def work(tools: Tools) -> bool:
            return await tools.organizations.dissolve(code, actor())

        if not self._run(context, work):
            fail("no active legal person has this unified social credit code")
        show({"dissolved": code}, as_json=as_json)

    def set_representative(
        self,
        context: typer.Context,
        code: Code,
        account: Representative,
        evidence: Evidence,
        name: Name = "",
        as_json: Json = False,
    ) -> None:
        """Note who represents a legal person; its mandates rest until that one has looked at them."""

        async def work(tools: Tools) -> str:
            found = await tools.find(account)
            organizations = tools.organizations
            return await organizations.set_representative(code, found.id, actor(), name, evidence)

        show({"id": self._run(context, work)}, as_json=as_json)

    def _run(self, context: typer.Context, work: Callable[[Tools], Awaitable[Any]]) -> Any:
        async def opened(base: Foundation) -> Any:
            async with self._open(base) as tools:
                return await work(tools)

        try:
            return console(context).run(opened)
        except UnknownAccount:
            fail("no single account has this name, phone or certificate number")
        except Refused as refused:
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
