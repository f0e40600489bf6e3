"""Machine by machine, behind nginx as docs/operations.md has it and with the waits that it asks for: nobody notices."""

import asyncio
import re
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.resilience.flows import System, enter
from tests.resilience.live import Live, live
from tests.support.nginx import Nginx
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
CLIENTS = 4
OF_TLS = re.compile(r"^\s*(ssl_\w+|add_header Strict-Transport-Security) .*;\n", re.MULTILINE)


def documented(ports: tuple[int, int], port: int, folder: Path) -> str:
    """The page's configuration with the addresses of this machine, and without the certificate."""
    server, log_format = re.findall(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    replaced = {
        "10.1.0.11:8000": f"{LOOPBACK}:{ports[0]}",
        "10.1.0.12:8000": f"{LOOPBACK}:{ports[1]}",
        "listen 443 ssl;": f"listen {LOOPBACK}:{port};",
        "server_name login.example.gov.cn;": "",
        "/var/log/nginx/zhanhe.log": str(folder / "access.log"),
        "proxy_set_header Host $host;": "proxy_set_header Host $http_host;",  # which has a port here
    }
    for theirs, ours in replaced.items():
        assert theirs in server
        server = server.replace(theirs, ours)
    return f"{log_format}{OF_TLS.sub('', server)}"


def waits() -> tuple[float, float]:
    """Seconds: after a machine is ready, and how long nginx sends nothing to one that failed."""
    text = PAGE.read_text("utf-8")
    found = re.search(r"`/health/ready` is 200, and then (\d+) s more", text)
    assert found
    forgiven = re.search(r"max_fails=2 fail_timeout=(\d+)s", text)
    assert forgiven
    return float(found[1]), float(forgiven[1])


async def test_a_restart_machine_by_machine_loses_no_request(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    with Nginx.start(ports, written=lambda port, folder: documented(ports, port, folder)) as proxy:
        settings = {"ISSUER": proxy.url, "TRUSTED_PROXIES": LOOPBACK, "WORKERS": "2", "DRAIN": "5"}
        stores = {"DATABASE_URL": postgres_url, "KEY_VALUE_URL": redis_url}
        async with live(tmp_path, ports=ports, **settings, **stores) as running:
            for process in running.processes:
                process.start()
            browser, _ = await running.log_in()
            seen: Counter[str] = Counter()
            load = [asyncio.create_task(_ask_without_end(running, seen)) for _ in range(CLIENTS)]
            after, forgiven = waits()
            assert after > forgiven
            for process in running.processes:
                assert await asyncio.to_thread(process.stop) == 0
                await asyncio.to_thread(process.start)  # the traffic goes on meanwhile
                await eventually(lambda: _is_ready(process))  # noqa: B023 - waited for here
                await asyncio.sleep(after)
            for task in load:
                task.cancel()
            await asyncio.gather(*load, return_exceptions=True)
            assert await enter(browser, running.system)
        said = (proxy.directory / "log").read_text()
    assert seen.keys() == {"200"}, f"{seen}\n{said[-3000:]}"
    assert seen["200"] > 100


async def _ask_without_end(running: Live, seen: Counter[str]) -> None:
    """Forms, which a proxy does not send twice, over lines that are kept open."""
    async with httpx2.AsyncClient(base_url=running.instance.issuer, trust_env=False, timeout=30) as http:
        system = System(running.system.client_id, running.system.secret, http)
        while True:
            try:
                seen[str((await system.credentials()).status_code)] += 1
            except httpx2.TransportError as error:
                seen[type(error).__name__] += 1
            await asyncio.sleep(0.01)


async def _is_ready(process: Process) -> bool:
    async with httpx2.AsyncClient(trust_env=False) as http:
        try:
            answer = await http.get(f"http://{LOOPBACK}:{process.port}/health/ready")
        except httpx2.TransportError:
            return False
        return answer.status_code == 200
