"""`idp client …`: register systems, list them, rotate their secrets, disable them."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from idp.infrastructure import typed
from idp.infrastructure.console import ANY_NAME, Commands, actor, console, fail, show
from idp.infrastructure.foundation import Foundation
from idp.relying_parties.model import AuthMethod, Client, PrincipalKind
from idp.relying_parties.service import Registry, UnknownClient

app = typer.Typer(help="Registered systems.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_NEXT_URI = re.compile(r"[,\s]+(?=[A-Za-z][A-Za-z0-9+.-]*:)")
Many = Annotated[list[str] | None, typer.Option()]
SigningAlgorithm = Annotated[
    str,
    typer.Option(help="RS256 by default (OpenID Connect Registration); ES256 where the library knows it."),
]
Serves = Annotated[
    list[PrincipalKind] | None, typer.Option(help="Natural persons (default), legal persons, or both.")
]
TokenEndpointAudience = Annotated[
    bool, typer.Option("--token-endpoint-audience", help="Its assertions name /token instead of the issuer.")
]
AssertionLifetime = Annotated[
    int | None, typer.Option(help="Seconds ahead that its assertions may end, where not 300; up to 3600.")
]
StrictScope = Annotated[
    bool, typer.Option("--strict-scope", help="Refuse a request for scopes it is not registered for.")
]
NoNonce = Annotated[
    bool, typer.Option("--no-nonce", help="Neither nonce nor PKCE: its library sends none of them.")
]


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Name that people see.")],
    redirect_uri: Many = None,
    post_logout_redirect_uri: Many = None,
    backchannel_logout_uri: str | None = None,
    client_uri: str | None = None,
    grant: Many = None,
    auth_method: AuthMethod = AuthMethod.BASIC,
    scope: Many = None,
    jwks_uri: str | None = None,
    jwks_file: Path | None = None,
    id_token_alg: SigningAlgorithm = "RS256",  # noqa: S107
    min_level: int = 0,
    serves: Serves = None,
    resource_server: Annotated[bool, typer.Option("--resource-server")] = False,
    token_endpoint_audience: TokenEndpointAudience = False,
    assertion_lifetime: AssertionLifetime = None,
    strict_scope: StrictScope = False,
    no_consent: Annotated[bool, typer.Option("--no-consent")] = False,
    no_pkce: Annotated[bool, typer.Option("--no-pkce")] = False,
    no_nonce: NoNonce = False,
    as_json: Json = False,
) -> None:
    """Register a system; its secret is shown this once."""
    metadata: dict[str, Any] = {
        "client_name": name,
        "client_uri": client_uri,
        "redirect_uris": _uris(redirect_uri),
        "post_logout_redirect_uris": _uris(post_logout_redirect_uri),
        "backchannel_logout_uri": backchannel_logout_uri,
        "grant_types": [word for each in grant or ["authorization_code"] for word in typed.words(each)],
        "token_endpoint_auth_method": auth_method,
        "scope": " ".join(word for each in scope or ["openid"] for word in typed.words(each)),
        "jwks": _jwks(jwks_file) if jwks_file else None,
        "jwks_uri": jwks_uri,
        "assertion_audience": "token_endpoint" if token_endpoint_audience else None,
        "id_token_signed_response_alg": id_token_alg,
        "principal_kinds": serves or [PrincipalKind.PERSON],
        "minimum_level": min_level,
        "resource_server": resource_server,
        "consent_required": not no_consent,
        "pkce_required": not (no_pkce or no_nonce),
        "nonce": "optional" if no_nonce else None,
        "excess_scope": "refused" if strict_scope else None,
        "assertion_lifetime": assertion_lifetime,
    }

    _register(context, metadata, as_json=as_json)


def _uris(values: Sequence[str] | None) -> list[str]:
    """Each by itself, also where several were given at once: a comma or blank ends one where another scheme begins."""
    return [uri for each in values or () for uri in _NEXT_URI.split(each.strip()) if uri]


def _refuse_patterns(uris: list[str]) -> None:
    """Whoever knows wildcards from elsewhere hears now that there are none, not when nobody comes back from a login."""
    for uri in uris:
        if "*" in uri.partition("://")[2].partition("/")[0]:
            fail(f"{uri}: no wildcards; an address is compared to the letter (RFC 9700 §2.1), name each")


def _register(context: typer.Context, metadata: dict[str, Any], *, as_json: bool) -> None:
    _refuse_patterns([*metadata["redirect_uris"], *metadata["post_logout_redirect_uris"]])

    async def work(base: Foundation) -> tuple[Client, str | None]:
        return await Registry(base).create(metadata, actor())

    try:
        client, secret = console(context).run(work)
    except ValidationError as error:
        fail(
            "; ".join(
                f"{'.'.join(map(str, item['loc'])) or 'client'}: {item['msg']}" for item in error.errors()
            )
        )
    show({"client_id": client.client_id, "client_secret": secret, **_shown(client)}, as_json=as_json)


@app.command("list")
def list_clients(context: typer.Context, as_json: Json = False) -> None:
    """Every registered system."""

    async def work(base: Foundation) -> list[dict[str, Any]]:
        registry = Registry(base)
        await registry.load()
        return [{**_shown(entry.client), "disabled": entry.disabled} for entry in registry.all()]

    show(console(context).run(work), as_json=as_json)


@app.command("rotate-secret", context_settings=ANY_NAME)
def rotate_secret(context: typer.Context, client_id: str, as_json: Json = False) -> None:
    """Give a system a new secret; the old one works for another week."""

    async def work(base: Foundation) -> str:
        return await Registry(base).rotate_secret(client_id, actor())

    try:
        secret = console(context).run(work)
    except UnknownClient:
        fail("no such client, or it has no secret")
    show({"client_id": client_id, "client_secret": secret}, as_json=as_json)


@app.command(context_settings=ANY_NAME)
def disable(context: typer.Context, client_id: str, as_json: Json = False) -> None:
    """Disable a system, from within a second on."""

    async def work(base: Foundation) -> None:
        await Registry(base).disable(client_id, actor())

    try:
        console(context).run(work)
    except UnknownClient:
        fail("no such client, or it was disabled before")
    show({"client_id": client_id, "disabled": True}, as_json=as_json)


def commands(settings: Callable[[], object]) -> Commands:
    """What this room adds to the command line."""
    return {"client": app}


def _jwks(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not JSON"
        fail(f"--jwks-file {path}: {reason}")


def _shown(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "client_name": client.client_name,
        "token_endpoint_auth_method": client.token_endpoint_auth_method.value,
        "grant_types": [grant.value for grant in client.grant_types],
        "scope": client.scope,
        "redirect_uris": list(client.redirect_uris),
        "loosened": client.loosened(),
    }
