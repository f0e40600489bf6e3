"""`idp account unlock`: begin somebody's failed attempts anew."""

from typing import Annotated

import typer

from idp.accounts.store import AccountStore
from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.authentication.throttle import Limits, Throttle
from idp.infrastructure.console import actor, console, fail, show
from idp.infrastructure.foundation import Foundation


def unlock(
    context: typer.Context,
    account: str,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Let somebody try again who mistyped too often."""

    async def work(base: Foundation) -> str | None:
        row = await base.database.read(lambda: AccountStore(base.vault).find(account))
        if row is None:
            return None
        throttle = Throttle(base, Limits())
        await throttle.pardon(throttle.account_key(row["id"], ""))
        line = Line(Event.ACCOUNT_UNLOCKED, row["id"], actor=actor())
        await base.database.add(AuditStore(base.sources).record(line))
        return str(row["id"])

    account_id = console(context).run(work)
    if account_id is None:
        fail("no single account has this name, phone or certificate number")
    show({"id": account_id}, as_json=as_json)
