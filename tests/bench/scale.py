"""`./dev bench --scale`: what people wait for among a million accounts, beside ten thousand, and during a sweep."""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg

from tests.bench import machine
from tests.bench.backends import Backends, backends
from tests.bench.logins import login_form
from tests.bench.measure import Plan, log_in, one_round
from tests.bench.ours import Ours, start_ours
from tests.bench.paths import OF_PEOPLE
from tests.bench.target import Target
from tests.support.browserless import Browserless, Callback
from tests.support.district import LINES, SESSIONS, fill, leave
from tests.support.postgres import create_database
from tests.support.waiting import eventually

FEW = 10_000
DATABASES = {"few": 0, "many": 1}
"""Of the Redis, since two providers never share one."""
CONNECTIONS = 4
GOAL = 1.5
REDIRECT_URI = "http://127.0.0.1:9/callback"
IDLE = {"SESSION_IDLE": "86400", "SESSION_ABSOLUTE": "604800"}
"""So that no session of the crowd ends by itself before it shall."""
IDLE_LEFT = "SELECT count(*) FROM sessions WHERE ended_at IS NULL AND last_seen_at < extract(epoch FROM now()) - 86400"


@dataclass(slots=True)
class Seen:
    """Seconds that answers took."""

    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    """Among the few, in turns with `swept`: what that sweep costs whoever shares its cores."""
    swept: list[float] = field(default_factory=list)


Figures = dict[str, Seen]


def quantile(values: Sequence[float], share: float) -> float:
    """In milliseconds; of nothing, nothing."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


@dataclass(frozen=True, slots=True)
class District:
    """A provider with so many people in a database of its own."""

    ours: Ours
    readers: Target
    """The same, with the browsers of others."""
    url: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """How many sessions were left idle at once, how many were ended meanwhile, and in how many seconds."""

    left: int
    ended: int
    seconds: float


async def run(accounts: int, rounds: int, seconds: float, urls: tuple[str | None, str | None]) -> str:
    """The whole comparison as Markdown."""
    server_cores, other_cores = machine.split_cores()
    os.sched_setaffinity(0, other_cores)
    figures: Figures = {name: Seen() for name in ("login", *OF_PEOPLE)}
    plan = Plan(tuple(OF_PEOPLE), rounds, seconds, CONNECTIONS)
    with contextlib.ExitStack() as stack:
        stores = stack.enter_context(backends(*urls))
        few = await _district(stack, stores, "few", FEW, server_cores)
        many = await _district(stack, stores, "many", accounts, server_cores)
        load = os.getloadavg()[0]
        for number in range(-1, rounds):  # the first round warms both up
            _say(f"round {number + 1} of {rounds}")
            for name, seen in figures.items():
                for each, into in ((few, seen.few), (many, seen.many)):
                    found = await _round(each, name, plan)
                    if number >= 0:
                        into.extend(found)
        sweep = await _while_swept(few, many, figures, plan)
        return _text(accounts, figures, (load, os.getloadavg()[0]), sweep)


async def _district(
    stack: contextlib.ExitStack, stores: Backends, name: str, accounts: int, cores: set[int]
) -> District:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhanhe-scale-")))
    redis_url = f"{stores.redis_url.rpartition('/')[0]}/{DATABASES[name]}"
    own = Backends(create_database(stores.database_url, f"zhanhe_{name}"), redis_url)
    ours = start_ours(own, REDIRECT_URI, cores, folder, name=name, **IDLE)
    stack.callback(ours.process.stop)
    began = time.perf_counter()
    await fill(own.database_url, accounts, ours.target.client.client_id)
    made = f"{accounts:,} accounts, {SESSIONS * accounts:,} sessions, {LINES * accounts:,} audit rows"
    _say(f"{made} in {time.perf_counter() - began:.0f} s")
    await log_in(ours.target, ours.accounts[:CONNECTIONS], CONNECTIONS)
    # Whoever looks at their own pages did not fetch ten thousand codes in the minutes before.
    readers = replace(ours.target, cookies=[])
    await log_in(readers, ours.accounts[CONNECTIONS:], CONNECTIONS)
    return District(ours, readers, own.database_url)


async def _round(district: District, name: str, plan: Plan) -> list[float]:
    if name == "login":
        return await _logins(district.ours, plan.seconds)
    target = district.readers if name == "own_pages" else district.ours.target
    return (await one_round(target, name, plan, plan.seconds)).latencies


async def _logins(ours: Ours, seconds: float) -> list[float]:
    """One person after the other, from the filled form to the system."""
    took: list[float] = []
    async with Browserless(ours.target.origin, headers=ours.target.headers) as browser:
        form = await login_form(browser, ours.target)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            account = ours.accounts[len(took) % CONNECTIONS]
            start = time.perf_counter()
            landed = await browser.submit(form, username=account.username, password=account.password)
            took.append(time.perf_counter() - start)
            assert isinstance(landed, Callback), landed
    return took


async def _while_swept(few: District, many: District, figures: Figures, plan: Plan) -> Sweep:
    """The same, while all sessions of the crowd that were open wait for their end."""
    connection = await asyncpg.connect(many.url)
    try:
        left = await leave(many.url, sys.maxsize)
        _say(f"{left:,} sessions are idle at once")

        async def begun() -> bool:
            return bool(await connection.fetchval(IDLE_LEFT) < left)

        await eventually(begun)
        began, rest = time.perf_counter(), left
        for _ in range(plan.rounds):
            for name, seen in figures.items():
                base = await _round(few, name, plan)
                found = await _round(many, name, plan)
                rest = await connection.fetchval(IDLE_LEFT)
                if rest:  # otherwise some of it was measured after the end
                    seen.beside += base
                    seen.swept += found
        took = time.perf_counter() - began
        return Sweep(left, left - rest, took)
    finally:
        await connection.close()


def _text(accounts: int, figures: Figures, load: tuple[float, float], sweep: Sweep) -> str:
    made = f"{accounts:,} accounts, {SESSIONS * accounts:,} sessions, {LINES * accounts:,} audit rows"
    lines = [
        f"{machine.describe()}. {made}, beside {FEW:,} accounts; {CONNECTIONS} connections (logins: one after "
        f"the other); load of the machine {load[0]:.1f} before and {load[1]:.1f} after, of which the bench is 2.",
        "",
        f"| what | {FEW:,}: p50/p99 ms | {accounts:,}: p50/p99 ms | ratio "
        f"| {FEW:,} beside the sweep | sweep busy | ratio |",
        "|---|---|---|---|---|---|---|",
        *(_line(name, seen) for name, seen in figures.items()),
        "",
        f"- sweep: {sweep.left:,} sessions were idle at once; {sweep.ended:,} were ended within {sweep.seconds:.0f} s "
        "of the measuring",
    ]
    return "\n".join(lines)


def _line(name: str, seen: Seen) -> str:
    few, many, beside, swept = (
        (quantile(values, 0.5), quantile(values, 0.99))
        for values in (seen.few, seen.many, seen.beside, seen.swept)
    )
    shown = [f"{p50:.1f} / {p99:.1f}" for p50, p99 in (few, many, beside, swept)]
    return (
        f"| {name} | {shown[0]} | {shown[1]} | {_ratio(many, few)} | {shown[2]} | {shown[3]} "
        f"| {_ratio(swept, few)} |"
    )


def _ratio(figure: tuple[float, float], base: tuple[float, float]) -> str:
    by = tuple(mine / other for mine, other in zip(figure, base, strict=True))
    mark = "" if max(by) <= GOAL else " **above the goal**"
    return f"{by[0]:.2f} / {by[1]:.2f}{mark}"


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
