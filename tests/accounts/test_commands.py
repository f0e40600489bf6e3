"""`idp account …`, as an operator types it: the whole program."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from idp.commands.cli import app
from tests.support.inprocess import PASSWORD

PERSON = ("--username", " ＺhangSan\u200b", "--name", "\ufeff张　三", "--password-stdin")
PASSPORT = ("--certificate-type", "414", "--certificate-number", "e 0000–0001")


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without anybody."""
    monkeypatch.setenv("IDP_ISSUER", "https://id.test")
    monkeypatch.setenv("IDP_DATA_DIR", str(tmp_path))
    assert idp("migrate").exit_code == 0


def idp(*arguments: str) -> Result:
    """Type a command, and a password where it is asked for."""
    return CliRunner().invoke(app, list(arguments), input=f"{PASSWORD}\n")


def refused(result: Result) -> str:
    assert result.exit_code != 0
    return result.output


def test_no_level_without_a_certificate_unless_that_is_said() -> None:
    assert "certificate" in refused(idp("account", "create", *PERSON, "--level", "2"))
    assert idp("account", "create", *PERSON, "--level", "0").exit_code == 0
    assert "certificate" in refused(idp("account", "set-level", "zhangsan", "2"))
    assert idp("account", "set-level", "zhangsan", "2", "--without-certificate").exit_code == 0
    assert idp("account", "set-level", "zhangsan", "0").exit_code == 0


def test_what_an_operator_types_is_kept_and_found_in_one_spelling() -> None:
    made = idp(
        "account", "create", *PERSON, "--level", "2", *PASSPORT, "--phone", "+86-138-0000-0001", "--json"
    )
    assert made.exit_code == 0, made.output
    known: dict[str, Any] = json.loads(made.stdout)
    for identifier in ("zhangsan", "E00000001", "0086 13800000001", "(+86)138-0000-0001", "ｅ００００００01"):
        found = idp("account", "set-level", identifier, "2", "--json")
        assert found.exit_code == 0, (identifier, found.output)
        assert json.loads(found.stdout)["id"] == known["id"]
