"""`idp account role …`: who works at the counter, and for which division."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from idp.accounts.model import InvalidAccount
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.service import Accounts, UnknownAccount
from idp.infrastructure.console import actor, console, fail, show
from idp.infrastructure.foundation import Foundation
from idp.organizations.divisions import BadDivisions, Divisions
from idp.organizations.roles import RoleName, Roles

DISTRICT = "410411"

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Division = Annotated[str, typer.Option("--division", help="Code; what lies within it is included.")]


class RoleCommands:
    """The commands, as methods; the table of divisions comes from the settings."""

    def __init__(self, divisions: Callable[[], Divisions]) -> None:
        self._divisions = divisions
        self.app = typer.Typer(help="Roles of staff.", no_args_is_help=True)
        self.app.command("add")(self.add)
        self.app.command("remove")(self.remove)
        self.app.command("list")(self.list)

    def add(
        self,
        context: typer.Context,
        account: str,
        role: RoleName,
        division: Division = DISTRICT,
        as_json: Json = False,
    ) -> None:
        """Give a role."""

        async def work(roles: Roles, account_id: str) -> dict[str, Any]:
            return {"granted": await roles.grant(account_id, role, division, actor())}

        show(self._run(context, account, work), as_json=as_json)

    def remove(
        self,
        context: typer.Context,
        account: str,
        role: RoleName,
        division: Division = DISTRICT,
        as_json: Json = False,
    ) -> None:
        """Take a role away; the next page of the counter is refused."""

        async def work(roles: Roles, account_id: str) -> dict[str, Any]:
            return {"withdrawn": await roles.withdraw(account_id, role, division, actor())}

        show(self._run(context, account, work), as_json=as_json)

    def list(self, context: typer.Context, account: str, as_json: Json = False) -> None:
        """The roles of an account; none while it is closed."""

        async def work(roles: Roles, account_id: str) -> Any:
            return [
                {
                    "role": held.role,
                    "division": held.division,
                    "name": self._divisions().name(held.division),
                    "granted_by": held.granted_by,
                }
                for held in await roles.of_account(account_id)
            ]

        show(self._run(context, account, work), as_json=as_json)

    def _run(self, context: typer.Context, account: str, do: Callable[[Roles, str], Awaitable[Any]]) -> Any:
        async def work(base: Foundation) -> Any:
            found = await Accounts(base, PasswordHasher(1)).find(account)
            return await do(Roles(base, self._divisions()), found.id)

        try:
            return console(context).run(work)
        except UnknownAccount:
            fail("no single account has this name, phone or certificate number")
        except (InvalidAccount, BadDivisions) as error:
            fail(str(error))
