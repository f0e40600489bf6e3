"""The table of foreign clients says what the tests of these clients do."""

import json
import re

import pytest

from tests.conformance.foreign import EVERY, JAVA, LOCK, NODE, Foreign
from tests.docs.reading import table_row, text

CLIENTS = "docs/clients.md"


@pytest.mark.parametrize("foreign", EVERY, ids=lambda foreign: foreign.name)
def test_a_client_is_told_with_its_version_and_the_options_of_its_registration(foreign: Foreign) -> None:
    _, version, options, settings, seen = table_row(CLIENTS, foreign.name)
    assert version == _locked().get(foreign.name.lower(), "2.4")
    assert options == (f"`{' '.join(foreign.options)}`" if foreign.options else "无")
    assert settings
    assert seen


def test_no_client_is_told_that_no_test_knows() -> None:
    assert re.findall(r"^\| `([^`]+)` \|", text(CLIENTS), re.MULTILINE) == [client.name for client in EVERY]


def _locked() -> dict[str, str]:
    """Package and version, of all locks."""
    packages = json.loads((NODE / "package-lock.json").read_text())["packages"]
    of_node = {name.removeprefix("node_modules/"): about["version"] for name, about in packages.items()}
    [spring] = re.findall(r"spring-security-core-(\S+)\.jar", (JAVA / "jars.lock").read_text())
    of_node["spring security"] = spring
    return {**of_node, **dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(), re.MULTILINE))}
