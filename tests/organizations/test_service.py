"""Legal persons: who binds them, what a new representative finds, how they end, on both databases."""

import asyncio
import json
from typing import Any

import pytest

from idp.organizations.model import DAY, MandateRefusalReason, MandateRefused, Role
from idp.organizations.registries.interface import PictureState
from tests.authorities import licences
from tests.organizations.conftest import (
    CODE,
    DISSOLVED_CODE,
    DISSOLVED_NAME,
    NAME,
    OTHER_CODE,
    OTHER_NAME,
    Stage,
)

pytestmark = pytest.mark.anyio


def new_representative(stage: Stage) -> None:
    """The register has zhangsan for lisi's company from now on."""
    firm = stage.firms[CODE]
    firm.representative, firm.certificate_type = "张三", "111"
    firm.certificate_number = "410411199001010015"


async def test_a_legal_person_is_bound_once_however_often_its_representative_asks(stage: Stage) -> None:
    bound = await asyncio.gather(*(stage.bound() for _ in range(5)))
    assert len(set(bound)) == 1
    [row] = stage.rows("SELECT * FROM legal_persons")
    assert (row["unified_social_credit_code"], row["kind"], row["state"]) == (CODE, "2", "active")
    assert row["evidence_reference"].startswith("register_lookup:SIM")
    assert len(stage.rows("SELECT id FROM mandates WHERE state = 'active'")) == 1
    assert len(await stage.events("legal_person.bound")) == 1


@pytest.mark.parametrize(
    ("who", "code", "name", "reason"),
    [
        ("zhangsan", CODE, NAME, MandateRefusalReason.NOT_CONFIRMED),
        ("lisi", CODE, "湛河另一家公司", MandateRefusalReason.NOT_CONFIRMED),
        ("lisi", "91410411MA00000074", NAME, MandateRefusalReason.CODE),
        ("lisi", CODE, "", MandateRefusalReason.NAME),
        ("zhangsan", DISSOLVED_CODE, DISSOLVED_NAME, MandateRefusalReason.DISSOLVED),
        ("wangwu", CODE, NAME, MandateRefusalReason.NO_CERTIFICATE),
    ],
)
async def test_what_the_register_does_not_confirm_is_not_bound(
    small_stage: Stage, who: str, code: str, name: str, reason: MandateRefusalReason
) -> None:
    with pytest.raises(MandateRefused, match=reason):
        await small_stage.organizations.bind(small_stage.ids[who], code, name)
    assert small_stage.rows("SELECT id FROM legal_persons") == []


@pytest.mark.parametrize("mode", ["500", "garbage"])
async def test_a_register_that_is_unwell_is_not_believed(small_stage: Stage, mode: str) -> None:
    small_stage.world.modes["licences"] = mode
    with pytest.raises(MandateRefused, match=MandateRefusalReason.UNAVAILABLE):
        await small_stage.bound()
    assert small_stage.rows("SELECT id FROM mandates") == []


async def test_guessing_at_the_register_is_limited(small_stage: Stage) -> None:
    for _ in range(10):
        with pytest.raises(MandateRefused, match=MandateRefusalReason.NOT_CONFIRMED):
            await small_stage.organizations.bind(small_stage.ids["zhangsan"], CODE, NAME)
    with pytest.raises(MandateRefused, match=MandateRefusalReason.TOO_OFTEN):
        await small_stage.organizations.bind(small_stage.ids["zhangsan"], CODE, NAME)
    lines = await small_stage.house.audit_lines()
    refused = [line for line in lines if line["event"] == "legal_person.refused"]
    assert [json.loads(line["detail"])["reason"] for line in refused[:10]] == [
        MandateRefusalReason.NOT_CONFIRMED
    ] * 10
    assert {line["account_id"] for line in refused} == {small_stage.ids["zhangsan"]}


async def test_a_new_representative_finds_everything_at_rest(stage: Stage) -> None:
    firm = await stage.bound()
    agent = await stage.agent("wangwu", firm)
    invited = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhaoliu"))
    new_representative(stage)
    assert await stage.organizations.bind(stage.ids["zhangsan"], CODE, NAME) == firm
    assert (stage.state(agent), stage.state(invited)) == ("suspended", "revoked")
    assert await stage.represented("lisi") == []
    assert await stage.represented("zhangsan") == [NAME]
    assert not await stage.mandates.resume(stage.ids["lisi"], agent)
    assert await stage.mandates.resume(stage.ids["zhangsan"], agent)
    assert await stage.represented("wangwu") == [NAME]
    assert await stage.events("representative.changed") == [
        ("representative.changed", stage.ids["zhangsan"], firm)
    ]


async def test_the_former_representative_cannot_come_back_by_what_they_granted(stage: Stage) -> None:
    firm = await stage.bound()
    administrator = await stage.agent("wangwu", firm, role=Role.ADMINISTRATOR)
    await stage.organizations.set_representative(CODE, stage.ids["zhangsan"], "test")
    with pytest.raises(MandateRefused, match=MandateRefusalReason.NOT_YOURS):
        await stage.mandates.invite(stage.ids["wangwu"], firm, stage.invitation("lisi"))
    assert not await stage.mandates.resume(stage.ids["wangwu"], administrator)


async def test_what_an_agent_organisation_passed_on_rests_when_its_representative_changes(
    stage: Stage,
) -> None:
    firm = await stage.bound()
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    held = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan", code=OTHER_CODE))
    assert await stage.mandates.accept(stage.ids["zhangsan"], held)
    child = await stage.mandates.pass_on(stage.ids["zhangsan"], held, other, stage.invitation("wangwu"))
    assert await stage.mandates.accept(stage.ids["wangwu"], child)
    await stage.organizations.set_representative(OTHER_CODE, stage.ids["zhaoliu"], "test")
    assert (stage.state(held), stage.state(child)) == ("active", "suspended")
    assert await stage.represented("zhangsan") == []
    assert await stage.mandates.resume(stage.ids["zhaoliu"], child)
    assert await stage.represented("wangwu") == [NAME]


async def test_who_steps_down_leaves_everything_at_rest(stage: Stage) -> None:
    firm = await stage.bound()
    agent = await stage.agent("wangwu", firm)
    assert not await stage.organizations.step_down(stage.ids["zhangsan"], firm)
    assert await stage.organizations.step_down(stage.ids["lisi"], firm)
    assert not await stage.organizations.step_down(stage.ids["lisi"], firm)
    assert stage.state(agent) == "suspended"
    assert await stage.represented("lisi") == []
    assert await stage.bound() == firm
    assert await stage.represented("lisi") == [NAME]
    assert stage.state(agent) == "suspended"


async def test_nobody_acts_for_what_is_dissolved_or_through_it(stage: Stage) -> None:
    firm = await stage.bound()
    agent = await stage.agent("wangwu", firm)
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    held = await stage.mandates.invite(stage.ids["zhangsan"], other, stage.invitation("lisi", code=CODE))
    assert await stage.mandates.accept(stage.ids["lisi"], held)
    assert await stage.organizations.dissolve(CODE, "test")
    assert not await stage.organizations.dissolve(CODE, "test")
    assert {stage.state(one) for one in (agent, held)} == {"revoked"}
    assert await stage.represented("lisi") == await stage.represented("wangwu") == []
    with pytest.raises(MandateRefused, match=MandateRefusalReason.DISSOLVED):
        await stage.bound()
    assert await stage.represented("zhangsan") == [OTHER_NAME]
    assert await stage.events("legal_person.dissolved") == [("legal_person.dissolved", "test", firm)]


async def confirmed(stage: Stage, who: str, *, role: str, holder: str, **changes: Any) -> str:
    """A picture that somebody was shown, confirmed in the licence's app; its ticket."""
    started = await stage.organizations.start_licence(stage.ids[who])
    ticket = list(stage.world.memory["licences"])[-1]
    vouched = licences.assertion(stage.world, CODE, role, holder) | changes
    stage.world.memory["licences"][ticket] |= {"state": "CONFIRMED", "assertion": vouched}
    return started.ticket


async def test_a_picture_is_waited_for_and_runs_out(small_stage: Stage) -> None:
    started = await small_stage.organizations.start_licence(small_stage.ids["lisi"])
    assert (
        started.content in small_stage.organizations.picture(small_stage.ids["lisi"], started.ticket).content
    )
    assert (
        await small_stage.organizations.licence(small_stage.ids["lisi"], started.ticket)
        is PictureState.CREATED
    )
    with pytest.raises(MandateRefused, match=MandateRefusalReason.OVER):
        await small_stage.organizations.licence(small_stage.ids["zhangsan"], started.ticket)
    small_stage.clock.forward(301)
    assert (
        await small_stage.organizations.licence(small_stage.ids["lisi"], started.ticket)
        is PictureState.EXPIRED
    )


async def test_a_confirmed_picture_is_good_once_however_many_try(stage: Stage) -> None:
    ticket = await confirmed(stage, "zhangsan", role="ADMIN", holder="张三")

    async def redeem() -> bool:
        try:
            await stage.organizations.licence(stage.ids["zhangsan"], ticket)
        except MandateRefused:
            return False
        return True

    assert sorted(await asyncio.gather(*(redeem() for _ in range(5)))) == [False] * 4 + [True]
    assert len(stage.rows("SELECT id FROM mandates")) == 1


async def test_a_licence_of_the_same_name_is_not_enough_to_represent(small_stage: Stage) -> None:
    firm = small_stage.firms[CODE]
    firm.certificate_number = "E00000009"  # another 李四
    ticket = await confirmed(small_stage, "lisi", role="LEGAL_REP", holder="李四")
    with pytest.raises(MandateRefused, match=MandateRefusalReason.NOT_CONFIRMED):
        await small_stage.organizations.licence(small_stage.ids["lisi"], ticket)
    assert small_stage.rows("SELECT id FROM legal_persons") == []


async def test_an_administrator_by_licence_manages_an_organisation_nobody_has_bound(stage: Stage) -> None:
    ticket = await confirmed(stage, "zhangsan", role="ADMIN", holder="张三")
    firm = await stage.organizations.licence(stage.ids["zhangsan"], ticket)
    assert isinstance(firm, str)
    await stage.agent("wangwu", firm, by="zhangsan")
    assert await stage.represented("wangwu") == [NAME]
    stage.clock.forward(366 * DAY)
    assert await stage.represented("zhangsan") == []
    assert await stage.bound() == firm  # the representative finds it at rest
    assert await stage.represented("wangwu") == []


async def test_a_second_licence_of_the_same_person_replaces_the_first(stage: Stage) -> None:
    for role in ("ADMIN", "TEMP"):
        ticket = await confirmed(stage, "zhangsan", role=role, holder="张三")
        await stage.organizations.licence(stage.ids["zhangsan"], ticket)
    [principal] = await stage.mandates.principals(stage.ids["zhangsan"])
    assert principal.items == ("annual-report",)
    [row] = stage.rows("SELECT role FROM mandates WHERE state = 'active'")
    assert row["role"] == "agent"


@pytest.mark.parametrize(
    "changes",
    [
        {"holderRole": "OWNER"},
        {"uscc": "91410411MA00000074"},
        {"entName": ""},
        {"expiry": "soon"},
        {"scope": 7},
    ],
)
async def test_an_assertion_that_is_not_as_agreed_is_not_believed(
    small_stage: Stage, changes: dict[str, Any]
) -> None:
    ticket = await confirmed(small_stage, "zhangsan", role="TEMP", holder="张三", **changes)
    with pytest.raises(MandateRefused):
        await small_stage.organizations.licence(small_stage.ids["zhangsan"], ticket)
    assert small_stage.rows("SELECT id FROM mandates") == []


async def test_a_licence_whose_time_is_over_gives_nothing(small_stage: Stage) -> None:
    ticket = await confirmed(
        small_stage, "zhangsan", role="TEMP", holder="张三", expiry=small_stage.clock.now - 1
    )
    with pytest.raises(MandateRefused, match=MandateRefusalReason.DISSOLVED):
        await small_stage.organizations.licence(small_stage.ids["zhangsan"], ticket)
    assert await small_stage.represented("zhangsan") == []
