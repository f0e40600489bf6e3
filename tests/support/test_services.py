"""The starters that other tests stand on do what they say."""

import hashlib
import socket
from pathlib import Path
from zipfile import ZipFile

import asyncpg
import httpx2
import pytest
from playwright.async_api import Page
from redis import Redis as RedisClient
from redis.exceptions import ConnectionError as RedisDown

from devtools import machine
from tests.support import java
from tests.support.network import ReachedOutside
from tests.support.nginx import Nginx
from tests.support.ports import LOOPBACK, free_port
from tests.support.postgres import create_database, drop_database
from tests.support.processes import DidNotStart, Process
from tests.support.redis import Redis
from tests.support.shared import postgres_server

pytestmark = pytest.mark.anyio


async def test_a_postgres_database_is_empty_and_durable(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    promises = [await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    await connection.close()
    assert (tables, promises) == (0, ["on", "on"])


async def test_a_database_is_copied_from_a_template(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await connection.close()
    copy = create_database(postgres_server(), "test_copy", template=postgres_url.rpartition("/")[2])
    connection = await asyncpg.connect(copy)
    assert await connection.fetchval("SELECT answer FROM kept") == 42
    await connection.close()
    drop_database(copy, postgres_server())


def test_a_redis_database_is_empty(redis_url: str) -> None:
    with RedisClient.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_a_redis_of_its_own_goes_and_comes_back() -> None:
    with Redis.start() as server, RedisClient.from_url(server.url) as client:
        client.ping()
        server.process.stop()
        with pytest.raises(RedisDown):
            client.ping()
        server.process.start()
        assert client.ping()


def test_a_process_that_does_not_start_says_why(tmp_path: Path) -> None:
    broken = Process(["sh", "-c", "echo the reason; exit 3"], free_port(), tmp_path / "log")
    with pytest.raises(DidNotStart, match="the reason"):
        broken.start()


async def test_nginx_goes_on_with_the_process_that_is_left(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    one, other = [
        Process(["python3", "-m", "http.server", "--bind", LOOPBACK, str(port)], port, tmp_path / str(port),
                directory=tmp_path)
        for port in ports
    ]  # fmt: skip
    with one, other, Nginx.start(ports) as proxy:
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(proxy.url)).status_code == 200
            one.kill()
            assert [(await client.get(proxy.url)).status_code for _ in range(4)] == [200] * 4


async def test_chromium_renders_chinese(page: Page) -> None:
    await page.set_content("<h1 style='display: inline'>湛河统一身份认证</h1>")
    assert await page.evaluate("navigator.language") == "zh-CN"
    box = await page.get_by_role("heading").bounding_box()
    assert box is not None
    # eight characters of a real font are as wide as high; boxes for missing ones are narrower
    assert box["width"] >= 8 * 30


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "idp.example"])
def test_the_world_is_out_of_reach(host: str) -> None:
    with pytest.raises(ReachedOutside):
        socket.create_connection((host, 443), timeout=1)


async def test_the_world_is_out_of_reach_of_an_http_client() -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        with pytest.RaisesGroup(ReachedOutside):
            await client.get("http://192.0.2.1/")


def test_a_jar_that_differs_from_the_lock_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "mvn"
    maven.write_text(f"#!/bin/sh\nmkdir -p .jars && cp {tmp_path}/fetched .jars/thing-1.0.jar\n")
    maven.chmod(0o755)
    with ZipFile(tmp_path / "fetched", "w") as jar:
        jar.writestr("thing", "")
    found = machine.java()
    assert found is not None
    monkeypatch.setattr(machine, "java", lambda: machine.Jdk(found.runtime, found.compiler, maven))
    folder = tmp_path / "java"
    folder.mkdir()
    (folder / "pom.xml").write_text("<project/>")
    (folder / "Thing.java").write_text("class Thing {}")
    (folder / java.LOCK).write_text(f"{hashlib.sha256(b'thing').hexdigest()}  thing-1.0.jar\n")
    with pytest.raises(java.JavaMissing, match=r"these differ from jars\.lock: thing-1\.0\.jar"):
        java.install(folder)
    (folder / java.LOCK).write_text(
        f"{hashlib.sha256((tmp_path / 'fetched').read_bytes()).hexdigest()}  thing-1.0.jar\n"
    )
    assert (java.install(folder) / "Thing.class").exists()
