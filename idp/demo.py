"""`./dev run`: a provider with people, two district systems, all on loopback; prints where to click and as whom."""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import httpx2
from cryptography import x509

from idp.accounts.model import RESIDENT_ID, NewAccount
from idp.accounts.passwords import PasswordHasher
from idp.accounts.service import Accounts
from idp.cli import ENV_FILE, prepare_database
from idp.composition import foundation
from idp.infrastructure.sources import Sources, system_sources
from idp.relying_parties.service import Registry, UnknownClient
from idp.settings import Settings

HOST = "127.0.0.1"
PORT = 8000
KEPT = "demo.json"
ACTOR = "demo"
START_SECONDS = 60.0
STOP_SECONDS = 15.0

PASSPORT = "414"
PEOPLE: Sequence[tuple[NewAccount, bool, str]] = (
    (
        NewAccount("zhangsan", "张三", "", 2, "13800000001", None, None, RESIDENT_ID, "410411199001010015"),
        False,
        "实名等级 2，只用密码：两个系统都能进入 / level 2, password only: enters both systems",
    ),
    (
        NewAccount("lisi", "李四", "", 3, "13800000002", None, None, PASSPORT, "E00000001"),
        True,
        "实名等级 3，密码加动态口令 / level 3, password and one-time password",
    ),
    (
        NewAccount("wangwu", "王五", "", 0, "13800000003"),
        False,
        "未实名：能进门户，进不了信用查询 / level 0: the portal only, the credit system explains why",
    ),
)


@dataclass(frozen=True, slots=True)
class System:
    """A demo system: its module, its name, the offset of its port, what it may ask for."""

    module: str
    name: str
    offset: int
    scope: str
    level: int = 0


SYSTEMS = (
    System("clients.portal", "政务服务网门户", 1, "openid profile phone"),
    System("clients.credit", "公共信用查询", 2, "openid profile real_name"),
)


class CannotStart(Exception):
    """What is wrong, in one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything, wait for SIGTERM or SIGINT, stop everything."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    children: list[subprocess.Popen[bytes]] = []
    try:
        settings, kept = _prepare(options)
        children = _start(settings, kept, options)
        _wait_until_ready(settings, kept, children)
        _announce(settings, kept, options)
        return _watch(children)
    except KeyboardInterrupt:
        return 0
    except CannotStart as error:
        print(f"./dev run: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop(children)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev run", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=PORT, help="the provider's port; the systems take the next two"
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="where files and secrets are kept")
    parser.add_argument("--ready", type=Path, help="file that is written, as JSON, once everything answers")
    parser.add_argument("--database", default="", help="postgresql://… instead of an SQLite file")
    parser.add_argument("--redis", default="", help="redis://… instead of a table")
    parser.add_argument("--tls-cert", type=Path, help="certificate file: the provider speaks https")
    parser.add_argument("--tls-key", type=Path, help="key file of the certificate")
    parser.add_argument("--workers", type=int, default=1, help="worker processes of the provider")
    options = parser.parse_args(arguments)
    options.data = options.data.resolve()
    return options


def _prepare(options: argparse.Namespace) -> tuple[Settings, dict[str, Any]]:
    """Settings, database and demo people; what was made before is kept."""
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if options.ready:
        options.ready.unlink(missing_ok=True)
    for port in (options.port, *(options.port + system.offset for system in SYSTEMS)):
        _refuse_busy(port)
    host = _certified_host(options.tls_cert) if options.tls_cert else HOST
    environment = {
        "IDP_ISSUER": f"{'https' if options.tls_cert else 'http'}://{host}:{options.port}",
        "IDP_DATA_DIR": str(options.data),
        "IDP_HOST": HOST,
        "IDP_PORT": str(options.port),
        "IDP_WORKERS": str(options.workers),
        "IDP_DATABASE_URL": options.database or f"sqlite:///{options.data / 'idp.sqlite3'}",
        "IDP_KEY_VALUE_URL": options.redis or "sql",
        "IDP_DEMO": "true",
    }
    if options.tls_cert:
        environment |= {
            "IDP_TLS_CERT_FILE": str(options.tls_cert.resolve()),
            "IDP_TLS_KEY_FILE": str((options.tls_key or options.tls_cert).resolve()),
        }
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        del os.environ[name]
    os.environ.update(environment)
    _write(options.data / ENV_FILE, "".join(f"{name}={value}\n" for name, value in environment.items()))
    settings = Settings()  # type: ignore[call-arg]  # read from the environment
    return settings, asyncio.run(_seed(settings, options))


async def _seed(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    await prepare_database(settings)
    path = options.data / KEPT
    kept: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if kept.get("issuer") == settings.issuer and kept.get("database") == settings.database:
        return kept
    sources = system_sources()
    async with foundation(settings) as base:
        if kept.get("database") != settings.database:
            kept = {"accounts": [], "systems": []}
            for person, totp, about in PEOPLE:
                kept["accounts"].append(
                    await _open(Accounts(base, PasswordHasher(1)), person, totp, about, sources)
                )
        registry = Registry(base)
        for system in kept["systems"]:
            await _forget(registry, system["client_id"])
        kept["systems"] = [await _register(registry, system, options.port, sources) for system in SYSTEMS]
    kept |= {"issuer": settings.issuer, "database": settings.database}
    _write(path, json.dumps(kept, ensure_ascii=False, indent=1))
    return kept


async def _open(
    accounts: Accounts, person: NewAccount, totp: bool, about: str, sources: Sources
) -> dict[str, str]:
    password = sources.new_token(9)
    await accounts.open(person, ACTOR, password)
    entry = {"username": person.username, "password": password, "about": about}
    if totp:
        entry["totp_secret"] = await accounts.enrol_totp(person.username, ACTOR)
    return entry


async def _register(registry: Registry, system: System, port: int, sources: Sources) -> dict[str, Any]:
    url = f"http://{HOST}:{port + system.offset}"
    client, secret = await registry.create(
        {
            "client_name": system.name,
            "client_uri": url,
            "redirect_uris": [f"{url}/callback"],
            "post_logout_redirect_uris": [f"{url}/"],
            "backchannel_logout_uri": f"{url}/backchannel-logout",
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": system.scope,
        },
        ACTOR,
    )
    return {
        "module": system.module,
        "name": system.name,
        "url": url,
        "client_id": client.client_id,
        "client_secret": secret,
        "secret": sources.new_token(32),
    }


async def _forget(registry: Registry, client_id: str) -> None:
    try:
        await registry.disable(client_id, ACTOR)
    except UnknownClient:
        return  # disabled before


def _start(
    settings: Settings, kept: dict[str, Any], options: argparse.Namespace
) -> list[subprocess.Popen[bytes]]:
    children = [subprocess.Popen([sys.executable, "-m", "idp", "serve"])]
    urls = [system["url"] for system in kept["systems"]]
    for system, peer in zip(kept["systems"], reversed(urls), strict=True):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
        environment |= {
            "SYSTEM_ISSUER": settings.issuer,
            "SYSTEM_CLIENT_ID": system["client_id"],
            "SYSTEM_CLIENT_SECRET": system["client_secret"],
            "SYSTEM_URL": system["url"],
            "SYSTEM_PEER_URL": peer,
            "SYSTEM_HOST": HOST,
            "SYSTEM_PORT": system["url"].rsplit(":", 1)[1],
            "SYSTEM_SECRET": system["secret"],
        }
        if settings.tls_cert_file:
            environment["SYSTEM_CA_FILE"] = str(settings.tls_cert_file)
        children.append(subprocess.Popen([sys.executable, "-m", system["module"]], env=environment))
    return children


def _wait_until_ready(
    settings: Settings, kept: dict[str, Any], children: list[subprocess.Popen[bytes]]
) -> None:
    waiting = [f"{settings.issuer}/health/ready", *(f"{system['url']}/health" for system in kept["systems"])]
    clock = system_sources().now
    deadline = clock() + START_SECONDS
    verify = settings.tls_cert_file is None  # only to see that it answers
    with httpx2.Client(verify=verify, trust_env=False, timeout=2) as client:
        while waiting:
            _refuse_dead(children)
            if clock() > deadline:
                raise CannotStart(f"{waiting[0]} does not answer")
            try:
                if client.get(waiting[0]).status_code == 200:
                    waiting.pop(0)
                    continue
            except httpx2.HTTPError:
                pass
            time.sleep(0.03)


def _announce(settings: Settings, kept: dict[str, Any], options: argparse.Namespace) -> None:
    lines = ["", "湛河统一身份认证与用户中心 / Zhanhe Unified Identity", ""]
    lines += [f"  {system['name']:　<10} {system['url']}" for system in kept["systems"]]
    lines += [f"  {'用户中心':　<10} {settings.issuer}", "", "  登录 / log in as:"]
    for account in kept["accounts"]:
        lines.append(f"    {account['username']:10} {account['password']:14} {account['about']}")
        if "totp_secret" in account:
            lines.append(f"    {'':10} 动态口令密钥 / TOTP secret: {account['totp_secret']}")
    print("\n".join([*lines, "", "  Ctrl-C 结束 / ends everything", ""]), flush=True)
    if options.ready:
        ready = {
            "issuer": settings.issuer,
            "accounts": kept["accounts"],
            "systems": [{"name": system["name"], "url": system["url"]} for system in kept["systems"]],
            "cli": [sys.executable, "-m", "idp", "--data", str(options.data)],
        }
        _write(options.ready, json.dumps(ready, ensure_ascii=False))


def _watch(children: list[subprocess.Popen[bytes]]) -> NoReturn:
    while True:
        _refuse_dead(children)
        time.sleep(0.5)


def _refuse_dead(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is not None:
            raise CannotStart(f"{' '.join(map(str, child.args[2:]))} ended with status {child.returncode}")  # type: ignore[index]


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotStart(f"port {port} is in use; choose another with --port") from error


def _certified_host(path: Path) -> str:
    """The loopback name that a certificate is for."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise CannotStart(f"{path}: not a certificate with subject alternative names") from error
    found = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    for host in (HOST, "localhost"):
        if host in found:
            return host
    raise CannotStart(f"{path}: is neither for {HOST} nor for localhost")


def _write(path: Path, text: str) -> None:
    """Write a file whole, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
