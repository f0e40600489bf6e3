"""Runs the rounds: logs browsers in, warms both servers up, alternates them, and takes medians."""

import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.bench.generator import Round, run_round
from tests.bench.machine import ProcessTree, signature_seconds
from tests.bench.paths import OF_PEOPLE, PATHS
from tests.bench.target import Target
from tests.support.browserless import Browserless, Callback
from tests.support.instance import Account

WARM_UP = 0.6


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often."""

    paths: Sequence[str]
    rounds: int
    seconds: float
    connections: int


@dataclass(slots=True)
class Measured:
    """All rounds of one path on one server."""

    rounds: list[Round] = field(default_factory=list)
    signatures: list[float] = field(default_factory=list)

    @property
    def per_core(self) -> float:
        """Median of requests per core-second."""
        return statistics.median(each.per_core for each in self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """Worst and best round."""
        values = [each.per_core for each in self.rounds]
        return min(values), max(values)

    @property
    def signature_ratio(self) -> float:
        """Server CPU of one request in units of one raw ES256 signature made beside the same round."""
        pairs = zip(self.rounds, self.signatures, strict=True)
        return statistics.median(1 / each.per_core / signature for each, signature in pairs)

    def latency(self, share: float) -> float:
        """A quantile over all rounds, in milliseconds."""
        values = sorted(value for each in self.rounds for value in each.latencies)
        return 1000 * values[min(len(values) - 1, int(share * len(values)))]


Results = dict[str, dict[str, Measured]]


async def log_in(target: Target, accounts: Sequence[Account], browsers: int) -> None:
    """Give the target that many logged-in browsers, each with consent given."""
    target.cookies.extend(await logged_in(target, accounts, browsers))


async def logged_in(target: Target, accounts: Sequence[Account], browsers: int) -> list[str]:
    """The cookies of that many browsers, each logged in and with consent given."""
    cookies = []
    for index in range(browsers):
        account = accounts[index % len(accounts)]
        async with Browserless(target.origin, headers=target.headers) as browser:
            for api in (target.api, {}):
                url = target.authorize_path({**api, "login_hint": account.username})
                callback = await browser.log_in(url, account.username, account.password)
                _check(callback)
            cookies.append(browser.cookie_header())
    return cookies


async def measure(targets: Sequence[Target], plan: Plan) -> Results:
    """Every path on every server, in turns."""
    results: Results = {}
    for path in plan.paths:
        results[path] = {target.name: Measured() for target in targets}
        for target in targets:
            await one_round(target, path, plan, plan.seconds)  # compilers and caches get warm
        for number in range(plan.rounds):
            for target in _in_turn(targets, number):
                measured = results[path][target.name]
                measured.rounds.append(await one_round(target, path, plan, plan.seconds))
                measured.signatures.append(signature_seconds())
        print(f"  {path}: " + _summary(results[path]), file=sys.stderr, flush=True)
    return results


async def one_round(target: Target, path: str, plan: Plan, seconds: float) -> Round:
    """One stretch of one path on one server."""
    scripts = [(PATHS | OF_PEOPLE)[path](target, target.cookies[index]) for index in range(plan.connections)]
    tree = ProcessTree(target.pid)
    return await run_round((target.host, target.port), scripts, seconds, WARM_UP, tree.cpu_seconds)


def _in_turn(targets: Sequence[Target], number: int) -> Iterable[Target]:
    return targets if number % 2 == 0 else reversed(targets)


def _summary(row: dict[str, Measured]) -> str:
    return ", ".join(f"{name} {measured.per_core:,.0f}/s" for name, measured in row.items())


def _check(callback: Callback) -> None:
    if "code" not in callback.parameters:
        raise AssertionError(f"the login ended in {callback.parameters}")
