"""Foreign clients at their defaults: how each is registered and started."""

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import quote

from joserfc.jwk import RSAKey

from devtools import environment, machine
from tests.support import java, node
from tests.support.instance import Instance
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process

FOLDER = Path(__file__).parent
NODE = FOLDER / "node"
PYTHON = FOLDER / "python"
APACHE = FOLDER / "apache"
JAVA = FOLDER / "java"
LOCK = PYTHON / "requirements.txt"
KEY = "key.pem"

Command = Callable[[Mapping[str, str]], Sequence[str | Path]]
"""What starts an application, given its settings; it may write to FOLDER."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A client library in a small application of its own; addresses are paths of it."""

    name: str
    command: Command
    callback: str
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    options: tuple[str, ...] = ()
    """What `idp client create` is told beyond name, addresses and scopes."""
    home: str = "/"
    login: str = "/login"
    begins_by: Literal["GET", "POST"] = "GET"
    """How a login begins: by a link, or by a form."""
    logout: str = "/logout"
    goodbye: str = "/"
    backchannel: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """An application that answers; its addresses in full."""

    url: str
    home: str
    login: str
    begins_by: Literal["GET", "POST"]
    logout: str
    goodbye: str
    process: Process


@contextmanager
def running(foreign: Foreign, instance: Instance) -> Iterator[Running]:
    """Register it by the command line, start it, and put it away."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    with TemporaryDirectory(prefix="zhanhe-foreign-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # Apache's children are somebody else where it was started by root
        words = registration(foreign, url)
        if "private_key_jwt" in words:
            words += ["--jwks-file", str(_make_key(folder))]
        made = instance.create_client(foreign.name, *words)
        settings = {
            "ISSUER": instance.issuer,
            "URL": url,
            "PORT": str(port),
            "CLIENT_ID": made.client_id,
            "CLIENT_SECRET": made.client_secret,
            "CLIENT_KEY": str(folder / KEY),
            "COOKIE_SECRET": secrets.token_urlsafe(32),
            "FOLDER": str(folder),
        }
        with Process(foreign.command(settings), port, folder / "output", _environment(settings)) as process:
            yield Running(
                url=url,
                home=f"{url}{foreign.home}",
                login=f"{url}{foreign.login}",
                begins_by=foreign.begins_by,
                logout=url + foreign.logout.format(url=quote(url, safe="")),
                goodbye=f"{url}{foreign.goodbye}",
                process=process,
            )


def _make_key(folder: Path) -> Path:
    """A private key as a PEM file, as such applications keep it; the file of the public one, which has no name."""
    key = RSAKey.generate_key(2048, private=True, auto_kid=False)
    (folder / KEY).write_bytes(key.as_pem(private=True))
    public = folder / "jwks.json"
    public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    return public


def registration(foreign: Foreign, url: str) -> list[str]:
    """The words after `idp client create --name NAME` for an application at that URL."""
    words = ["--redirect-uri", f"{url}{foreign.callback}"]
    words += ["--post-logout-redirect-uri", f"{url}{foreign.goodbye}"]
    if foreign.backchannel:
        words += ["--backchannel-logout-uri", f"{url}{foreign.backchannel}"]
    for scope in foreign.scopes:
        words += ["--scope", scope]
    return [*words, *foreign.options]


def node_application(name: str) -> Command:
    """A folder of `node/` with its `app.mjs`."""

    def command(_: Mapping[str, str]) -> Sequence[str | Path]:
        node.install(NODE)
        return [node.executable("node"), NODE / name / "app.mjs"]

    return command


def python_application(file: str) -> Command:
    """A file of `python/`, run by the environment apart."""

    def command(_: Mapping[str, str]) -> Sequence[str | Path]:
        return [environment.beside("conformance", LOCK), PYTHON / file]

    return command


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "MODULES": str(machine.APACHE_MODULES),
        **settings,
    }


def page_without_server(settings: Mapping[str, str]) -> Sequence[str | Path]:
    """A folder of files, and the plainest server that there is."""
    node.install(NODE)
    folder, public = Path(settings["FOLDER"]), ("ISSUER", "CLIENT_ID")
    shutil.copytree(NODE / "oidc-client-ts", folder / "pages")
    shutil.copy(NODE / "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js", folder / "pages")
    known = json.dumps({name: settings[name] for name in public})
    (folder / "pages" / "settings.js").write_text(f"const settings = {known};\n")
    server = [sys.executable, "-m", "http.server", "--bind", LOOPBACK, "--directory", str(folder / "pages")]
    return [*server, settings["PORT"]]


def spring(_: Mapping[str, str]) -> Sequence[str | Path]:
    """Spring Boot, with as little ahead-of-time work of the virtual machine as a short life is worth."""
    jars, jdk = java.install(JAVA), machine.java()
    assert jdk is not None
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
    configuration = f"--spring.config.location={JAVA / 'application.properties'}"
    return [jdk.runtime, *quick, "-cp", f"{jars}:{jars}/*", "SpringClient", configuration]


def apache(settings: Mapping[str, str]) -> Sequence[str | Path]:
    """The server with its module, in the foreground."""
    program = machine.apache()
    if program is None:
        raise FileNotFoundError("Apache with mod_auth_openidc is not installed; ./dev test installs it")
    shutil.copytree(APACHE / "pages", Path(settings["FOLDER"]) / "pages")
    as_root = ["-D", "ROOT"] if os.geteuid() == 0 else []
    return [program, "-X", "-D", "FOREGROUND", *as_root, "-f", APACHE / "httpd.conf"]


EXPRESS = Foreign(
    "express-openid-connect",
    node_application("express-openid-connect"),
    callback="/callback",
    goodbye="",
    backchannel="/backchannel-logout",
)
PASSPORT = Foreign(
    "passport-openidconnect",
    node_application("passport-openidconnect"),
    callback="/callback",
    options=("--auth-method", "client_secret_post", "--no-nonce"),
)
MOZILLA = Foreign(
    "mozilla-django-oidc",
    python_application("mozilla_site.py"),
    callback="/oidc/callback/",
    scopes=("openid", "email"),
    options=("--auth-method", "client_secret_post", "--no-pkce"),
    login="/oidc/authenticate/",
    logout="/oidc/logout/",
)
SOCIAL = Foreign(
    "social-auth-app-django",
    python_application("social_site.py"),
    callback="/complete/oidc/",
    options=("--no-pkce",),
    login="/login/oidc/",
    begins_by="POST",
)
AUTHLIB = Foreign(
    "Authlib",
    python_application("authlib_flask.py"),
    callback="/callback",
    options=(
        "--auth-method",
        "private_key_jwt",
        "--token-endpoint-audience",
        "--assertion-lifetime",
        "3600",
        "--no-pkce",
    ),
)
MOD_AUTH_OPENIDC = Foreign(
    "mod_auth_openidc",
    apache,
    callback="/secure/redirect_uri",
    options=("--no-pkce",),
    home="/secure/index.shtml",
    login="/secure/index.shtml",
    logout="/secure/redirect_uri?logout={url}/goodbye.html",
    goodbye="/goodbye.html",
    backchannel="/secure/redirect_uri?logout=backchannel",
)
OIDC_CLIENT_TS = Foreign(
    "oidc-client-ts",
    page_without_server,
    callback="/index.html",
    scopes=("openid",),
    options=("--auth-method", "none", "--grant", "authorization_code", "--grant", "refresh_token"),
    home="/index.html",
    goodbye="/index.html",
)
SPRING = Foreign(
    "Spring Security",
    spring,
    callback="/login/oauth2/code/zhanhe",
    scopes=("openid", "profile"),
    login="/oauth2/authorization/zhanhe",
    backchannel="/logout/connect/back-channel/zhanhe",
)
EVERY = (EXPRESS, PASSPORT, MOZILLA, SOCIAL, AUTHLIB, MOD_AUTH_OPENIDC, OIDC_CLIENT_TS, SPRING)
