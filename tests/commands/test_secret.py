"""`idp secret …`: a rotation as an operator makes it, killed on the way, and refused where something would be lost."""

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from idp.audit.model import EventType
from tests.support import raw_sql
from tests.support.instance import IDP, ROOT, CommandFailed, Instance

pytestmark = pytest.mark.anyio


async def test_a_rotation_from_the_first_form_to_the_end(postgres_url: str, tmp_path: Path) -> None:
    instance = await asyncio.to_thread(Instance.create, tmp_path, DATABASE_URL=postgres_url)
    path = Path(instance.environment["IDP_DATA_DIR"]) / "secret.key"
    old_form = path.read_text().splitlines()[1].removeprefix("lookup:")  # as releases before made it

    def run(*arguments: str) -> Any:
        return instance.command("secret", *arguments)

    def rotation() -> None:
        [first, _lookup] = run("list")
        assert first["seals"]
        made = run("rotate")["id"]
        with pytest.raises(CommandFailed, match="values are sealed with this secret"):
            run("retire", first["id"])
        assert {each["id"]: each["sealed"] for each in run("list")}[first["id"]] == first["sealed"] > 0
        killed(instance)
        run("reencrypt")
        assert run("reencrypt")["values"] == 0
        run("retire", first["id"])
        left = {each["id"]: each for each in run("list")}
        assert first["id"] not in left
        assert left[made]["seals"]
        assert left[made]["sealed"] == first["sealed"]
        assert old_form in path.read_text()  # what is looked up is found as before
        with pytest.raises(CommandFailed, match="this secret is in use"):
            run("retire", next(key for key in left if key != made))

    await asyncio.to_thread(rotation)
    rows = raw_sql.rows(postgres_url, "SELECT event, detail, actor FROM audit_events ORDER BY id")
    rows = [row for row in rows if row["event"] == EventType.MASTER_SECRET_CHANGED]
    acts = [row["detail"].split('"act":"')[1].split('"')[0] for row in rows]
    assert acts[0] == "used"
    assert acts[-1] == "retired"
    assert all(row["actor"].startswith("cli:") for row in rows)


def killed(instance: Instance) -> None:
    """Begin to seal anew, and be killed soon."""
    command = [*IDP, "secret", "reencrypt"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=dict(instance.environment), cwd=ROOT, **silent) as one:  # type: ignore[call-overload]
        time.sleep(1.0)
        one.kill()
