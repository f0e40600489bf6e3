"""A server under test: started on its own core, timed to its first good answer."""

import time
import urllib.error
import urllib.request

from tests.bench.machine import pinned
from tests.support.ports import LOOPBACK
from tests.support.processes import PATIENCE, DidNotStart, Process

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def start_server(process: Process, path: str, cores: set[int]) -> float:
    """Start a process pinned to some cores; the seconds to its first good answer."""
    start = time.perf_counter()
    health_url = f"http://{LOOPBACK}:{process.port}{path}"
    with pinned(cores):  # inherited by the process and all it starts
        process.start()
    while not _answers(health_url):
        if time.perf_counter() - start > PATIENCE:
            process.kill()
            raise DidNotStart(f"{health_url} gives no answer:\n{process.last_lines()}")
        time.sleep(0.005)
    return time.perf_counter() - start


def _answers(url: str) -> bool:
    try:
        with _DIRECT.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
