"""`./dev bench`: the hot paths of our provider beside npm oidc-provider, per core, in alternating rounds."""

import argparse
import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import uvloop

from tests.bench import away, machine, notices, scale
from tests.bench.backends import Backends, backends
from tests.bench.logins import measure_logins
from tests.bench.measure import Plan, log_in, measure, one_round
from tests.bench.ours import Ours, start_ours
from tests.bench.paths import PATHS
from tests.bench.peer import Peer, start_peer
from tests.bench.profile import profile
from tests.bench.report import NOTES, Report
from tests.bench.signatures import both_signatures
from tests.bench.target import Target
from tests.support.instance import Account
from tests.support.node import executable
from tests.support.ports import free_port

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
REDIRECT_URI = "http://127.0.0.1:9/callback"  # nobody listens; only the redirect is looked at


def main() -> None:
    """Parse, run, report."""
    options = _options()
    try:
        if options.scale or options.notices:
            print(f"\n{uvloop.run(_beside(options))}")
            return
        if options.away:
            print(f"\n{uvloop.run(_away(options))}")
            return
        report = uvloop.run(_run(options))
    except asyncio.CancelledError:
        sys.exit("stopped")
    print(f"\n{report.text()}\n{NOTES}")
    if options.json:
        report.write_json(options.json)
    if options.record:
        report.record(PAGE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there")
    parser.add_argument("--record", action="store_true", help="append the result to docs/benchmarks.md")
    parser.add_argument(
        "--paths",
        nargs="+",
        choices=list(PATHS),
        default=list(PATHS)[:-1],
        metavar="PATH",
        help=", ".join(PATHS),
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    parser.add_argument("--connections", type=int, default=16)
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--ours-only", action="store_true")
    who.add_argument("--peer-only", action="store_true")
    parser.add_argument("--no-logins", action="store_true", help="leave the password logins out")
    parser.add_argument(
        "--profile", type=Path, metavar="FOLDER", help="py-spy stacks of ours, a file per path"
    )
    parser.add_argument(
        "--away",
        action="store_true",
        help="instead: local logins while the province fails; no figure is judged",
    )
    parser.add_argument(
        "--scale",
        nargs="?",
        type=int,
        const=1_000_000,
        metavar="ACCOUNTS",
        help="instead: what people wait for among so many (a million), beside 10,000, and while the sweep is busy",
    )
    parser.add_argument(
        "--notices",
        action="store_true",
        help="instead: logouts beside four hundred notices to a system that hangs",
    )
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database to use")
    parser.add_argument("--redis", metavar="URL", help="a Redis to use")
    return parser.parse_args()


async def _beside(options: argparse.Namespace) -> str:
    away.stop_on_sigterm()
    urls = (options.database, options.redis)
    if options.notices:
        return await notices.run(options.seconds, urls)
    return await scale.run(options.scale, options.rounds, options.seconds, urls)


async def _away(options: argparse.Namespace) -> str:
    away.stop_on_sigterm()
    return await away.run(options.rounds, options.seconds, (options.database, options.redis))


async def _run(options: argparse.Namespace) -> Report:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # so that servers are ended
    server_cores, other_cores = machine.split_cores()
    os.sched_setaffinity(0, other_cores)  # everything started from here on inherits it, except the servers
    plan = Plan(options.paths, options.rounds, options.seconds, options.connections)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhanhe-bench-")))
        stores = stack.enter_context(backends(options.database, options.redis))
        report = Report(machine.describe(), _software(), _settings(plan), {})
        ours: Ours | None = None
        peer: Peer | None = None
        targets: list[Target] = []
        if not options.peer_only:
            _say("starting ours …")
            ours = _start_ours(stack, stores, server_cores, folder)
            targets.append(ours.target)
            await log_in(ours.target, ours.accounts, plan.connections)
        if not options.ours_only:
            _say("starting the peer …")
            peer = start_peer(free_port(), stores.redis_url, REDIRECT_URI, server_cores, folder / "peer.log")
            stack.callback(peer.process.stop)
            targets.append(peer.target)
            await log_in(peer.target, [Account("zhangsan", "")], plan.connections)
        report.results = await measure(targets, plan)
        report.extras = await _extras(report, ours, peer, options, server_cores)
        if options.profile and ours:
            options.profile.mkdir(parents=True, exist_ok=True)
            await _profiles(ours, plan, options.profile, server_cores, not options.no_logins)
    return report


def _start_ours(stack: contextlib.ExitStack, stores: Backends, cores: set[int], folder: Path) -> Ours:
    ours = start_ours(stores, REDIRECT_URI, cores, folder)
    stack.callback(ours.process.stop)
    return ours


async def _extras(
    report: Report, ours: Ours | None, peer: Peer | None, options: argparse.Namespace, cores: set[int]
) -> dict[str, str]:
    extras: dict[str, str] = {}
    for name, each in (("ours", ours), ("peer", peer)):
        if each is not None:
            memory = machine.ProcessTree(each.target.pid).memory()
            extras[f"memory {name}"] = (
                f"{memory[0] / 1e6:.0f} MB in the worker, {sum(memory) / 1e6:.0f} MB in all"
            )
            extras[f"start {name}"] = f"{each.start_seconds:.2f} s from the process to the first answer"
    if ours is not None and "client_credentials" in report.results:
        guard = report.results["client_credentials"]["ours"].signature_ratio
        extras["guard"] = f"one client_credentials request costs the CPU of {guard:.1f} raw ES256 signatures"
    if ours is not None and "code" in report.results:
        plan = Plan(["code"], options.rounds, options.seconds, options.connections)
        extras["ID tokens"] = await both_signatures(ours, plan)
    if ours is not None and not options.no_logins:
        extras["logins"] = str(await measure_logins(ours.target, ours.accounts, cores))
    return extras


async def _profiles(ours: Ours, plan: Plan, folder: Path, cores: set[int], logins: bool) -> None:
    for path in plan.paths:
        work = one_round(ours.target, path, plan, plan.seconds + 1)
        await profile(ours.target.pid, path, work, plan.seconds, folder)
    if logins:
        await profile(ours.target.pid, "logins", measure_logins(ours.target, ours.accounts, cores), 6, folder)


def _software() -> str:
    versions = [f"oidc-provider {_peer_version()}", f"Node {_output(executable('node'), '--version')}"]
    return ", ".join(versions)


def _settings(plan: Plan) -> str:
    return f"{plan.rounds} rounds of {plan.seconds:g} s, {plan.connections} connections"


def _peer_version() -> str:
    lock = (Path(__file__).parent / "peer" / "package-lock.json").read_text()
    found = re.search(r'"oidc-provider": "([^"]+)"', lock)
    return found[1] if found else "?"


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
