"""Whether two kinds of requests can be told apart by what came back, or by when."""

import re
from statistics import NormalDist

import httpx2

ALPHA = 1e-4
"""How certain a difference has to be: so seldom does chance alone make one."""


def shown(answer: httpx2.Response, phone: str) -> str:
    """What the person sees, without what differs from request to request."""
    text = answer.headers.get("location", "") + answer.text
    text = text.replace(phone, "PHONE").replace(f"{phone[:3]}****{phone[-4:]}", "PHONE")
    text = re.sub(r'name="attempt" value="[^"]*"', "", text)
    return re.sub(r"[A-Za-z0-9_%=-]{40,}", lambda found: f"<{len(found.group())}>", text)


def two_sided(one: list[float], other: list[float]) -> float:
    """The p-value of the Mann-Whitney U test, by the normal approximation with ties in the middle."""
    both = sorted((value, group) for group, values in enumerate((one, other)) for value in values)
    ranks, at = 0.0, 0
    while at < len(both):
        end = at
        while end < len(both) and both[end][0] == both[at][0]:
            end += 1
        ranks += sum(1 for _, group in both[at:end] if group == 0) * (at + 1 + end) / 2
        at = end
    sizes = len(one) * len(other)
    u = ranks - len(one) * (len(one) + 1) / 2
    spread = (sizes * (len(one) + len(other) + 1) / 12) ** 0.5
    return 2 * (1 - NormalDist().cdf(abs(u - sizes / 2) / spread))


def share(one: int, of_one: int, other: int, of_other: int) -> float:
    """The two-sided p-value that one thing happens as often in both kinds (two proportions, pooled)."""
    pooled = (one + other) / (of_one + of_other)
    spread = (pooled * (1 - pooled) * (1 / of_one + 1 / of_other)) ** 0.5
    return 1.0 if spread == 0 else 2 * (1 - NormalDist().cdf(abs(one / of_one - other / of_other) / spread))
