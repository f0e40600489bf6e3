"""Settings: unknown keys refused, every problem named at once, nothing unsafe goes live."""

import os
from pathlib import Path
from typing import Any

import pytest

from idp.server.safety import refuse_unsafe, unsafe
from idp.settings import Settings, UnsafeSettings, read_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("IDP_"):
            monkeypatch.delenv(name)


def good(tmp_path: Path, **changes: Any) -> Settings:
    secret = tmp_path / "secret.key"
    secret.write_text("secret")
    secret.chmod(0o600)
    defaults: dict[str, Any] = {
        "issuer": "https://id.test",
        "data_dir": tmp_path,
        "trusted_proxies": ("10.0.0.1",),
    }
    return Settings(**(defaults | changes))


def test_settings_in_good_order_go_live(tmp_path: Path) -> None:
    refuse_unsafe(good(tmp_path))
    refuse_unsafe(good(tmp_path, issuer="https://id.test:8443"))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"issuer": "http://id.test"}, "IDP_ISSUER"),
        ({"issuer": "https://id.test/"}, "IDP_ISSUER"),
        ({"issuer": "https://id.test/path"}, "IDP_ISSUER"),
        ({"issuer": "https://id.test?x"}, "IDP_ISSUER"),
        ({"issuer": "https://id.test?"}, "IDP_ISSUER"),
        ({"issuer": "https://id.test#x"}, "IDP_ISSUER"),
        ({"issuer": "https://user:pw@id.test"}, "IDP_ISSUER"),
        ({"issuer": "https://id.test:99999"}, "IDP_ISSUER"),
        ({"issuer": "https://[::1"}, "IDP_ISSUER"),
        ({"issuer": "id.test"}, "IDP_ISSUER"),
        ({"issuer": ""}, "IDP_ISSUER"),
        ({"issuer": "http://127.0.0.1:8000"}, "IDP_ISSUER"),
        ({"issuer": "http://id.test", "demo": True}, "IDP_ISSUER"),
        ({"demo": True, "host": "0.0.0.0"}, "IDP_HOST"),
        ({"demo": True, "host": "example.test"}, "IDP_HOST"),
        ({"tls_cert_file": Path("cert.pem")}, "IDP_TLS_CERT_FILE"),
        ({"trusted_proxies": ()}, "IDP_TRUSTED_PROXIES"),
        ({"trusted_proxies": "not a network"}, "IDP_TRUSTED_PROXIES"),
        ({"key_value_url": "memory"}, "IDP_KEY_VALUE_URL"),
        ({"key_value_url": "memory", "workers": 2, "demo": True}, "IDP_KEY_VALUE_URL"),
        ({"secret_file": Path("nowhere")}, "IDP_SECRET_FILE"),
        ({"session_idle": 3600, "session_absolute": 1800}, "IDP_SESSION_IDLE"),
        (
            {"population_url": "http://a.test", "population_app_id": "a", "population_secret": "s"},
            "IDP_POPULATION_URL",
        ),
        ({"carrier_url": "https://a.test", "carrier_app_id": "a"}, "IDP_CARRIER_SECRET"),
        (
            {"network_identity_url": "https://a.test", "network_identity_secret": "s"},
            "IDP_NETWORK_IDENTITY_APP_ID",
        ),
        ({"network_identity_app_url": "https://a.test/app"}, "IDP_NETWORK_IDENTITY_APP_URL"),
    ],
    ids=repr,
)
def test_unsafe_settings_are_refused_by_name(tmp_path: Path, changes: dict[str, Any], name: str) -> None:
    with pytest.raises(UnsafeSettings) as refused:
        refuse_unsafe(good(tmp_path, **changes))
    assert any(name in problem for problem in refused.value.problems)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = good(tmp_path)
    settings.secret_path.chmod(0o640)
    assert any("chmod 600" in problem for problem in unsafe(settings))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    problems = unsafe(good(tmp_path, issuer="http://id.test/x", trusted_proxies=(), key_value_url="memory"))
    assert len(problems) >= 4


def test_the_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ISSUER", "https://id.test")
    monkeypatch.setenv("IDP_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16")
    settings = read_settings()
    assert settings.issuer == "https://id.test"
    assert settings.trusted_proxies == ("10.0.0.1", "10.1.0.0/16")


def test_unknown_missing_and_malformed_settings_are_named_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_PROT", "8000")
    monkeypatch.setenv("IDP_PORT", "eight thousand")
    with pytest.raises(UnsafeSettings) as refused:
        read_settings()
    text = str(refused.value)
    for name in ("IDP_PROT", "IDP_PORT", "IDP_ISSUER"):
        assert name in text


@pytest.mark.parametrize(
    ("content", "hint"),
    [(None, "does not exist"), ("issuer = ", "IDP_CONFIG"), ("prot = 1", "PROT"), ("\x00", "IDP_CONFIG")],
)
def test_a_file_that_cannot_be_read_or_holds_unknown_keys_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, hint: str
) -> None:
    file = tmp_path / "idp.toml"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("IDP_CONFIG", str(file))
    monkeypatch.setenv("IDP_ISSUER", "https://id.test")
    with pytest.raises(UnsafeSettings) as refused:
        read_settings()
    assert hint in str(refused.value)


def test_the_environment_stands_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "idp.toml"
    file.write_text('issuer = "https://file.test"\nport = 9000\n')
    monkeypatch.setenv("IDP_CONFIG", str(file))
    monkeypatch.setenv("IDP_PORT", "9001")
    settings = read_settings()
    assert (settings.issuer, settings.port) == ("https://file.test", 9001)
