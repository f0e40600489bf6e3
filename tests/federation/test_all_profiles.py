"""Every delivered profile, walked through against the simulated platforms: who comes back, as whom, how sure."""

import asyncio
from urllib.parse import quote, urlsplit

import pytest

from idp.federation.exchange.call import Credentials
from idp.federation.model import Failure, LoginFailureReason, UpstreamIdentity
from idp.federation.profiles.model import read_profiles
from tests.federation.conftest import Away
from tests.province.catalogue import PLATFORMS
from tests.province.control import credentials
from tests.province.people import ORGANIZATIONS, PEOPLE
from tests.support.platforms import AGENTS, CHANNELS, LEGAL, LEVELS, PERSONS
from tests.support.upstream import FOLDER, HOME, PROVINCE, somebody

pytestmark = pytest.mark.anyio

PROVING = tuple(name for name in PERSONS if name not in CHANNELS)
TRUSTING = ("henan", "national_trust")


def test_every_profile_has_its_platform() -> None:
    assert read_profiles(FOLDER).keys() == PLATFORMS.keys()


@pytest.mark.parametrize("name", PROVING)
async def test_a_person_comes_back_with_name_and_certificate(away: Away, name: str) -> None:
    trip = away(name)
    found = somebody(await trip.login("zhangsan"))
    assert (found.profile, found.user_type, found.subject.endswith("zhangsan")) == (name, "person", True)
    assert (found.person.name, found.person.mobile) == ("张三", "13800000001")
    assert (found.person.certificate_type, found.person.certificate_number) == ("111", "410411199001010015")
    assert found.level_source
    assert all(one.outcome == "ok" for one in trip.exchanges)


@pytest.mark.parametrize("name", CHANNELS)
async def test_a_channel_knows_a_subject_and_nothing_else(away: Away, name: str) -> None:
    found = somebody(await away(name).login("zhangsan"))
    assert (found.subject.endswith("zhangsan"), found.level, found.person.name) == (True, 0, "")


@pytest.mark.parametrize("name", PERSONS)
async def test_the_levels_of_a_platform_become_ours(away: Away, name: str) -> None:
    trip = away(name)
    people = ("level0", "level1", "level2", "zhangsan", "level4")
    found = [somebody(await trip.login(who)).level for who in people]
    assert tuple(found) == LEVELS[name]


async def test_everybody_of_the_province_comes_as_they_are(away: Away) -> None:
    trip = away("henan")
    for one in PEOPLE:
        if one.cancelled:
            continue
        found = somebody(await trip.login(one.id))
        assert (found.person.name, found.person.certificate_number) == (one.name, one.number)
        assert (found.person.certificate_type, found.person.mobile) == (one.certificate_type, one.mobile)
        assert found.level == one.level


@pytest.mark.parametrize("name", ["zhejiang", "jis1", "guangdong", "beijing_person", "gansu_city", "oidc"])
async def test_rare_names_and_missing_numbers_survive_every_dialect(away: Away, name: str) -> None:
    trip = away(name)
    assert somebody(await trip.login("hui")).person.name == "阿卜杜拉·买买提"
    assert somebody(await trip.login("rare")).person.name == "𠮷祥"
    assert somebody(await trip.login("no_mobile")).person.mobile == ""


@pytest.mark.parametrize("name", ["zhejiang", "beijing_person"])
async def test_a_certificate_type_nobody_explained_is_not_guessed(away: Away, name: str) -> None:
    found = somebody(await away(name).login("taiwan"))
    assert (found.person.certificate_type, found.person.certificate_number) == ("", "830000199001010012")


async def test_two_people_with_one_phone_are_two(away: Away) -> None:
    trip = away("henan")
    one, other = somebody(await trip.login("phone_a")), somebody(await trip.login("phone_b"))
    assert one.person.mobile == other.person.mobile
    assert one.subject != other.subject


async def test_a_changed_name_and_a_fallen_level_come_with_the_same_subject(away: Away) -> None:
    trip = away("henan")
    before = somebody(await trip.login("renamed"))
    trip.told(person="renamed", set={"name": "王又名", "level": 1})
    after = somebody(await trip.login("renamed"))
    assert (after.subject, after.person.name, after.level) == (before.subject, "王又名", 1)


@pytest.mark.parametrize("name", LEGAL)
async def test_a_legal_representative_comes_for_the_company(away: Away, name: str) -> None:
    found = somebody(await away(name).login("zhangsan@trade", "legal"))
    assert found.organization
    assert found.agent
    assert (found.user_type, found.subject.endswith("trade")) == ("legal", True)
    assert found.organization.name == "湛河示例商贸有限公司"
    assert found.organization.unified_social_credit_code == "91410411MA0000015Q"
    assert (found.agent.person.name, found.agent.person.certificate_number) == ("张三", "410411199001010015")


@pytest.mark.parametrize("name", AGENTS)
async def test_an_agent_comes_for_the_company_as_a_person_of_their_own(away: Away, name: str) -> None:
    found = somebody(await away(name).login("clerk@company", "legal"))
    assert found.organization
    assert found.agent
    assert found.organization.unified_social_credit_code == "91410411MA0000007X"
    assert (found.agent.person.name, found.agent.relation) == ("钱经办", "agent")
    assert found.agent.person.mobile == "13800000020"


async def test_scope_and_end_of_a_mandate_come_with_the_agent(away: Away) -> None:
    trip = away("henan")
    found = somebody(await trip.login("clerk@company", "legal"))
    assert found.agent
    assert (found.agent.scope, found.agent.valid_until) == (("社保", "税务"), "20991231")
    assert somebody(await away("beijing_legal").login("clerk@company", "legal")).agent
    late = somebody(await trip.login("expired_agent@company", "legal"))
    assert late.agent
    assert late.agent.valid_until == "20200101"  # told, and for whoever links to refuse


@pytest.mark.parametrize("name", ["henan", "henan_via_pingdingshan", "jis1"])
async def test_every_kind_of_organisation_comes(away: Away, name: str) -> None:
    trip = away(name)
    for one in ORGANIZATIONS:
        if one.dissolved:
            continue
        found = somebody(await trip.login(f"{one.representative}@{one.id}", "legal"))
        assert found.organization
        assert (found.organization.name, found.organization.unified_social_credit_code) == (
            one.name,
            one.uscc,
        )
        assert found.organization.organization_code == one.code
        assert name == "jis1" or found.organization.kind == one.kind


@pytest.mark.parametrize("name", [name for name in LEGAL if name in PERSONS])
async def test_a_person_who_logs_in_on_the_other_tab_is_no_company(away: Away, name: str) -> None:
    trip = away(name)
    for who, there, here in (("zhangsan", "person", "legal"), ("zhangsan@trade", "legal", "person")):
        found = await trip.completed(await trip.walked(who, there), here)
        assert isinstance(found, Failure)
        assert found.reason in (LoginFailureReason.REFUSED, LoginFailureReason.TICKET_EXPIRED)


@pytest.mark.parametrize("name", PERSONS)
async def test_a_ticket_offered_twice_gives_one_identity(away: Away, name: str) -> None:
    trip = away(name)
    parameters = await trip.walked("zhangsan")
    found = await asyncio.gather(*(trip.completed(parameters) for _ in range(5)))
    assert [isinstance(one, UpstreamIdentity) for one in found].count(True) == 1


@pytest.mark.parametrize("name", [one for one in PLATFORMS if PLATFORMS[one].logout])
async def test_logging_out_there_comes_back_here(away: Away, name: str) -> None:
    trip = away(name)
    who, kind = ("zhangsan", "person") if name in PERSONS else ("zhangsan@trade", "legal")
    await trip.login(who, kind)
    url = trip.engine.logout_url(trip.profile, Credentials(trip.secrets), f"{HOME}/goodbye")
    assert url
    answer = await trip.browser.get(url)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}/goodbye")
    assert 'name="who"' in (await trip.browser.get(f"{trip.begin(kind)}&sim_kind={kind}")).text


@pytest.mark.parametrize("name", TRUSTING)
async def test_somebody_known_there_arrives_known_and_whoever_is_not_logs_in(away: Away, name: str) -> None:
    trip = away(name)
    url = trip.engine.trust_url(trip.profile, Credentials(trip.secrets), trip.callback)
    assert url
    assert 'name="who"' in (await trip.browser.get(url)).text
    first = await trip.browser.post(url, data={"who": "zhangsan"})
    again = await trip.browser.get(url)
    for answer in (first, again):
        assert somebody(await trip.completed(trip.arrived(answer))).person.name == "张三"


@pytest.mark.parametrize("name", TRUSTING)
async def test_province_and_state_trust_each_other(away: Away, name: str) -> None:
    """Whoever is logged in at one logs in at the other without choosing again."""
    trip = away(name)
    partner = PLATFORMS[name].partner
    there = f"{PROVINCE}/{partner}/tacs-uc/sso/loginTrust?backUrl="
    back = f"{PROVINCE}/{name}/trusted?to="
    begun = trip.begin()
    answer = await trip.browser.post(
        there + quote(back + quote(begun, safe=""), safe=""), data={"who": "zhangsan"}
    )
    assert urlsplit(answer.headers["location"]).path == f"/{name}/trusted"
    answer = await trip.browser.get(answer.headers["location"])
    assert answer.headers["location"] == begun
    answer = await trip.browser.get(begun)
    if answer.status_code == 200:
        answer = await trip.browser.post(begun, data={"decision": "agree"})
    assert somebody(await trip.completed(trip.arrived(answer))).person.name == "张三"


@pytest.mark.parametrize("name", ["henan", "jis1"])
async def test_somebody_is_handed_on_to_another_application(away: Away, name: str) -> None:
    trip = away(name)
    found = somebody(await trip.login("zhangsan"))
    target = "https://neighbour.example/in"
    url = await trip.engine.hand_on(trip.profile, Credentials(trip.secrets), found.token, target)
    assert isinstance(url, str)
    assert url.startswith(f"{target}?ticket=")
    ours = await trip.completed({"ticket": url.rpartition("=")[2]})
    assert isinstance(ours, Failure)  # the ticket is the neighbour's
    assert ours.reason is LoginFailureReason.WRONG_APP


@pytest.mark.parametrize("name", PERSONS)
async def test_secrets_are_changed_with_nobody_noticing(away: Away, name: str) -> None:
    trip = away(name)
    old = trip.secrets
    trip.told(rotate=3600)
    new = credentials(trip.world)[name]
    turning = {**new, **{f"previous_{key}": value for key, value in old.items() if new[key] != value}}
    assert turning.keys() != new.keys()
    # we have not changed yet; we have, and the platform seals with the old one still; both have
    for secrets, lagging in ((old, True), (turning, True), (turning, False), (new, False)):
        trip.told(seals_with_before=lagging)
        somebody(await trip.completed(await trip.walked("zhangsan"), secrets=secrets))
    trip.clock += 3601
    after = await trip.completed(await trip.walked("zhangsan"), secrets=old)
    assert isinstance(after, Failure)
    somebody(await trip.completed(await trip.walked("zhangsan"), secrets=new))
