"""`./dev run`: a provider with people, two district systems, all on loopback; prints where to click and as whom."""

import argparse
import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from idp.demo import command_line, province
from idp.demo.command_line import (
    DATABASES,
    KEY_VALUES,
    CannotStart,
    certified_host,
    refuse_busy,
    refuse_silent,
    take_folder,
)
from idp.demo.plan import (
    AUTHORITIES,
    AUTHORITIES_APP_ID,
    AUTHORITIES_OFFSET,
    HOST,
    SYSTEMS,
    Kept,
    authorities_are_here,
    authority_settings,
    fingerprint,
    read_kept,
    write_private,
)
from idp.infrastructure.sources import system_sources
from idp.settings import ENV_FILE, Settings, UnsafeSettings, read_settings

START_SECONDS = 60.0
STOP_SECONDS = 15.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything, wait for SIGTERM or SIGINT, stop everything."""
    options = command_line.read(arguments, __doc__)
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
    except (CannotStart, UnsafeSettings) as error:
        print(f"./dev run: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _stop(children)


def _prepare(options: argparse.Namespace) -> tuple[Settings, Kept]:
    """Settings, database and demo people; what was made before is kept."""
    take_folder(options)
    refuse_silent("--database", options.database, DATABASES)
    refuse_silent("--redis", options.redis, KEY_VALUES)
    if options.ready:
        options.ready.unlink(missing_ok=True)
    options.simulators = authorities_are_here()
    offsets = [0, *(system.offset for system in SYSTEMS)]
    options.province = province.is_here()
    offsets += [AUTHORITIES_OFFSET] if options.simulators else []
    offsets += [province.OFFSET] if options.province else []
    for offset in offsets:
        refuse_busy(options.port + offset)
    host = certified_host(options.tls_cert, options.host) if options.tls_cert else options.host or HOST
    environment = {
        "IDP_ISSUER": f"{'https' if options.tls_cert else 'http'}://{host}:{options.port}",
        "IDP_DATA_DIR": str(options.data),
        "IDP_HOST": HOST,
        "IDP_PORT": str(options.port),
        "IDP_WORKERS": str(options.workers),
        "IDP_DATABASE_URL": options.database or f"sqlite:///{options.data / 'idp.sqlite3'}",
        "IDP_KEY_VALUE_URL": options.redis or "sql",
        "IDP_DEMO": "true",
        "IDP_DRAIN": "0",  # there is no proxy that would have to hear of an end
        "IDP_SMS_PER_ADDRESS": "1000",  # everybody sits at the same address here
    }
    if options.tls_cert:
        environment |= {
            "IDP_TLS_CERT_FILE": str(options.tls_cert.resolve()),
            "IDP_TLS_KEY_FILE": str((options.tls_key or options.tls_cert).resolve()),
        }
    if options.simulators:
        environment |= authority_settings(options.port, system_sources().new_token(32))
    if options.province:
        environment |= province.province_settings(options.data)
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        del os.environ[name]
    os.environ.update(environment)
    write_private(
        options.data / ENV_FILE, "".join(f"{name}={value}\n" for name, value in environment.items())
    )
    settings = read_settings()
    kept = read_kept(options.data)
    if fingerprint(settings.issuer, settings.database).items() <= kept.items():
        return settings, kept
    return settings, _seed(settings, options.data)


def _seed(settings: Settings, folder: Path) -> Kept:
    # Loaded only when there is something to make: it takes longer than all the rest.
    from idp.demo.data import NotMade, seed  # noqa: PLC0415

    try:
        return asyncio.run(seed(settings, folder))
    except NotMade as error:
        raise CannotStart(f"the database cannot be used: {str(error).splitlines()[0]}") from error


def _start(settings: Settings, kept: Kept, options: argparse.Namespace) -> list[subprocess.Popen[bytes]]:
    children = _start_province(settings, options) if options.province else []
    children.append(subprocess.Popen([sys.executable, "-m", "idp", "serve"]))
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
    if options.simulators:
        children.append(_start_authorities(settings, options))
    return children


def _start_province(settings: Settings, options: argparse.Namespace) -> list[subprocess.Popen[bytes]]:
    port = options.port + province.OFFSET
    child = province.start(port, settings.issuer)
    try:
        province.write_secrets(child, port, options.data, START_SECONDS)
    except province.NotStarted as error:
        _stop([child])
        raise CannotStart(str(error)) from error
    return [child]


def _start_authorities(settings: Settings, options: argparse.Namespace) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    environment |= {
        "AUTHORITY_APP_ID": AUTHORITIES_APP_ID,
        "AUTHORITY_SECRET": settings.population_secret.get_secret_value(),
    }
    port = str(options.port + AUTHORITIES_OFFSET)
    command = [sys.executable, "-m", AUTHORITIES, "--port", port]
    return subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2])


def _wait_until_ready(settings: Settings, kept: Kept, children: list[subprocess.Popen[bytes]]) -> None:
    waiting = [f"{settings.issuer}/health/ready", *(f"{system['url']}/health" for system in kept["systems"])]
    if settings.population_url:
        waiting.append(f"{settings.population_url}/health")
    deadline = time.monotonic() + START_SECONDS
    while waiting:
        _refuse_dead(children)
        if time.monotonic() > deadline:
            raise CannotStart(f"{waiting[0]} does not answer")
        if _answers(waiting[0]):
            waiting.pop(0)
        else:
            time.sleep(0.02)


def _answers(url: str) -> bool:
    """Whether there is a 200; the certificate does not matter for that."""
    parts = urlsplit(url)
    host, port = parts.hostname or HOST, parts.port
    if parts.scheme == "https":
        anyone = ssl._create_unverified_context()  # noqa: S323
        connection: HTTPConnection = HTTPSConnection(host, port, timeout=2, context=anyone)
    else:
        connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _announce(settings: Settings, kept: Kept, options: argparse.Namespace) -> None:
    lines = ["", "湛河统一身份认证与用户中心 / Zhanhe Unified Identity", ""]
    lines += [f"  {system['name']:　<10} {system['url']}" for system in kept["systems"]]
    if settings.population_url:
        lines.append(f"  {'模拟核验机构':　<10} {settings.population_url}")
    if options.province:
        lines.append(f"  {'模拟省平台':　<10} http://{HOST}:{options.port + province.OFFSET}")
    lines += [f"  {'用户中心':　<10} {settings.issuer}", "", "  登录 / log in as:"]
    for account in kept["accounts"]:
        lines.append(f"    {account['username']:10} {account['password']:14} {account['about']}")
        if "totp_secret" in account:
            lines.append(f"    {'':10} 动态口令密钥 / TOTP secret: {account['totp_secret']}")
    lines += ["", f"  短信和邮件 / messages: {settings.issuer}/demo/messages"]
    print("\n".join([*lines, "", "  Ctrl-C 结束 / ends everything", ""]), flush=True)
    if options.ready:
        ready = {
            "issuer": settings.issuer,
            "accounts": kept["accounts"],
            "systems": [{"name": system["name"], "url": system["url"]} for system in kept["systems"]],
            "cli": [sys.executable, "-m", "idp", "--data", str(options.data)],
        }
        write_private(options.ready, json.dumps(ready, ensure_ascii=False))


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


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
