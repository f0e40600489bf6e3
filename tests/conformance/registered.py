"""Clients registered for the independent counterparts."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from tests.support.instance import Instance

REDIRECT_URI = "http://127.0.0.1:9/callback"  # nobody listens: the test is the browser
POST_LOGOUT_REDIRECT_URI = "http://127.0.0.1:9/goodbye"
SCOPES = ("openid", "profile", "phone", "offline_access")
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
ALGS = ("ES256", "RS256", "EdDSA")
KINDS: list[tuple[str, str]] = [
    *((method, "ES256") for method in METHODS),
    *(("client_secret_basic", alg) for alg in ALGS[1:]),
]


@dataclass(frozen=True, slots=True)
class Registered:
    """A client with all that it needs to authenticate."""

    client_id: str
    client_secret: str
    auth_method: str
    id_token_alg: str
    private_jwk: dict[str, Any] | None = None


def register_all(instance: Instance, folder: Path) -> dict[tuple[str, str], Registered]:
    """A client of each kind: authentication method and ID token algorithm."""
    with ThreadPoolExecutor(max_workers=3) as commands:
        made = commands.map(lambda kind: _register(instance, kind[0], kind[1], folder), KINDS)
        return dict(zip(KINDS, made, strict=True))


def _register(instance: Instance, method: str, alg: str, folder: Path) -> Registered:
    arguments = ["--auth-method", method, "--id-token-alg", alg, "--redirect-uri", REDIRECT_URI]
    arguments += ["--post-logout-redirect-uri", POST_LOGOUT_REDIRECT_URI]
    grants = ["authorization_code", "refresh_token", *([] if method == "none" else ["client_credentials"])]
    for grant in grants:
        arguments += ["--grant", grant]
    for scope in SCOPES:
        arguments += ["--scope", scope]
    private = None
    if method == "private_key_jwt":
        key = ECKey.generate_key("P-256", {"kid": "of-the-client", "alg": "ES256", "use": "sig"})
        file = folder / "jwks.json"
        file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
        arguments += ["--jwks-file", str(file)]
        private = {
            name: value for name, value in key.as_dict(private=True).items() if name not in ("alg", "use")
        }
    made = instance.create_client(f"{method} {alg}", *arguments)
    return Registered(made.client_id, made.client_secret, method, alg, private)
