"""Keys and clients are changed by the command line; every process follows without a restart."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.resilience.flows import System, header
from tests.resilience.live import ANEW, Live, live
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pair(postgres_url: str, tmp_path: Path) -> AsyncIterator[tuple[Live, list[System]]]:
    """Two processes on one database, and the system as each of them sees it."""
    ports = free_port(), free_port()
    async with live(tmp_path, ports=ports, DATABASE_URL=postgres_url, KEY_VALUE_URL="sql") as running:
        systems = []
        for process in running.processes:
            process.start()
            http = httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{process.port}", limits=ANEW, timeout=30)
            systems.append(System(running.system.client_id, running.system.secret, http))
        yield running, systems
        for system in systems:
            await system.http.aclose()


async def test_keys_are_rotated_under_running_processes(pair: tuple[Live, list[System]]) -> None:
    running, systems = pair
    old = {kid(await access_token(system)) for system in systems}
    before = [await access_token(system) for system in systems]
    rotated = await asyncio.to_thread(running.instance.command, "keys", "rotate", "--lead", "3")
    [new] = {key["kid"] for key in rotated if key["alg"] == "ES256"}
    assert new not in old

    async def all_sign_with_the_new_one() -> bool:
        """And until then nobody signs with what another does not publish yet."""
        used = {kid(await access_token(system)) for system in systems}
        for system in systems:
            assert used <= await published(system)
        return used == {new}

    await eventually(all_sign_with_the_new_one)
    for system in systems:
        assert old | {new} <= await published(system)
        for token in before:
            assert await is_active(system, token)


async def test_a_rotation_without_lead_is_followed_too(pair: tuple[Live, list[System]]) -> None:
    running, systems = pair
    rotated = await asyncio.to_thread(running.instance.command, "keys", "rotate", "--lead", "0")
    [new] = {key["kid"] for key in rotated if key["alg"] == "ES256"}

    async def all_sign_with_it() -> bool:
        return {kid(await access_token(system)) for system in systems} == {new}

    await eventually(all_sign_with_it)


async def test_a_revoked_key_is_believed_by_no_process_and_the_next_one_signs_everywhere(
    pair: tuple[Live, list[System]],
) -> None:
    running, systems = pair
    before = [await access_token(system) for system in systems]
    [old] = {kid(token) for token in before}
    revoked = await asyncio.to_thread(running.instance.command, "keys", "revoke", old)
    assert revoked["revoked"] == old

    async def forgotten_everywhere() -> bool:
        used = {kid(await access_token(system)) for system in systems}
        gone = [old not in await published(system) for system in systems]
        return all(gone) and used == {revoked["successor"]}

    await eventually(forgotten_everywhere)
    for system in systems:
        for token in before:
            assert not await is_active(system, token)
    listed = await asyncio.to_thread(running.instance.command, "keys", "list")
    assert [key["kid"] for key in listed if key["revoked"]] == [old]


async def test_a_client_that_is_disabled_is_refused_everywhere(pair: tuple[Live, list[System]]) -> None:
    running, systems = pair
    token = await access_token(systems[0])
    await asyncio.to_thread(running.instance.command, "client", "disable", systems[0].client_id)

    async def refused_everywhere() -> bool:
        return {(await system.credentials()).status_code for system in systems} == {401}

    await eventually(refused_everywhere)
    assert "access_token" not in (await systems[1].credentials()).json()
    registration = ("--grant", "client_credentials", "--resource-server")
    made = await asyncio.to_thread(running.instance.create_client, "资源服务", *registration)
    other = System(made.client_id, made.client_secret, systems[1].http)

    async def known() -> bool:
        return (await introspect(other, token)).status_code == 200

    await eventually(known)
    assert not await is_active(other, token)


async def test_a_rotated_secret_works_everywhere_and_the_old_one_for_a_while(
    pair: tuple[Live, list[System]],
) -> None:
    running, systems = pair
    made = await asyncio.to_thread(running.instance.command, "client", "rotate-secret", systems[0].client_id)
    newer = [System(system.client_id, made["client_secret"], system.http) for system in systems]

    async def accepted_everywhere() -> bool:
        return {(await system.credentials()).status_code for system in newer} == {200}

    await eventually(accepted_everywhere)
    assert {(await system.credentials()).status_code for system in systems} == {200}


async def access_token(system: System) -> str:
    """A new one."""
    answer = await system.credentials()
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def kid(token: str) -> str:
    """The key that signed it."""
    return str(header(token)["kid"])


async def published(system: System) -> set[str]:
    """The keys in the JWKS."""
    return {key["kid"] for key in (await system.http.get("/jwks")).json()["keys"]}


async def introspect(system: System, token: str) -> httpx2.Response:
    """Ask about a token."""
    return await system.http.post(
        "/introspect", data={"token": token}, auth=(system.client_id, system.secret)
    )


async def is_active(system: System, token: str) -> bool:
    """What introspection says."""
    return bool((await introspect(system, token)).json()["active"])
