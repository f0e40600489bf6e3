"""Nothing goes without TLS that nobody has allowed: settings, profiles, registrations, and the call itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from idp.commands.doctor import examine
from idp.infrastructure.http_client import BadAnswer, HttpClient
from idp.relying_parties.model import AuthMethod, Client
from idp.server.plain_http import without_tls
from idp.server.safety import unsafe
from idp.settings import Settings
from tests.support.profiles import CREDENTIALS, HENAN, in_use

pytestmark = pytest.mark.anyio
SECRETS: dict[str, Any] = {"app_id": "a", "secret": "s"}


def authority(name: str) -> Callable[[Path, str], dict[str, Any]]:
    def settings(folder: Path, host: str) -> dict[str, Any]:
        given = {f"{name}_{key}": value for key, value in SECRETS.items()}
        return {f"{name}_url": f"http://{host}/api", **given}

    return settings


def gateway(folder: Path, host: str) -> dict[str, Any]:
    changes = {"https://sms.example.invalid": f"http://{host}"}
    return {"sms_profile": in_use(folder, **changes), "sms_credentials": CREDENTIALS}


def gateway_by_credentials(folder: Path, host: str) -> dict[str, Any]:
    profile = in_use(folder, **{"https://sms.example.invalid": "{base}"})
    return {"sms_profile": profile, "sms_credentials": CREDENTIALS | {"base": f"http://{host}"}}


def platform(folder: Path, host: str) -> dict[str, Any]:
    return secrets(folder, HENAN.replace("https://province.example", f"http://{host}"))


def platform_in_capitals(folder: Path, host: str) -> dict[str, Any]:
    return secrets(folder, HENAN.replace("https://province.example", f"HTTP://{host}"))


def target(folder: Path, host: str) -> dict[str, Any]:
    return secrets(folder, f'{HENAN}[henan.targets]\nother = "http://{host}/app"\n')


def profile_itself(folder: Path, host: str) -> dict[str, Any]:
    """The address stands in a step of the profile, and in no variable."""
    shipped = Path(__file__).parents[2] / "config" / "upstreams" / "henan.toml"
    profiles = folder / "profiles"
    profiles.mkdir()
    text = shipped.read_text("utf-8").replace('url = "{host}', f'url = "http://{host}')
    (profiles / "henan.toml").write_text(text, "utf-8")
    return {"upstream_profiles_dir": profiles, **secrets(folder, HENAN)}


def relay(folder: Path, host: str) -> dict[str, Any]:
    return {"smtp_host": host, "smtp_tls": "none", "smtp_sender": "a@id.test"}


def secrets(folder: Path, text: str) -> dict[str, Any]:
    file = folder / "upstream-secrets.toml"
    file.write_text(text, "utf-8")
    file.chmod(0o600)
    return {"upstream_secrets_file": file}


WAYS: dict[str, Callable[[Path, str], dict[str, Any]]] = {
    "IDP_POPULATION_URL": authority("population"),
    "IDP_CARRIER_URL": authority("carrier"),
    "IDP_LICENCE_URL": authority("licence"),
    "IDP_NETWORK_IDENTITY_URL": authority("network_identity"),
    "IDP_SMS_PROFILE": gateway,
    "IDP_SMS_PROFILE ": gateway_by_credentials,
    "upstream henan": platform,
    "upstream henan ": platform_in_capitals,
    "upstream henan  ": target,
    "upstream henan   ": profile_itself,
    "IDP_SMTP_HOST": relay,
}


def installation(folder: Path, **given: Any) -> Settings:
    secret = folder / "secret.key"
    secret.write_text("secret")
    secret.chmod(0o600)
    return Settings(issuer="https://id.test", data_dir=folder, trusted_proxies=("10.0.0.1",), **given)


@pytest.mark.parametrize("what", WAYS)
def test_what_goes_without_tls_is_refused_by_name_and_host(tmp_path: Path, what: str) -> None:
    settings = installation(tmp_path, **WAYS[what](tmp_path, "plain.intranet"))
    [problem] = unsafe(settings)
    assert problem.startswith(f"{what.strip()}: plain.intranet must be by TLS")
    assert "IDP_UNENCRYPTED_HOSTS" in problem


@pytest.mark.parametrize("what", WAYS)
async def test_a_host_that_is_named_may_and_shows_as_loosened(tmp_path: Path, what: str) -> None:
    given = WAYS[what](tmp_path, "plain.intranet")
    settings = installation(tmp_path, **given, unencrypted_hosts="10.0.0.9, plain.intranet")
    assert unsafe(settings) == []
    said = {finding.says for finding in await examine(settings) if finding.check == "loosened"}
    assert said == {f"{what.strip()} calls plain.intranet without TLS"}


@pytest.mark.parametrize("what", WAYS)
def test_another_host_that_is_named_allows_nothing(tmp_path: Path, what: str) -> None:
    given = WAYS[what](tmp_path, "plain.intranet")
    assert len(unsafe(installation(tmp_path, **given, unencrypted_hosts=("other.intranet",)))) == 1


def test_a_demonstration_may_call_this_machine(tmp_path: Path) -> None:
    given = authority("population")(tmp_path, "127.0.0.1")
    settings = Settings(issuer="http://127.0.0.1:8000", data_dir=tmp_path, demo=True, **given)
    assert without_tls(settings) == []


@pytest.mark.parametrize(
    "url", ["http://plain.intranet/x", "HTTP://plain.intranet", "ftp://127.0.0.2/", "//plain.intranet/", "x"]
)
async def test_the_client_itself_calls_nothing_without_tls(url: str) -> None:
    client = HttpClient(None, ("10.0.0.9",))
    calls = [
        client.post_form(url, {"a": "b"}),
        client.get_json(url),
        client.call("GET", url, headers={}, content=b"", seconds=1),
    ]
    for call in calls:
        with pytest.raises(BadAnswer, match="without TLS"):
            await call
    await client.close()


def test_a_registration_with_http_on_loopback_shows_as_loosened() -> None:
    client = Client(
        client_id="a",
        client_name="系统",
        redirect_uris=("https://app.test/callback",),
        token_endpoint_auth_method=AuthMethod.PRIVATE_KEY_JWT,
        jwks_uri="http://127.0.0.1:9/jwks",
        backchannel_logout_uri="http://localhost:9/out",
    )
    assert client.loosened() == ["jwks_uri=http", "backchannel_logout_uri=http"]
