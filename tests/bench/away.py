"""`./dev bench --away`: local logins beside a stream of logins by the province, which fails in every way."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.bench import machine
from tests.bench.backends import Backends, backends
from tests.bench.logins import login_form
from tests.bench.server import start_server
from tests.bench.target import Endpoints, Target
from tests.support.browserless import Browserless, Callback, Form
from tests.support.instance import ROOT, Account, Instance
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process

MODES: dict[str, dict[str, Any]] = {
    "down": {},
    "slow (10 s)": {"latency": 10},
    "garbage": {"mode": "malformed"},
    "HTML with 200": {"mode": "html"},
    "wrong clock": {"clock_offset": 3600},
}
WELL = {"latency": 0, "mode": "ok", "clock_offset": 0}
DOWN = "down"
LOGINS_PER_SECOND, COMING_PER_SECOND = 8.0, 4.0
PEOPLE = ("zhangsan", "hui", "rare", "level2", "level4", "clerk")
REDIRECT_URI = "http://127.0.0.1:9/callback"
MOST_SECONDS = 60
ENDPOINTS = Endpoints("/authorize", "/token", "/userinfo", "/introspect")


@dataclass(slots=True)
class Stretch:
    """What happened in one stretch: how long each local login took, and how those by the province ended."""

    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def quantile(self, share: float) -> float:
        """In milliseconds."""
        values = sorted(self.seconds)
        return 1000 * values[min(len(values) - 1, int(share * len(values)))]

    def add(self, other: "Stretch") -> None:
        """Count another stretch in."""
        self.seconds += other.seconds
        self.outcomes += other.outcomes


@dataclass(slots=True)
class House:
    """The provider, the province beside it, and browsers with our login form open."""

    instance: Instance
    target: Target
    province: Process
    accounts: list[Account]
    forms: list[tuple[Browserless, Form]] = field(default_factory=list)

    async def tell(self, **said: Any) -> None:
        """Have the province do something."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            url = f"http://{LOOPBACK}:{self.province.port}/control"
            (await client.post(url, json={"platform": "henan", **said})).raise_for_status()


async def run(rounds: int, seconds: float, stores: tuple[str | None, str | None]) -> str:
    """Measure all of it; the result as Markdown."""
    server_cores, other_cores = machine.split_cores()
    os.sched_setaffinity(0, other_cores)
    with tempfile.TemporaryDirectory(prefix="zhanhe-bench-") as folder, backends(*stores) as started:
        async with house(started, Path(folder), server_cores) as it:
            await stretch(it, DOWN, 3, begin=False)  # compilers and caches get warm
            found = {name: (Stretch(), Stretch(), list[float]()) for name in MODES}
            for number in range(rounds):
                for name, (normal, away, healed) in found.items():
                    print(f"  round {number + 1}, {name} …", file=sys.stderr, flush=True)
                    normal.add(await stretch(it, "", seconds))
                    away.add(await stretch(it, name, seconds))
                    healed.append(await back(it, name))
    return text(found, f"{rounds} rounds of {seconds:g} s")


@contextlib.asynccontextmanager
async def house(stores: Backends, folder: Path, cores: set[int]) -> AsyncIterator[House]:
    """Both servers, ours on the given cores."""
    secrets, port = folder / "upstreams.toml", free_port()
    secrets.touch(0o600)
    instance = Instance.create(
        folder, DATABASE_URL=stores.database_url, KEY_VALUE_URL=stores.redis_url, WORKERS="1",
        LOGIN_ATTEMPTS_PER_ADDRESS="1000000", UPSTREAM_SECRETS_FILE=str(secrets),
    )  # fmt: skip
    command = [sys.executable, "-m", "tests.province", "--port", str(port), "--callback", instance.issuer]
    environment = {**instance.environment, "PROVINCE_SEED": "bench"}
    with Process(command, port, folder / "province.log", environment, ROOT) as province:
        given = httpx2.get(f"http://{LOOPBACK}:{port}/control/apps", trust_env=False).json()["henan"]
        lines = [f'{name} = "{value}"' for name, value in given.items()]
        secrets.write_text("\n".join(["[henan]", *lines, ""]), "utf-8")
        client = instance.create_client(
            "bench", "--redirect-uri", REDIRECT_URI, "--no-consent", "--scope", "openid"
        )
        accounts = [instance.create_account(f"local{number}") for number in range(4)]
        process = instance.process()
        start_server(process, ENDPOINTS.discovery, cores)
        target = Target(
            "ours", LOOPBACK, instance.port, ENDPOINTS, client, client, REDIRECT_URI, "openid", process.pid
        )
        it = House(instance, target, province, accounts)
        try:
            for _ in accounts:
                browser = Browserless(target.origin)
                it.forms.append((browser, await login_form(browser, target)))
            yield it
        finally:
            for browser, _ in it.forms:
                await browser.close()
            process.stop()


async def stretch(it: House, mode: str, seconds: float, *, begin: bool = True) -> Stretch:
    """Both streams at their rates for so long; the province is in a mode, or well."""
    if begin and mode == DOWN:
        it.province.stop()
    elif begin and mode:
        await it.tell(**MODES[mode])
    done, end = Stretch(), time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_paced(group, LOGINS_PER_SECOND, end, lambda number: _local(it, number, done)))
        if begin:
            coming = lambda number: _coming(it, number, mode, done)  # noqa: E731
            group.create_task(_paced(group, COMING_PER_SECOND, end, coming))
    return done


async def back(it: House, mode: str) -> float:
    """Have the province well again; the seconds until somebody comes in by it."""
    if mode == DOWN:
        it.province.start()
    else:
        await it.tell(**WELL)
    start, done = time.perf_counter(), Stretch()
    for number in count():
        await _coming(it, number, "", done)
        waited = time.perf_counter() - start
        if done.outcomes["in"]:
            return waited
        if waited > MOST_SECONDS:
            raise AssertionError(f"it does not heal: {done.outcomes}")
        await asyncio.sleep(0.5)
    raise AssertionError("unreachable")


async def _paced(group: asyncio.TaskGroup, rate: float, end: float, work: Any) -> None:
    """Begin a piece of work at a rate, however long each takes."""
    start = time.perf_counter()
    for number in count():
        at = start + number / rate
        if at >= end:
            return
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        group.create_task(work(number))


async def _local(it: House, number: int, done: Stretch) -> None:
    """One login by password, from the sent form to the system."""
    browser, form = it.forms[number % len(it.forms)]
    account = it.accounts[number % len(it.accounts)]
    start = time.perf_counter()
    landed = await browser.submit(form, username=account.username, password=account.password)
    done.seconds.append(time.perf_counter() - start)
    if not isinstance(landed, Callback):
        raise AssertionError(f"the login failed: {landed.status} {landed.url}\n{landed.text[:1000]}")


async def _coming(it: House, number: int, mode: str, done: Stretch) -> None:
    """Somebody who comes by the province; while it is down, with the ticket of somebody who was already there."""
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=30) as client:
        answer = await client.get(f"{it.instance.issuer}/upstream/henan/start")
        if answer.status_code != 303:
            done.outcomes[f"told at once ({answer.status_code})"] += 1
            return
        there = answer.headers["location"]
        if mode == DOWN:
            callback = f"{parse_qs(urlsplit(there).query)['backUrl'][0]}&ticket={time.time_ns()}"
        else:
            await client.post(there, data={"who": PEOPLE[number % len(PEOPLE)]})
            callback = (await client.post(there, data={"decision": "agree"})).headers["location"]
        answer = await client.get(callback)
        done.outcomes["in" if answer.status_code == 303 else f"told ({answer.status_code})"] += 1


def text(found: dict[str, tuple[Stretch, Stretch, list[float]]], settings: str) -> str:
    """A row for each way to fail."""
    rates = f"{LOGINS_PER_SECOND:g} local logins and {COMING_PER_SECOND:g} by the province per second"
    lines = [f"{machine.describe()}. One worker, {settings} each, {rates}.", ""]
    lines += [
        "| province | local p50/p99 ms | beside a province that is well | p99 ratio | by the province | heals in |"
    ]
    lines += ["|---|---|---|---|---|---|"]
    for name, (normal, away, healed) in found.items():
        ratio = away.quantile(0.99) / normal.quantile(0.99)
        times = [f"{one.quantile(0.5):.0f} / {one.quantile(0.99):.0f}" for one in (away, normal)]
        ended = ", ".join(f"{number} {outcome}" for outcome, number in away.outcomes.most_common())
        lines.append(
            f"| {name} | {times[0]} | {times[1]} | **{ratio:.2f}** | {ended} | {max(healed):.0f} s |"
        )
    return "\n".join(lines)


def stop_on_sigterm() -> None:
    """So that what was started ends."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
