"""Where the server's time goes on a path: py-spy beside one more round of ours."""

import asyncio
import shutil
from collections import Counter
from pathlib import Path

from tests.bench.measure import Plan, one_round
from tests.bench.target import Target


class NoProfiler(Exception):
    """py-spy is not on PATH."""


async def profile(target: Target, path: str, plan: Plan, folder: Path) -> Path:
    """A round under py-spy; the collapsed stacks go to a file, the heaviest functions to stdout."""
    py_spy = shutil.which("py-spy")
    if py_spy is None:
        raise NoProfiler("py-spy is not on PATH: pip install py-spy into any environment and put it there")
    file = folder / f"{path}.folded"
    recorder = await asyncio.create_subprocess_exec(
        *(py_spy, "record", "--pid", str(target.pid), "--subprocesses", "--native", "--rate", "250"),
        *("--duration", str(max(1, int(plan.seconds))), "--format", "raw", "--output", str(file)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    await one_round(target, path, plan, plan.seconds + 1)
    await recorder.wait()
    _print_heaviest(path, file)
    return file


def _print_heaviest(path: str, file: Path, most: int = 25) -> None:
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        own[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    total = sum(own.values()) or 1
    print(f"\n{path}: share of samples, own | with callees")
    for frame, samples in own.most_common(most):
        print(f"  {100 * samples / total:5.1f} %  {frame}")
    print("  --")
    for frame, samples in whole.most_common(most):
        print(f"  {100 * samples / total:5.1f} %  {frame}")
