"""`idp upstream`: what an operator sees of profiles, and of what waits for a decision."""

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from idp.federation.commands import ProfileCommands, Surroundings
from idp.federation.profiles.installation import read_installation
from tests.support.upstream import FOLDER, HOME


def run(folder: Path, *arguments: str, secrets: str = "", said: str = "") -> Result:
    """`idp upstream …` with profiles of a folder, and a secrets file."""

    def look() -> Surroundings:
        file = folder.parent / "secrets.toml"
        file.write_text(secrets, "utf-8")
        file.chmod(0o600)
        return Surroundings(HOME, folder, read_installation(folder, file), None)

    app = typer.Typer()
    ProfileCommands(look).register(app)
    return CliRunner().invoke(app, list(arguments), input=said)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The delivered profiles, to be changed."""
    return copytree(FOLDER, tmp_path / "upstreams")


def changed(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


HENAN = '[henan]\napp_id = "district"\napp_secret = "unguessable-secret"\nhost = "http://127.0.0.1:9"\n'


def test_every_delivered_profile_is_listed_with_what_it_rests_on(folder: Path) -> None:
    rows = {row["name"]: row for row in json.loads(run(folder, "list", "--json", secrets=HENAN).stdout)}
    assert rows.keys() == {path.stem for path in FOLDER.glob("*.toml")}
    assert (rows["henan"]["status"], rows["henan"]["in use"]) == ("assumption", True)
    assert (rows["oidc"]["status"], rows["oidc"]["in use"]) == ("standard", False)
    assert rows["jis1"]["weak"] == "aes_ecb md5_concat"
    assert rows["oidc"]["weak"] == "-"


@pytest.mark.parametrize("name", [path.stem for path in sorted(FOLDER.glob("*.toml"))])
def test_every_delivered_profile_passes_its_check(folder: Path, name: str) -> None:
    result = run(folder, "check", name, "--json")
    told: dict[str, Any] = json.loads(result.stdout)
    assert (result.exit_code, told["problems"]) == (0, None)
    assert told["rehearsal"].endswith("logins, 0 came out differently")


def test_a_field_that_is_mapped_wrongly_is_found_by_the_recorded_answers(folder: Path) -> None:
    changed(folder, "henan", 'name = "/data/name"', 'name = "/data/nickname"')
    result = run(folder, "check", "henan", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["problems"].splitlines()[0].startswith("person: ")


def test_a_step_that_goes_elsewhere_is_found_by_the_recorded_answers(folder: Path) -> None:
    changed(folder, "henan", "/tacs-uc/token/exchange", "/tacs-uc/token/swap")
    result = run(folder, "check", "henan", "--json")
    assert result.exit_code == 1
    assert "recorded was POST" in json.loads(result.stdout)["problems"]


def test_a_name_that_nothing_gives_is_found_with_its_place(folder: Path) -> None:
    changed(folder, "henan", "{app_id}", "{application}")
    result = run(folder, "check", "henan", "--json")
    assert result.exit_code == 1
    assert "nothing gives {application}" in json.loads(result.stdout)["problems"]


def test_a_profile_of_ones_own_is_checked_without_a_recording(folder: Path) -> None:
    (folder / "mine.toml").write_text((folder / "henan.toml").read_text("utf-8"), "utf-8")
    told = json.loads(run(folder, "check", "mine", "--json").stdout)
    assert told["rehearsal"] == "no answers are recorded: idp upstream try"


def test_a_profile_that_is_not_there_or_is_no_profile_is_said_in_a_line(folder: Path) -> None:
    assert "there is no profile nowhere" in run(folder, "check", "nowhere").output
    (folder / "broken.toml").write_text('title = "…"', "utf-8")
    assert "broken.toml: steps: Field required" in run(folder, "check", "broken").output
    assert "broken.toml" in run(folder, "list").output


def test_a_secrets_file_with_faults_is_said_without_its_values(folder: Path) -> None:
    output = run(folder, "list", secrets='[henan]\napp_id = "unguessable-secret"\n').output
    assert "henan.app_secret: is missing" in output
    assert "unguessable" not in output


def test_who_tries_a_platform_that_is_not_in_use_is_told_what_is_missing(folder: Path) -> None:
    result = run(folder, "try", "jis1", secrets=HENAN)
    assert result.exit_code == 1
    assert "no section [jis1]" in result.output
    result = run(folder, "try", "henan", "--channel", "mini_program", secrets=HENAN)
    assert "has no such login" in result.output


def test_a_try_against_nobody_says_at_which_step_and_shows_no_secret(folder: Path) -> None:
    said = f"{HOME}/upstream/henan/callback?st=x&ticket=the-ticket\n"
    result = run(folder, "try", "henan", secrets=HENAN, said=said)
    assert result.exit_code == 1
    assert "tacs-uc/login/index" in result.output
    assert "Nobody came back: unavailable at exchange" in result.output
    assert "unguessable" not in result.output
    assert "the-ticket" not in result.output.replace(said, "").replace(said.strip(), "")
