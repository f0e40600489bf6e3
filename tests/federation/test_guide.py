"""The worked example of the guide is what it says: a profile that works as it is printed."""

import re
import tomllib
from pathlib import Path

import pytest

from idp.federation.exchange.call import Credentials
from idp.federation.model import Failure, LoginFailureReason
from idp.federation.profiles.check import problems
from idp.federation.profiles.installation import read_installation
from idp.federation.profiles.model import Status, read_profile, read_profiles
from tests.architecture.sources import ROOT
from tests.federation.conftest import Away
from tests.support.upstream import FOLDER, HOME, PROVINCE, Trip, somebody

pytestmark = pytest.mark.anyio

GUIDE = (ROOT / "docs" / "federation.md").read_text("utf-8")
EXAMPLE, SECRETS = re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
NAME = "example_province"


def by_the_guide(away: Away, folder: Path) -> Trip:
    """A way to the simulated platform that speaks so, by the example."""
    trip = away("jis1")
    path = folder / f"{NAME}.toml"
    path.write_text(EXAMPLE, "utf-8")
    trip.profile = read_profile(path)
    return trip


async def test_nothing_is_wrong_with_it(away: Away, tmp_path: Path) -> None:
    trip = by_the_guide(away, tmp_path)
    assert problems(trip.profile, trip.engine.signers, trip.engine.transforms) == []


def test_its_secrets_file_puts_it_in_use(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.toml").write_text(EXAMPLE, "utf-8")
    file = tmp_path / "secrets.toml"
    file.write_text(SECRETS, "utf-8")
    file.chmod(0o600)
    assert read_installation(tmp_path, file)[NAME].targets == tomllib.loads(SECRETS)[NAME]["targets"]


async def test_a_person_comes_in_by_it(away: Away, tmp_path: Path) -> None:
    trip = by_the_guide(away, tmp_path)
    found = somebody(await trip.login("zhangsan"))
    assert (found.profile, found.person.name, found.level) == (NAME, "张三", 3)
    assert found.person.certificate_number == "410411199001010015"


async def test_a_representative_comes_in_by_it(away: Away, tmp_path: Path) -> None:
    trip = by_the_guide(away, tmp_path)
    found = somebody(await trip.login("zhangsan@trade", "legal"))
    assert found.organization
    assert found.organization.unified_social_credit_code == "91410411MA0000015Q"
    assert found.agent
    assert found.agent.relation == "legal_representative"


async def test_what_fails_has_the_reason_it_names(away: Away, tmp_path: Path) -> None:
    trip = by_the_guide(away, tmp_path)
    parameters = await trip.walked("zhangsan")
    trip.told(clock_offset=3600)
    for reason, change in (
        (LoginFailureReason.CLOCK, {}),
        (LoginFailureReason.TICKET_EXPIRED, {"clock_offset": 0, "ticket": "made up"}),
        (LoginFailureReason.WRONG_SIGNATURE, {"appword": "0123456789abcdef"}),
    ):
        found = await changed(trip, parameters, **change)
        assert isinstance(found, Failure)
        assert found.reason is reason


async def test_one_logs_out_and_goes_on_by_it(away: Away, tmp_path: Path) -> None:
    trip = by_the_guide(away, tmp_path)
    found = somebody(await trip.login("zhangsan"))
    credentials = Credentials(trip.secrets)
    there = await trip.engine.hand_on(trip.profile, credentials, found.token, "https://neighbour.example/in")
    assert isinstance(there, str)
    assert there.startswith("https://neighbour.example/in?ticket=")
    url = trip.engine.logout_url(trip.profile, credentials, f"{HOME}/")
    assert url
    assert url.startswith(f"{PROVINCE}/jis1/")
    assert (await trip.browser.get(url)).headers["location"] == f"{HOME}/"


def test_the_guide_says_of_every_profile_how_much_is_known_of_it() -> None:
    table = dict(re.findall(r"^\| `(standard|observed|assumption)` \| .*? \| (.*) \|$", GUIDE, re.MULTILINE))
    said = {name: Status(status) for status, names in table.items() for name in re.findall(r"`(\w+)`", names)}
    assert said == {name: one.status for name, one in read_profiles(FOLDER).items()}


async def changed(trip: Trip, parameters: dict[str, str], **change: object) -> object:
    """A callback completed after something changed: the platforms' clock, the ticket or a secret."""
    if "clock_offset" in change:
        trip.told(clock_offset=change.pop("clock_offset"))
    given = {name: str(value) for name, value in change.items()}
    ticket = {"ticket": given.pop("ticket")} if "ticket" in given else {}
    return await trip.completed({**parameters, **ticket}, secrets={**trip.secrets, **given})
