"""`idp account …`: open accounts, set passwords and levels, enrol a second factor."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from idp.accounts.lifecycle import commands as lifecycle_commands
from idp.accounts.model import InvalidAccount, NewAccount
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.service import Accounts, AlreadyVerified, UnknownAccount
from idp.infrastructure.console import Commands, actor, console, fail, password_from_input, show
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation

app = typer.Typer(help="Accounts of persons.", no_args_is_help=True)
app.add_typer(lifecycle_commands.app)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NO_CERTIFICATE = "level: above 0 takes a certificate (type and number), or --without-certificate"
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


WithoutCertificate = Annotated[
    bool,
    typer.Option("--without-certificate", help="A level above 0 although no certificate stands behind it."),
]


@app.command()
def create(
    context: typer.Context,
    username: Annotated[str, typer.Option()],
    name: Annotated[str, typer.Option()],
    password_stdin: FromStdin = False,
    phone: str | None = None,
    phone_verified: Annotated[
        bool, typer.Option("--phone-verified", help="The phone was proved to be this person's.")
    ] = False,
    email: str | None = None,
    address: str | None = None,
    certificate_type: str | None = None,
    certificate_number: str | None = None,
    level: int = 0,
    without_certificate: WithoutCertificate = False,
    totp: Annotated[bool, typer.Option("--totp", help="Enrol a one-time password app.")] = False,
    as_json: Json = False,
) -> None:
    """Open an account."""
    if level > 0 and not certificate_number and not without_certificate:
        fail(NO_CERTIFICATE)
    password = password_from_input(password_stdin)
    account = NewAccount(
        username,
        name,
        "",
        level,
        phone,
        email,
        address,
        certificate_type,
        certificate_number,
        phone_verified=phone_verified,
    )

    async def work(base: Foundation) -> dict[str, Any]:
        accounts = Accounts(base, PasswordHasher(1))
        account_id = await accounts.open(account, actor(), password)
        secret = await accounts.enrol_totp(username, actor()) if totp else None
        return {"id": account_id, "username": username, "totp_secret": secret}

    try:
        opened = console(context).run(work)
    except InvalidAccount as error:
        fail(str(error))
    except Conflict:
        fail("already taken: the username, the verified phone, or the certificate of a verified account")
    show({key: value for key, value in opened.items() if value is not None}, as_json=as_json)


@app.command("set-level")
def set_level(
    context: typer.Context,
    account: str,
    level: int,
    without_certificate: WithoutCertificate = False,
    as_json: Json = False,
) -> None:
    """Set the real-name level, 0 to 4."""

    async def change(accounts: Accounts) -> str:
        found = await accounts.find(account)
        if level > found.real_name_level and found.certificate_index is None and not without_certificate:
            raise InvalidAccount(NO_CERTIFICATE)
        return await accounts.set_level(account, level, actor())

    _change(context, change, as_json)


@app.command("enrol-totp")
def enrol_totp(context: typer.Context, account: str, as_json: Json = False) -> None:
    """Give an account a one-time password app; the secret is shown this once."""
    _change(context, lambda accounts: accounts.enrol_totp(account, actor()), as_json, name="totp_secret")


def commands(settings: Callable[[], object]) -> Commands:
    """What this room adds to the command line."""
    return {"account": app}


def _change(
    context: typer.Context, change: Callable[[Accounts], Awaitable[str]], as_json: bool, name: str = "id"
) -> None:
    async def work(base: Foundation) -> str:
        return await change(Accounts(base, PasswordHasher(1)))

    try:
        show({name: console(context).run(work)}, as_json=as_json)
    except UnknownAccount:
        fail("no single account has this name, phone or certificate number")
    except (AlreadyVerified, Conflict):
        fail("level: the certificate is verified on another account; merge the two")
    except InvalidAccount as error:
        fail(str(error))
