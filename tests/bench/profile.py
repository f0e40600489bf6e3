"""Where the server's time goes while some work is done: py-spy beside it."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

MOST = 60  # functions in each list
LOOP = "Runner.run (asyncio/runners.py"  # what stands above the event loop is the same for every sample
IDLE = "_worker (concurrent/futures/thread.py"  # a thread that waits for work, which py-spy takes for busy


class NoProfiler(Exception):
    """py-spy is not on PATH."""


async def profile(
    pid: int, name: str, work: Coroutine[Any, Any, object], seconds: float, folder: Path
) -> None:
    """Do some work under py-spy; its collapsed stacks go to a file, the heaviest functions to stdout."""
    py_spy = shutil.which("py-spy")
    if py_spy is None:
        work.close()
        raise NoProfiler("py-spy is not on PATH: pip install py-spy into any environment and put it there")
    file = folder / f"{name}.folded"
    recorder = await asyncio.create_subprocess_exec(
        *(py_spy, "record", "--pid", str(pid), "--subprocesses", "--function", "--rate", "250"),
        *("--duration", str(max(1, int(seconds))), "--format", "raw", "--output", str(file)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await work
    await recorder.wait()
    _print_heaviest(name, file)


def _print_heaviest(name: str, file: Path) -> None:
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if frames[-1].startswith(IDLE):
            continue
        start = next((at for at, frame in enumerate(frames) if frame.startswith(LOOP)), 0)
        own[frames[-1]] += int(count)
        for frame in set(frames[start:]):
            whole[frame] += int(count)
    total = sum(own.values()) or 1
    for title, counter in (
        (f"{name}: time in the function itself", own),
        (f"{name}: with what it calls", whole),
    ):
        print(f"\n{title}")
        for frame, samples in counter.most_common(MOST):
            print(f"  {100 * samples / total:5.1f} %  {frame}")
