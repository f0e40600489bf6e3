"""The documents say what the program does: settings, commands, links."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from idp.commands.cli import app
from idp.settings import CONFIG, PREFIX, Settings
from tests.architecture.sources import ROOT, name
from tests.docs.reading import documents, headings, idp_commands, relative_links, table_row, text

EXAMPLE = ROOT / "config" / "idp.toml.example"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
MOST_LINES = 40
OPERATIONS = "docs/operations.md"
FIELDS = sorted(Settings.model_fields)
PLAIN = {
    field: str(info.default).lower() if isinstance(info.default, bool) else str(info.default)
    for field, info in Settings.model_fields.items()
    if isinstance(info.default, int | str) and info.default != ""
}
"""The settings whose default can be written down as it is."""


@pytest.mark.parametrize("field", FIELDS)
def test_a_setting_is_explained_in_operations(field: str) -> None:
    cells = table_row(OPERATIONS, f"{PREFIX}{field.upper()}")
    assert len(cells) == 3
    assert all(cells)


@pytest.mark.parametrize("field", sorted(PLAIN))
def test_operations_tells_the_default_that_is_there(field: str) -> None:
    assert table_row(OPERATIONS, f"{PREFIX}{field.upper()}")[1] == f"`{PLAIN[field]}`"


def test_operations_explains_no_setting_that_is_not_there() -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+[A-Z]", text(OPERATIONS)))
    assert named == {f"{PREFIX}{field.upper()}" for field in FIELDS} | {CONFIG}


def test_the_example_holds_every_setting_once() -> None:
    assert sorted(_example()) == FIELDS
    assert len(re.findall(r"^#[a-z_]+ = ", EXAMPLE.read_text(), re.MULTILINE)) == len(FIELDS)


def test_the_example_shows_the_defaults_that_are_there() -> None:
    shown = {field: str(value).lower() for field, value in _example().items() if field in PLAIN}
    assert shown == PLAIN


def test_the_example_changes_nothing_as_it_stands() -> None:
    assert tomllib.loads(EXAMPLE.read_text()) == {}


def test_the_example_is_read_by_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [f"{PREFIX}{field.upper()}" for field in FIELDS]:
        monkeypatch.delenv(variable, raising=False)
    config = tmp_path / "idp.toml"
    config.write_text(_uncommented())
    monkeypatch.setenv(CONFIG, str(config))
    read = Settings()  # type: ignore[call-arg]  # read from the file
    expected = Settings.model_validate(_example())
    assert read == expected
    assert len(read.trusted_proxies) == 2


@pytest.mark.parametrize("document", documents(), ids=name)
def test_a_link_leads_to_a_file(document: Path) -> None:
    assert [link for link in relative_links(document) if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", documents(), ids=name)
def test_a_command_that_is_shown_can_be_typed(document: Path) -> None:
    assert [found for words in idp_commands(document) if (found := _mistake(words))] == []


def test_a_command_that_does_not_exist_would_be_noticed() -> None:
    assert _mistake(["client", "destroy", "X"]) == "client destroy: no such command"
    assert _mistake(["keys", "rotate", "--soon"]) == "keys rotate: no option --soon"
    assert _mistake(["--data", "data", "client", "create", "--name=x"]) is None
    assert sum(1 for document in documents() for _ in idp_commands(document)) > 20


@pytest.mark.parametrize("decision", DECISIONS, ids=name)
def test_a_decision_fits_on_a_page(decision: Path) -> None:
    assert len(decision.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_decisions_are_numbered_in_turn_and_listed() -> None:
    listed = relative_links(ROOT / "docs" / "decisions" / "README.md")
    assert listed == [decision.name for decision in DECISIONS]
    assert [int(decision.name[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_two_readmes_have_the_same_sections() -> None:
    assert headings("README.md") == headings("README.zh.md")


def _uncommented() -> str:
    return re.sub(r"^#(?=[a-z_]+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def _example() -> dict[str, Any]:
    return tomllib.loads(_uncommented())


def _mistake(words: list[str]) -> str | None:
    """What is wrong with a command line, held against the tree of commands."""
    command: Any = get_command(app)
    path: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word.startswith("--"):
            option, equals, _ = word.partition("=")
            known = {opt: param for param in command.params for opt in param.opts}
            if option not in known and option != "--help":
                return f"{' '.join(path)}: no option {option}"
            if option in known and not equals and not getattr(known[option], "is_flag", False):
                del waiting[:1]
        elif hasattr(command, "commands"):
            path.append(word)
            if word not in command.commands:
                return f"{' '.join(path)}: no such command"
            command = command.commands[word]
    return None
