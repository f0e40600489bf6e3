"""`idp record verify` as an operator runs it."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from idp.audit.sealing import FILE, Sealer
from idp.infrastructure.database.connect import connect
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.key_value.memory import MemoryKeyValue
from idp.infrastructure.secret_file import open_vault
from idp.infrastructure.sources import system_sources
from idp.settings import Settings
from tests.support import raw_sql
from tests.support.inprocess import Clock
from tests.support.instance import IDP, ROOT, Instance

pytestmark = pytest.mark.anyio


def verify(instance: Instance) -> subprocess.CompletedProcess[str]:
    return run(instance, "verify")


def run(instance: Instance, word: str) -> subprocess.CompletedProcess[str]:
    command = [*IDP, "record", word]
    environment = dict(instance.environment)
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


async def test_it_names_the_line_and_fails(tmp_path: Path) -> None:
    instance = await asyncio.to_thread(Instance.create, tmp_path)
    for name in ("zhangsan", "lisi"):
        await asyncio.to_thread(instance.create_account, name)
    settings = Settings(issuer=instance.issuer, data_dir=tmp_path)
    later = Clock()
    later.now = system_sources().now() + 3600
    database = await connect(settings.database)
    vault = open_vault(settings.secret_path, system_sources())
    base = Foundation(database, MemoryKeyValue(later), vault, system_sources(later))
    await Sealer(base, tmp_path).seal()
    await database.close()
    good = await asyncio.to_thread(verify, instance)
    assert (good.returncode, good.stderr) == (0, "")
    assert "under 1 seals; what is newer than" in good.stdout
    [line] = raw_sql.rows(settings.database, "SELECT id FROM audit_events ORDER BY id LIMIT 1")
    for [trigger] in map(
        dict.values, raw_sql.rows(settings.database, "SELECT name FROM sqlite_master WHERE type = 'trigger'")
    ):
        raw_sql.execute(settings.database, f"DROP TRIGGER {trigger}")
    raw_sql.execute(settings.database, f"DELETE FROM audit_events WHERE id = '{line['id']}'")  # noqa: S608
    bad = await asyncio.to_thread(verify, instance)
    assert bad.returncode == 1
    assert bad.stdout.startswith("removed: between the first line and ")


async def test_a_machine_accepts_the_end_of_a_copy_that_another_one_restored(tmp_path: Path) -> None:
    instance = await asyncio.to_thread(Instance.create, tmp_path)
    (tmp_path / FILE).write_text('{"since_id": "01", "digest": "of a seal that the copy does not have"}')
    bad = await asyncio.to_thread(verify, instance)
    assert (bad.returncode, bad.stdout.startswith("shortened: ")) == (1, True)
    assert (await asyncio.to_thread(run, instance, "accept")).returncode == 0
    assert (await asyncio.to_thread(verify, instance)).returncode == 0
