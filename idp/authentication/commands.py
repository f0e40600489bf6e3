"""`idp account unlock`, `idp account set-password`: for somebody who cannot help themselves."""

from collections.abc import Callable
from typing import Annotated

import typer

from idp.accounts.model import InvalidAccount
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.service import Accounts, UnknownAccount
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.authentication.throttle import AttemptLimits, Throttle
from idp.infrastructure.console import Commands, actor, console, fail, password_from_input, show
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.relying_parties.service import Registry
from idp.sessions.model import SessionLifetimes
from idp.sessions.service import Sessions

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
NOBODY = "no single account has this name, phone or certificate number"


app = typer.Typer()


@app.command()
def unlock(context: typer.Context, account: str, as_json: Json = False) -> None:
    """Let somebody try again who mistyped too often."""

    async def work(base: Foundation) -> str | None:
        found = await base.database.read(lambda: AccountStore(base.vault).find(account))
        if found is None:
            return None
        throttle = Throttle(base, AttemptLimits())
        await throttle.pardon(throttle.account_key(found.id, ""))
        line = AuditEvent(event=EventType.ACCOUNT_UNLOCKED, account_id=found.id, actor=actor())
        await base.database.add(AuditStore(base.sources).record(line))
        return found.id

    account_id = console(context).run(work)
    if account_id is None:
        fail(NOBODY)
    show({"id": account_id}, as_json=as_json)


@app.command("set-password")
def set_password(
    context: typer.Context, account: str, password_stdin: FromStdin = False, as_json: Json = False
) -> None:
    """Set a new password; whoever is logged in with the old one is logged out everywhere."""
    password = password_from_input(password_stdin)

    async def work(base: Foundation) -> str:
        registry = Registry(base)
        await registry.load()  # to know which systems want a notice; a running server sends it
        sessions = Sessions(base, registry, Outbox(base.database, base.sources), SessionLifetimes(0, 0))
        return await Accounts(base, PasswordHasher(1)).set_password(
            account, password, actor(), lambda id_: sessions.ended(id_, "password set", actor=actor())
        )

    try:
        show({"id": console(context).run(work)}, as_json=as_json)
    except UnknownAccount:
        fail(NOBODY)
    except InvalidAccount as error:
        fail(str(error))


def commands(settings: Callable[[], object]) -> Commands:
    """What this room adds to the command line."""
    return {"account": app}
