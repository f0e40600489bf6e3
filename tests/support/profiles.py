"""Profiles of gateways and of platforms as an installation would use them."""

from pathlib import Path

PROFILES = Path(__file__).parents[2] / "config" / "messages"
CREDENTIALS = {"ec_name": "a", "ap_id": "b", "secret": "c", "sign_code": "d"}
HENAN = '[henan]\napp_id = "district"\napp_secret = "unguessable"\nhost = "https://province.example"\n'


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
