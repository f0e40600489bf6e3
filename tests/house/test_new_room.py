"""A room with a page, a table, a job and a command is itself and three lines: added to a copy of the house, tried."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from idp.infrastructure.database.version import head
from tests.support import raw_sql
from tests.support.instance import IDP, ROOT
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import Process
from tests.support.waiting import until

HERE = Path(__file__).parent
pytestmark = pytest.mark.anyio
ROOM = Path("idp/announcements")
ADDED = {
    "idp/server/house.py": (
        ("from idp.audit.assembly", "from idp.announcements.assembly import AnnouncementsRoom\n"),
        ("\n    def _add(", "        self.announcements = add(AnnouncementsRoom(ground))\n"),
    ),
    "pyproject.toml": (('    "(oauth)",\n', '    "(announcements)",\n'),),
}
"""Every line outside the room's own files, and before what it comes: the import, the list of rooms, the floors."""
MIGRATION = f'''"""What the operators announce."""

import sqlalchemy as sa

from migrations.steps import add_index, create_table

revision = "9001"
down_revision = "{head()}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "announcements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
    )
    add_index("ix_announcements_until", "announcements", ["until"])
'''


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the house with the room, and what it is run with."""

    folder: Path
    port: int
    environment: dict[str, str]

    @property
    def database(self) -> str:
        """The URL of its database."""
        return f"sqlite:///{self.environment['IDP_DATA_DIR']}/idp.sqlite3"

    def idp(self, *arguments: str) -> Any:
        """What a command prints for programs."""
        done = subprocess.run(
            [*IDP, *arguments, "--json"],
            cwd=self.folder, env=self.environment, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def server(self) -> Process:
        """`idp serve`."""
        log = self.folder / "serve.log"
        return Process((*IDP, "serve"), self.port, log, self.environment, directory=self.folder)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The house of this checkout with one more room, migrated."""
    folder, port = tmp_path_factory.mktemp("house"), free_port()
    for part in ("idp", "clients", "migrations", "config"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(HERE / ROOM.name, folder / ROOM, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / f"{ROOM.name}.po", folder / "idp/infrastructure/locale/en")
    (folder / "migrations/versions/9001_announcements.py").write_text(MIGRATION, "utf-8")
    for name, lines in ADDED.items():
        text = (ROOT / name).read_text("utf-8")
        for before, line in lines:
            assert text.count(before) == 1, before
            text = text.replace(before, line + before)
        (folder / name).write_text(text, "utf-8")
    settings = {
        "ISSUER": f"http://{LOOPBACK}:{port}", "DATA_DIR": str(folder), "HOST": LOOPBACK, "PORT": str(port),
        "DEMO": "true", "DRAIN": "0",
    }  # fmt: skip
    made = Copy(folder, port, {f"IDP_{name}": value for name, value in settings.items()})
    made.idp("migrate")
    return made


@pytest.fixture(scope="module")
def served(copy: Copy) -> Iterator[httpx2.Client]:
    """A browser before its server."""
    server = copy.server().start()
    with httpx2.Client(base_url=f"http://{LOOPBACK}:{copy.port}", headers={"accept": "text/html"}) as browser:
        yield browser
    server.stop()


def test_outside_its_own_files_a_room_is_a_line_on_the_floors_and_its_line_in_the_list() -> None:
    assert sum(len(lines) for lines in ADDED.values()) == 3  # of which one is the import of the second


def test_the_room_keeps_to_its_floor(copy: Copy) -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache", "--contract", "floors"], check=False, cwd=copy.folder, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode()


def test_what_its_command_announces_is_on_its_page_until_it_is_over(
    copy: Copy, served: httpx2.Client
) -> None:
    assert copy.idp("announcement", "add", "今晚维护")["id"]
    assert copy.idp("announcement", "add", "昨晚维护", "--hours", "0")["id"]
    page = served.get("/announcements", headers={"accept-language": "en"})
    assert page.status_code == 200
    assert "<h1>Announcements</h1>" in page.text
    assert "今晚维护" in page.text
    assert "昨晚维护" not in page.text


async def test_its_job_is_done_and_forgets_what_is_over(copy: Copy, served: httpx2.Client) -> None:
    copy.idp("announcement", "add", "前夜维护", "--hours", "0")

    def forgotten() -> bool:
        kept = raw_sql.rows(copy.database, "SELECT text FROM announcements")
        return "前夜维护" not in {row["text"] for row in kept}

    await until(forgotten)
    noted = raw_sql.rows(copy.database, "SELECT name FROM periodic_jobs")
    assert "announcements.forget_old" in {row["name"] for row in noted}


def test_its_command_is_listed_among_all_others(copy: Copy) -> None:
    told = subprocess.run(
        [*IDP, "--help"], cwd=copy.folder, env=copy.environment, check=True, capture_output=True, text=True
    ).stdout
    assert "What people should know." in told
    assert "Signing keys." in told
