"""`idp doctor` on messages: whether codes reach people."""

from pathlib import Path
from typing import Any

import pytest

from idp.doctor import Finding, _messages
from idp.settings import Settings

PROFILES = Path(__file__).parents[1] / "config" / "messages"


def finding(tmp_path: Path, **changes: Any) -> Finding:
    """What is said of these settings."""
    return _messages(Settings(issuer="https://id.test", data_dir=tmp_path, **changes))


def in_use(tmp_path: Path, **changes: str) -> Path:
    """A profile that says it is in use."""
    text = (
        (PROFILES / "example_md5.toml").read_text("utf-8").replace('status = "example"', 'status = "in use"')
    )
    for old, new in changes.items():
        text = text.replace(old, new)
    path = tmp_path / "sms.toml"
    path.write_text(text, "utf-8")
    return path


CREDENTIALS = {"ec_name": "a", "ap_id": "b", "secret": "c", "sign_code": "d"}


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
