"""`idp doctor` on messages and platforms: whether codes reach people, and on what logins from elsewhere rest."""

from pathlib import Path
from typing import Any

import pytest

from idp.federation.doctor import platforms as in_use_here
from idp.infrastructure.doctor import messages
from idp.infrastructure.findings import Finding
from idp.settings import Settings
from tests.support.profiles import CREDENTIALS, HENAN, in_use


def finding(tmp_path: Path, **changes: Any) -> Finding:
    """What is said of these settings."""
    return messages(Settings(issuer="https://id.test", data_dir=tmp_path, **changes))


def test_without_a_gateway_it_says_so(tmp_path: Path) -> None:
    found = finding(tmp_path)
    assert not found.ok
    assert "IDP_SMS_PROFILE" in found.says


def test_a_sink_is_right_for_a_demonstration_only(tmp_path: Path) -> None:
    assert finding(tmp_path, demo=True).ok
    assert not finding(tmp_path, message_sink=True).ok


def test_a_gateway_with_its_credentials_is_right(tmp_path: Path) -> None:
    assert finding(tmp_path, sms_profile=in_use(tmp_path), sms_credentials=CREDENTIALS).ok


@pytest.mark.parametrize(
    ("credentials", "changes", "says"),
    [
        ({}, {}, "no value for ap_id, ec_name, secret, sign_code"),
        (CREDENTIALS, {"in use": "example"}, "still an example"),
        (CREDENTIALS, {"https://": "ftp://"}, "url"),
    ],
)
def test_what_is_missing_is_named_and_no_secret_shown(
    tmp_path: Path, credentials: dict[str, str], changes: dict[str, str], says: str
) -> None:
    found = finding(tmp_path, sms_profile=in_use(tmp_path, **changes), sms_credentials=credentials)
    assert not found.ok
    assert says in found.says


def platforms(tmp_path: Path, secrets: str, mode: int = 0o600, **changes: Any) -> list[Finding]:
    """What is said of the platforms in use."""
    file = tmp_path / "upstream-secrets.toml"
    file.write_text(secrets, "utf-8")
    file.chmod(mode)
    settings = Settings(issuer="https://id.test", data_dir=tmp_path, upstream_secrets_file=file, **changes)
    return list(in_use_here(settings))


PLAIN = HENAN.replace("https://", "http://")
JIS = '[jis1]\nappmark = "m"\nappword = "unguessable"\nhost = "https://jis.example"\n'


def test_without_a_platform_nothing_is_said_of_them(tmp_path: Path) -> None:
    assert list(in_use_here(Settings(issuer="https://id.test", data_dir=tmp_path))) == []


def test_each_platform_in_use_is_named_with_what_its_profile_rests_on(tmp_path: Path) -> None:
    henan, jis = platforms(tmp_path, HENAN + JIS)
    assert (henan.ok, jis.ok) == (True, True)
    assert "henan rests on assumptions" in henan.says
    assert "md5_concat" not in henan.says
    assert "jis1 rests on published client code" in jis.says
    assert jis.says.endswith("aes_ecb, md5_concat")


@pytest.mark.parametrize(
    ("secrets", "mode", "says"),
    [
        (HENAN, 0o644, "chmod 600"),
        ('[henan]\napp_secret = "unguessable"\n', 0o600, "henan.app_id: is missing"),
        ('[elsewhere]\nword = "unguessable"\n', 0o600, "elsewhere: there is no such profile"),
        (HENAN + 'ap_secret = "unguessable"\n', 0o600, "ap_secret: neither a secret nor a variable"),
        ('[henan\napp_secret = "unguessable"', 0o600, "not TOML"),
    ],
)
def test_what_is_wrong_with_the_secrets_is_named_and_none_shown(
    tmp_path: Path, secrets: str, mode: int, says: str
) -> None:
    [found] = platforms(tmp_path, secrets, mode)
    assert (found.ok, says in found.says) == (False, True)
    assert "unguessable" not in found.says
