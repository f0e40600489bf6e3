"""What the algorithm of the ID token costs: a code and its exchange, with ES256 and with RS256, in turns."""

from dataclasses import replace

from tests.bench.measure import Measured, Plan, one_round
from tests.bench.ours import Ours


async def both_signatures(ours: Ours, plan: Plan) -> str:
    """Requests per core-second and latencies of `code` with each; access tokens are ES256 in both cases."""
    targets = {"ES256": ours.target, "RS256": replace(ours.target, client=ours.by_default)}
    found = {name: Measured() for name in targets}
    for target in targets.values():
        await one_round(target, "code", plan, plan.seconds)  # caches get warm
    for number in range(plan.rounds):
        for name in sorted(targets, reverse=bool(number % 2)):
            found[name].rounds.append(await one_round(targets[name], "code", plan, plan.seconds))
    shown = [f"{name} {_shown(measured)}" for name, measured in found.items()]
    ratio = found["RS256"].per_core / found["ES256"].per_core
    return f"code with {', with '.join(shown)}: RS256 serves {ratio:.2f} of what ES256 does"


def _shown(measured: Measured) -> str:
    times = f"p50/p99 {measured.latency(0.5):.2f} / {measured.latency(0.99):.2f} ms"
    return f"{measured.per_core:,.0f}/core·s ({times})"
