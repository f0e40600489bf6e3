"""`idp client` tells in one line what of a command cannot be."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from idp.infrastructure.sources import system_sources
from idp.relying_parties.commands import app
from idp.relying_parties.service import UnknownClient

REDIRECT = ["--redirect-uri", "https://system.test/callback"]


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file"), ("hello", "not JSON"), (b"\xff\xfe", "not JSON")]
)
def test_a_key_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: str | bytes | None, words: str
) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    given = [
        "create",
        "--name",
        "系统",
        *REDIRECT,
        "--auth-method",
        "private_key_jwt",
        "--jwks-file",
        str(path),
    ]
    answer = CliRunner().invoke(app, given)
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit)
    assert f"--jwks-file {path}: {words}" in answer.stderr


@pytest.mark.parametrize("command", ["disable", "rotate-secret"])
def test_an_id_that_begins_with_a_hyphen_is_no_option(command: str) -> None:
    asked: list[object] = []

    class Nothing:
        """A console that does nothing, and says that there is no such client."""

        def run(self, work: object) -> None:
            asked.append(work)
            raise UnknownClient("-MtEcBGaY6uf1Inu")

    def console(context: object) -> Nothing:
        return Nothing()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("idp.relying_parties.commands.console", console)
        answer = CliRunner().invoke(app, [command, "-MtEcBGaY6uf1Inu"])
    assert asked
    assert "no such client" in answer.stderr


@pytest.mark.parametrize(
    "option", ["--redirect-uri", "--post-logout-redirect-uri", "--client-uri", "--jwks-uri"]
)
@pytest.mark.parametrize("uri", ["https://身份.test/cb", "https://app.test/回来", "https://a\u2100b.test/cb"])
def test_an_address_that_is_not_ascii_is_refused_with_that_reason(
    monkeypatch: pytest.MonkeyPatch, option: str, uri: str
) -> None:
    class Console:
        """Runs the work on a registry that would keep nothing."""

        def run(self, work: Any) -> object:
            return asyncio.run(work(SimpleNamespace(database=None, vault=None, sources=system_sources())))

    monkeypatch.setattr("idp.relying_parties.commands.console", lambda context: Console())
    answer = CliRunner().invoke(app, ["create", "--name", "系统", *REDIRECT, option, uri])
    assert answer.exit_code == 1
    assert "not ASCII" in answer.stderr


@pytest.mark.parametrize("option", ["--redirect-uri", "--post-logout-redirect-uri"])
@pytest.mark.parametrize("uri", ["https://*.app.test/cb", "https://*/cb", "http://localhost:*/cb"])
def test_an_address_with_a_wildcard_is_refused_with_that_reason(option: str, uri: str) -> None:
    answer = CliRunner().invoke(app, ["create", "--name", "系统", *REDIRECT, option, uri])
    assert answer.exit_code == 1
    assert f"{uri}: no wildcards" in answer.stderr


def test_several_scopes_and_addresses_may_be_given_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []

    def register(context: object, metadata: dict[str, Any], *, as_json: bool) -> None:
        made.append(metadata)

    monkeypatch.setattr("idp.relying_parties.commands._register", register)
    uris = ["https://a.test/cb?x=1,2", "https://b.test/cb", "com.example.app:/cb"]
    options = ["--redirect-uri", ",".join(uris), "--post-logout-redirect-uri", " ".join(uris[:2])]
    options += ["--scope", "openid,profile，phone", "--scope", "email address"]
    options += ["--grant", "authorization_code,refresh_token"]
    answer = CliRunner().invoke(app, ["create", "--name", "系统", *options])
    assert answer.exit_code == 0, answer.output
    assert made[0]["scope"] == "openid profile phone email address"
    assert made[0]["redirect_uris"] == uris
    assert made[0]["post_logout_redirect_uris"] == uris[:2]
    assert made[0]["grant_types"] == ["authorization_code", "refresh_token"]
