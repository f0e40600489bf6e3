"""`idp keys …`: list and rotate signing keys."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from idp.infrastructure.console import ANY_NAME, Commands, actor, console, fail, show
from idp.infrastructure.foundation import Foundation
from idp.keys.model import Algorithm, KeyPeriod
from idp.keys.service import LEAD_SECONDS, KeyRing, UnknownKey

app = typer.Typer(help="Signing keys.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_keys(context: typer.Context, as_json: Json = False) -> None:
    """Every signing key, oldest first."""

    async def work(base: Foundation) -> list[dict[str, Any]]:
        keys = KeyRing(base)
        await keys.load()
        return [_shown(period, base.sources.now()) for period in keys.periods()]

    show(console(context).run(work), as_json=as_json)


@app.command()
def rotate(
    context: typer.Context,
    alg: Annotated[Algorithm | None, typer.Option(help="Only this algorithm.")] = None,
    lead: Annotated[int, typer.Option(min=0, help="Seconds from publishing to signing.")] = LEAD_SECONDS,
    as_json: Json = False,
) -> None:
    """Publish new keys, sign with them after the lead, keep the old ones published for a day; no restart."""

    async def work(base: Foundation) -> list[dict[str, Any]]:
        keys = KeyRing(base)
        made = [await keys.rotate(algorithm, lead) for algorithm in ([alg] if alg else Algorithm)]
        return [_shown(period, base.sources.now()) for period in made]

    show(console(context).run(work), as_json=as_json)


@app.command(context_settings=ANY_NAME)
def revoke(context: typer.Context, kid: str, as_json: Json = False) -> None:
    """Believe a stolen key no more, from within a second on; what it signed is refused, and a new one signs at once."""

    async def work(base: Foundation) -> KeyPeriod | None:
        return await KeyRing(base).revoke(kid, actor())

    try:
        successor = console(context).run(work)
    except UnknownKey:
        fail("no such key, or it was revoked before")
    show({"revoked": kid, "successor": successor.kid if successor else None}, as_json=as_json)


def commands(settings: Callable[[], object]) -> Commands:
    """What this room adds to the command line."""
    return {"keys": app}


def _shown(period: KeyPeriod, now: float) -> dict[str, Any]:
    return {
        "kid": period.kid,
        "alg": period.algorithm.value,
        "published": period.published(now),
        "revoked": period.revoked,
        "signs": period.signs(now),
        "signs_from": int(period.signs_from),
        "retires_at": int(period.retires_at) if period.retires_at else None,
    }
