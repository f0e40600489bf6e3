"""Every way a login at a platform can fail, told by the right reason; nothing is asked a second time."""

import pytest

from idp.federation.model import Failure, LoginFailureReason
from tests.federation.conftest import Away
from tests.province.catalogue import PLATFORMS
from tests.province.control import credentials
from tests.province.world import TICKET_SECONDS
from tests.support.platforms import LEGAL, PERSONS, who
from tests.support.upstream import PROVINCE, Trip, somebody

pytestmark = pytest.mark.anyio

OAUTH = ("henan_via_pingdingshan", "guangdong", "beijing_legal", "oidc")
"""Platforms that are told no time, and the callback again."""
CODES = ("oidc", "alipay", "wechat_miniprogram")
"""Platforms that say of a code of somebody else what they say of one that is too old."""


async def failed(trip: Trip, **changed: str) -> Failure:
    """A login that fails, with other secrets for the exchange."""
    name, kind = who(trip.name)
    found = await trip.completed(await trip.walked(name, kind), kind, {**trip.secrets, **changed})
    assert isinstance(found, Failure), found
    return found


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_ticket_that_is_too_old(away: Away, name: str) -> None:
    trip = away(name)
    login, kind = who(name)
    parameters = await trip.walked(login, kind)
    trip.clock += TICKET_SECONDS + 1
    found = await trip.completed(parameters, kind)
    assert isinstance(found, Failure)
    assert found.reason is LoginFailureReason.TICKET_EXPIRED


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_ticket_that_was_used(away: Away, name: str) -> None:
    trip = away(name)
    login, kind = who(name)
    parameters = await trip.walked(login, kind)
    somebody(await trip.completed(parameters, kind))
    found = await trip.completed(parameters, kind)
    assert isinstance(found, Failure)
    assert found.reason is (
        LoginFailureReason.TICKET_EXPIRED if name == "oidc" else LoginFailureReason.TICKET_USED
    )
    assert trip.outcomes()[-1] == "used"


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_ticket_of_another_application(away: Away, name: str) -> None:
    trip = away(name)
    found = await failed(trip, **credentials(trip.world, "neighbour")[name])
    assert found.reason is (
        LoginFailureReason.TICKET_EXPIRED if name in CODES else LoginFailureReason.WRONG_APP
    )
    assert trip.outcomes()[-1] == "wrong_app"


@pytest.mark.parametrize("name", PLATFORMS)
async def test_an_application_that_the_platform_does_not_know(away: Away, name: str) -> None:
    trip = away(name)
    public = [key for key, kind in trip.world.apps[name]["district"].needs.items() if kind == "id"]
    found = await failed(trip, **{public[0]: "nobody"})
    assert found.reason is LoginFailureReason.WRONG_APP


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        (name, secret)
        for name, one in PLATFORMS.items()
        for secret, kind in one.needs.items()
        if kind in ("word", "rsa")
    ],
)
async def test_a_wrong_secret(away: Away, name: str, secret: str) -> None:
    trip = away(name)
    other = credentials(trip.world, "neighbour")[name][secret]
    found = await failed(trip, **{secret: other})
    assert found.reason is (
        LoginFailureReason.WRONG_APP if name == "oidc" else LoginFailureReason.WRONG_SIGNATURE
    )
    assert "ok" not in trip.outcomes() or name == "gansu_city"


async def test_a_key_that_does_not_open_what_was_sealed_for_us(away: Away) -> None:
    trip = away("jis2")
    other = credentials(trip.world, "neighbour")["jis2"]["private_key"]
    assert (await failed(trip, private_key=other)).reason is LoginFailureReason.MALFORMED


@pytest.mark.parametrize("minutes", [-6, 6])
@pytest.mark.parametrize("name", [one for one in PLATFORMS if one not in (*OAUTH, "wechat_miniprogram")])
async def test_a_clock_that_is_wrong(away: Away, name: str, minutes: int) -> None:
    trip = away(name)
    trip.told(clock_offset=minutes * 60)
    assert (await failed(trip)).reason is LoginFailureReason.CLOCK


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_clock_that_is_a_little_wrong_does_not_matter(away: Away, name: str) -> None:
    trip = away(name)
    trip.told(clock_offset=240)
    login, kind = who(name)
    somebody(await trip.login(login, kind))


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_callback_that_is_not_registered(away: Away, name: str) -> None:
    trip = away(name)
    kind = who(name)[1]
    answer = await trip.browser.get(trip.begin(kind, "https://evil.test/upstream"))
    assert answer.status_code == 400
    assert PLATFORMS[name].text("callback") in answer.text


@pytest.mark.parametrize("name", [*OAUTH, "beijing_person"])
async def test_a_callback_other_than_the_one_of_the_login(away: Away, name: str) -> None:
    trip = away(name)
    login, kind = who(name)
    parameters = await trip.walked(login, kind)
    found = await trip.completed({**parameters, "callback": "https://id.test/other"}, kind)
    assert isinstance(found, Failure)
    assert found.reason is (
        LoginFailureReason.TICKET_EXPIRED if name == "oidc" else LoginFailureReason.CONFIGURATION
    )


async def test_a_proof_of_another_login_does_not_fit_the_code(away: Away) -> None:
    trip = away("oidc")
    parameters = await trip.walked("zhangsan")
    found = await trip.completed({**parameters, "code_verifier": "of somebody else"})
    assert isinstance(found, Failure)


@pytest.mark.parametrize("name", PLATFORMS)
async def test_whoever_does_not_consent_is_nobody(away: Away, name: str) -> None:
    trip = away(name)
    login, kind = who(name)
    found = await trip.completed(await trip.walked(login, kind, "cancel"), kind)
    assert isinstance(found, Failure)
    assert found.reason in (LoginFailureReason.NO_TICKET, LoginFailureReason.REFUSED)
    assert trip.outcomes() == []


@pytest.mark.parametrize("name", [one for one in PERSONS if one not in ("alipay", "wechat_miniprogram")])
async def test_an_account_that_was_closed_there(away: Away, name: str) -> None:
    trip = away(name)
    found = await trip.login("cancelled")
    assert isinstance(found, Failure)
    assert found.reason is (LoginFailureReason.REFUSED if name == "oidc" else LoginFailureReason.CANCELLED)


@pytest.mark.parametrize("name", LEGAL)
async def test_a_company_that_was_dissolved(away: Away, name: str) -> None:
    found = await away(name).login("zhangsan@dissolved", "legal")
    assert isinstance(found, Failure)
    assert found.reason is LoginFailureReason.CANCELLED


@pytest.mark.parametrize("name", ["zhejiang_legal", "guangdong", "beijing_legal", "gansu_city"])
async def test_an_agent_whose_time_is_over_does_not_get_in_there(away: Away, name: str) -> None:
    trip = away(name)
    url = f"{trip.begin('legal')}&sim_kind=legal"
    answer = await trip.browser.post(url, data={"who": "expired_agent@company"})
    assert (answer.status_code, "委托已到期" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("500", LoginFailureReason.UNAVAILABLE),
        ("malformed", LoginFailureReason.MALFORMED),
        ("html", LoginFailureReason.MALFORMED),
        ("timeout", LoginFailureReason.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_platform_that_is_not_itself(
    away: Away, name: str, mode: str, reason: LoginFailureReason
) -> None:
    trip = away(name)
    login, kind = who(name)
    parameters = await trip.walked(login, kind)
    before = len(trip.exchanges)
    trip.told(mode=mode)
    if mode == "timeout":
        trip.configured(timeout_seconds=0.05)
    found = await trip.completed(parameters, kind)
    assert isinstance(found, Failure)
    assert found.reason is reason
    assert len(trip.exchanges) == before + 1  # never asked again
    trip.told(mode="ok")
    trip.configured(timeout_seconds=5)
    somebody(await trip.login(login, kind))  # it heals by itself


async def test_a_platform_that_is_slow_but_answers_is_waited_for(away: Away) -> None:
    trip = away("henan")
    trip.told(latency=0.05)
    somebody(await trip.login("zhangsan"))
    trip.configured(timeout_seconds=0.01)
    found = await trip.login("zhangsan")
    assert isinstance(found, Failure)
    assert found.reason is LoginFailureReason.UNAVAILABLE


@pytest.mark.parametrize("name", PERSONS)
async def test_a_ticket_that_nobody_issued(away: Away, name: str) -> None:
    trip = away(name)
    parameters = {**await trip.walked("zhangsan"), trip.profile.callback.ticket: 'made "up'}
    found = await trip.completed(parameters)
    assert isinstance(found, Failure)
    assert found.reason is LoginFailureReason.TICKET_EXPIRED


@pytest.mark.parametrize("name", PERSONS)
async def test_what_is_kept_of_a_trip_names_nobody(away: Away, name: str) -> None:
    trip = away(name)
    parameters = await trip.walked("zhangsan")
    await trip.completed(parameters)
    await trip.completed(parameters)
    kept = repr(trip.exchanges) + repr(trip.world.log)
    secrets = [value for value in trip.secrets.values() if not value.startswith(PROVINCE)]
    for value in (*secrets, *parameters.values(), "张三", "410411199001010015", "13800000001"):
        assert value not in kept
