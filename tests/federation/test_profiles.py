"""Every profile that is delivered can be read, is complete, and says honestly how much of it is known."""

from pathlib import Path

import pytest

from idp.federation.exchange.engine import Engine
from idp.federation.profiles import model as module
from idp.federation.profiles.check import problems
from idp.federation.profiles.model import Profile, Status, read_profile, read_profiles
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.sources import system_sources

FOLDER = Path(module.__file__).parents[3] / "config" / "upstreams"
PROFILES = read_profiles(FOLDER)
EXPECTED = {
    "henan", "henan_via_pingdingshan", "national_trust", "jis1", "jis2", "zhejiang", "guangdong", "beijing_person",
    "beijing_legal", "gansu_city", "oidc", "wechat_miniprogram", "alipay",
}  # fmt: skip


def engine() -> Engine:
    async def record(exchange: object) -> None:
        raise AssertionError("nothing is called here")

    return Engine(HttpClient(), system_sources(), record)


def test_every_promised_profile_is_there() -> None:
    assert PROFILES.keys() >= EXPECTED


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_profile_has_no_problems(profile: Profile) -> None:
    one = engine()
    assert problems(profile, one.signers, one.transforms) == []


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_what_is_not_a_standard_says_what_is_unknown(profile: Profile) -> None:
    assert profile.status is Status.STANDARD or profile.unknown


@pytest.mark.parametrize("name", ["henan", "henan_via_pingdingshan", "national_trust"])
def test_what_is_not_public_is_marked_as_an_assumption(name: str) -> None:
    assert PROFILES[name].status is Status.ASSUMPTION


@pytest.mark.parametrize("name", ["wechat_miniprogram", "alipay"])
def test_a_channel_identity_proves_no_level(name: str) -> None:
    assert all("level" not in mapping.fields for mapping in PROFILES[name].map.values())


def test_a_broken_profile_is_refused_with_all_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text('title = "x"\nshoes = 2\n', "utf-8")
    with pytest.raises(module.BadProfile) as refused:
        read_profile(path)
    assert "broken.toml: shoes" in str(refused.value)
    assert "broken.toml: steps" in str(refused.value)
