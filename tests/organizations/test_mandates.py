"""Mandates of an organisation: granting, taking up, resting and ending, with everybody at once, on both databases."""

import asyncio

import pytest

from idp.organizations.model import DAY, MandateRefusalReason, MandateRefused, Role, Scope
from tests.organizations.conftest import CODE, NAME, OTHER_CODE, OTHER_NAME, Stage
from tests.support import raw_sql

pytestmark = pytest.mark.anyio


async def test_an_agent_acts_from_the_acceptance_until_the_end(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan"))
    assert await stage.represented("zhangsan") == []
    [invited] = await stage.mandates.invitations(stage.ids["zhangsan"])
    assert (invited.id, invited.principal_organization_name) == (mandate_id, NAME)
    assert await stage.mandates.accept(stage.ids["zhangsan"], mandate_id)
    [principal] = await stage.mandates.principals(stage.ids["zhangsan"])
    assert (principal.kind, principal.id, principal.number) == ("legal_person", firm, CODE)
    assert (principal.relation, principal.mandate_id) == ("agent", mandate_id)
    assert await stage.mandates.suspend(stage.ids["lisi"], mandate_id)
    assert await stage.represented("zhangsan") == []
    assert await stage.mandates.resume(stage.ids["lisi"], mandate_id)
    assert await stage.represented("zhangsan") == [NAME]
    assert await stage.mandates.revoke(stage.ids["lisi"], mandate_id)
    assert await stage.represented("zhangsan") == []
    for change in (stage.mandates.resume, stage.mandates.revoke, stage.mandates.suspend):
        assert not await change(stage.ids["lisi"], mandate_id)
    done = ("mandate.suspended", "mandate.resumed", "mandate.revoked")
    lines = await stage.events(*done)
    assert sorted(lines) == sorted((event, stage.ids["lisi"], firm) for event in done)


async def test_the_representative_acts_through_a_mandate_too(stage: Stage) -> None:
    firm = await stage.bound()
    [principal] = await stage.mandates.principals(stage.ids["lisi"])
    assert (principal.id, principal.relation) == (firm, "legal_representative")
    assert not await stage.mandates.resign(stage.ids["lisi"], principal.mandate_id)
    assert not await stage.mandates.revoke(stage.ids["lisi"], principal.mandate_id)


async def test_only_whom_it_is_meant_for_can_answer(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan"))
    for who in ("wangwu", "zhaoliu", "lisi"):
        assert not await stage.mandates.accept(stage.ids[who], mandate_id)
        assert not await stage.mandates.decline(stage.ids[who], mandate_id)
        assert await stage.mandates.invitations(stage.ids[who]) == []
    assert stage.state(mandate_id) == "invited"


async def test_the_right_phone_with_another_name_is_another_person(small_stage: Stage) -> None:
    firm = await small_stage.bound()
    invitation = small_stage.invitation("zhangsan", name="张三丰")
    mandate_id = await small_stage.mandates.invite(small_stage.ids["lisi"], firm, invitation)
    assert not await small_stage.mandates.accept(small_stage.ids["zhangsan"], mandate_id)


@pytest.mark.parametrize("change", ["phone_verified_at = NULL", "real_name_level = 0", "state = 'frozen'"])
async def test_who_is_not_proved_cannot_accept(stage: Stage, change: str) -> None:
    firm = await stage.bound()
    mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan"))
    raw_sql.execute(stage.url, f"UPDATE accounts SET {change} WHERE username = 'zhangsan'")  # noqa: S608
    assert not await stage.mandates.accept(stage.ids["zhangsan"], mandate_id)
    assert stage.state(mandate_id) == "invited"


async def test_an_invitation_is_accepted_once_however_many_try(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan"))
    answers = await asyncio.gather(
        *(stage.mandates.accept(stage.ids["zhangsan"], mandate_id) for _ in range(8))
    )
    assert sorted(answers) == [False] * 7 + [True]
    assert len(await stage.events("mandate.accepted")) == 2  # the representative's own, and this


async def test_what_is_revoked_while_it_is_accepted_does_not_live(stage: Stage) -> None:
    firm = await stage.bound()
    for _ in range(4):
        mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan"))
        _, revoked = await asyncio.gather(
            stage.mandates.accept(stage.ids["zhangsan"], mandate_id),
            stage.mandates.revoke(stage.ids["lisi"], mandate_id),
        )
        assert revoked
        assert stage.state(mandate_id) == "revoked"
    assert await stage.represented("zhangsan") == []


async def test_what_is_accepted_while_the_representative_changes_rests_or_ends(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("wangwu"))
    await asyncio.gather(
        stage.mandates.accept(stage.ids["wangwu"], mandate_id),
        stage.organizations.set_representative(CODE, stage.ids["zhangsan"], "test"),
    )
    assert stage.state(mandate_id) in ("suspended", "revoked")
    assert await stage.represented("wangwu") == []


async def test_an_invitation_runs_out(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan"))
    stage.clock.forward(14 * DAY)
    assert await stage.mandates.invitations(stage.ids["zhangsan"]) == []
    assert not await stage.mandates.accept(stage.ids["zhangsan"], mandate_id)
    assert await stage.mandates.expire_due() == 1
    assert stage.state(mandate_id) == "expired"


async def test_the_phone_of_an_invitation_is_forgotten_when_it_was_answered(stage: Stage) -> None:
    firm = await stage.bound()
    for answer in (stage.mandates.accept, stage.mandates.decline):
        mandate_id = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan"))
        assert await answer(stage.ids["zhangsan"], mandate_id)
    for row in stage.rows("SELECT invitee_phone, invitee_phone_index FROM mandates"):
        assert (row["invitee_phone"], row["invitee_phone_index"]) == (None, None)
    assert await stage.events("mandate.declined") == [("mandate.declined", stage.ids["zhangsan"], firm)]


async def test_no_stranger_grants_or_ends_anything(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.agent("zhangsan", firm)
    for who in ("zhangsan", "wangwu"):
        with pytest.raises(MandateRefused, match=MandateRefusalReason.NOT_YOURS):
            await stage.mandates.invite(stage.ids[who], firm, stage.invitation("zhaoliu"))
        for change in (
            stage.mandates.suspend,
            stage.mandates.resume,
            stage.mandates.revoke,
            stage.mandates.renew,
        ):
            assert not await change(stage.ids[who], mandate_id)
    assert stage.state(mandate_id) == "active"


async def test_an_agent_may_resign_and_nobody_else_for_them(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.agent("zhangsan", firm)
    assert not await stage.mandates.resign(stage.ids["wangwu"], mandate_id)
    assert await stage.mandates.resign(stage.ids["zhangsan"], mandate_id)
    assert stage.state(mandate_id) == "revoked"


async def test_an_administrator_manages_agents_but_no_administrators_and_not_themselves(stage: Stage) -> None:
    firm = await stage.bound()
    own = await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR)
    other = await stage.agent("zhaoliu", firm, role=Role.ADMINISTRATOR)
    agent = await stage.agent("wangwu", firm, by="zhangsan")
    with pytest.raises(MandateRefused, match=MandateRefusalReason.NOT_YOURS):
        await stage.mandates.invite(
            stage.ids["zhangsan"], firm, stage.invitation("wangwu", role=Role.ADMINISTRATOR)
        )
    for mandate_id in (own, other):
        for change in (stage.mandates.suspend, stage.mandates.revoke, stage.mandates.renew):
            assert not await change(stage.ids["zhangsan"], mandate_id)
    assert await stage.mandates.suspend(stage.ids["zhangsan"], agent)
    assert await stage.mandates.revoke(stage.ids["zhangsan"], agent)


async def test_an_administrator_grants_within_the_own_scope_and_dates_only(stage: Stage) -> None:
    firm = await stage.bound()
    until = stage.clock.now + 30 * DAY
    scope = Scope(("portal", "credit"), (), until)
    await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR, scope=scope)
    with pytest.raises(MandateRefused, match=MandateRefusalReason.SCOPE):
        await stage.mandates.invite(
            stage.ids["zhangsan"], firm, stage.invitation("wangwu", scope=Scope(("tax",)))
        )
    with pytest.raises(MandateRefused, match=MandateRefusalReason.DATES):
        await stage.mandates.invite(
            stage.ids["zhangsan"], firm, stage.invitation("wangwu", scope=Scope((), (), until + 1))
        )
    await stage.agent("wangwu", firm, by="zhangsan", scope=Scope(("credit",)))
    await stage.agent("zhaoliu", firm, by="zhangsan")
    [one] = await stage.mandates.principals(stage.ids["wangwu"])
    assert (one.systems, one.valid_until) == (("credit",), until)
    [two] = await stage.mandates.principals(stage.ids["zhaoliu"])
    assert two.systems == ("portal", "credit")


async def test_with_an_administrator_go_the_invitations_nobody_took_up(stage: Stage) -> None:
    firm = await stage.bound()
    own = await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR)
    invited = await stage.mandates.invite(stage.ids["zhangsan"], firm, stage.invitation("wangwu"))
    assert await stage.mandates.suspend(stage.ids["lisi"], own)
    assert stage.state(invited) == "revoked"
    assert not await stage.mandates.accept(stage.ids["wangwu"], invited)


async def test_a_mandate_ends_by_itself(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.agent("zhangsan", firm, scope=Scope((), (), stage.clock.now + DAY))
    stage.clock.forward(DAY)
    assert await stage.represented("zhangsan") == []
    counts = await asyncio.gather(*(stage.mandates.expire_due() for _ in range(4)))
    assert sum(counts) == 1
    assert stage.state(mandate_id) == "expired"
    assert len(await stage.events("mandate.expired")) == 1


async def test_an_organisation_as_agent_lets_its_people_act_and_they_end_with_it(stage: Stage) -> None:
    firm = await stage.bound()
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    until = stage.clock.now + 30 * DAY
    held = await stage.mandates.invite(
        stage.ids["lisi"],
        firm,
        stage.invitation("zhangsan", code=OTHER_CODE, scope=Scope(("tax",), (), until)),
    )
    assert not await stage.mandates.accept(stage.ids["wangwu"], held)
    assert await stage.mandates.accept(stage.ids["zhangsan"], held)
    assert await stage.represented("zhangsan") == [OTHER_NAME, NAME]
    passed_on = await stage.mandates.pass_on(stage.ids["zhangsan"], held, other, stage.invitation("wangwu"))
    assert await stage.mandates.accept(stage.ids["wangwu"], passed_on)
    [principal] = await stage.mandates.principals(stage.ids["wangwu"])
    assert (principal.id, principal.systems, principal.valid_until) == (firm, ("tax",), until)
    with pytest.raises(MandateRefused, match=MandateRefusalReason.SCOPE):
        await stage.mandates.pass_on(
            stage.ids["zhangsan"], held, other, stage.invitation("zhaoliu", scope=Scope(("credit",)))
        )
    assert await stage.mandates.suspend(stage.ids["lisi"], held)
    assert await stage.represented("wangwu") == []
    assert await stage.mandates.resume(stage.ids["lisi"], held)
    assert await stage.represented("wangwu") == [NAME]
    assert await stage.mandates.revoke(stage.ids["lisi"], held)
    assert await stage.represented("wangwu") == []
    assert stage.state(passed_on) == "revoked"
    assert await stage.represented("zhangsan") == [OTHER_NAME]


async def test_what_was_passed_on_cannot_be_passed_on_again(stage: Stage) -> None:
    firm = await stage.bound()
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    held = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan", code=OTHER_CODE))
    assert await stage.mandates.accept(stage.ids["zhangsan"], held)
    with pytest.raises(MandateRefused, match=MandateRefusalReason.NOT_YOURS):
        await stage.mandates.pass_on(
            stage.ids["zhangsan"], held, other, stage.invitation("zhangsan", code=CODE)
        )
    [mine] = [one for one in await stage.mandates.principals(stage.ids["zhangsan"]) if one.id == firm]
    with pytest.raises(MandateRefused, match=MandateRefusalReason.NOT_YOURS):
        await stage.mandates.pass_on(
            stage.ids["zhangsan"], mine.mandate_id, other, stage.invitation("wangwu")
        )


async def test_two_organisations_may_act_for_each_other_and_end_apart(stage: Stage) -> None:
    firm = await stage.bound()
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    there = await stage.mandates.invite(
        stage.ids["lisi"], firm, stage.invitation("zhangsan", code=OTHER_CODE)
    )
    back = await stage.mandates.invite(stage.ids["zhangsan"], other, stage.invitation("lisi", code=CODE))
    assert await stage.mandates.accept(stage.ids["zhangsan"], there)
    assert await stage.mandates.accept(stage.ids["lisi"], back)
    assert await stage.represented("lisi") == [OTHER_NAME, NAME]
    assert await stage.mandates.revoke(stage.ids["lisi"], there)
    assert stage.state(back) == "active"
    assert await stage.represented("zhangsan") == [OTHER_NAME]


async def test_nobody_is_their_own_agent(small_stage: Stage) -> None:
    firm = await small_stage.bound()
    for invitation in (small_stage.invitation("lisi"), small_stage.invitation("lisi", code=CODE)):
        with pytest.raises(MandateRefused, match=MandateRefusalReason.OWN):
            await small_stage.mandates.invite(small_stage.ids["lisi"], firm, invitation)


async def test_the_record_names_who_did_it_and_for_whom(stage: Stage) -> None:
    firm = await stage.bound()
    mandate_id = await stage.agent("zhangsan", firm)
    await stage.mandates.revoke(stage.ids["lisi"], mandate_id)
    assert await stage.events("mandate.invited") == [("mandate.invited", stage.ids["lisi"], firm)]
    assert await stage.events("mandate.revoked") == [("mandate.revoked", stage.ids["lisi"], firm)]
    assert ("mandate.accepted", stage.ids["zhangsan"], firm) in await stage.events("mandate.accepted")


async def test_too_many_invitations_to_one_phone_are_refused(small_stage: Stage) -> None:
    firm = await small_stage.bound()
    for _ in range(5):
        await small_stage.mandates.invite(small_stage.ids["lisi"], firm, small_stage.invitation("zhangsan"))
    with pytest.raises(MandateRefused, match=MandateRefusalReason.TOO_OFTEN):
        await small_stage.mandates.invite(small_stage.ids["lisi"], firm, small_stage.invitation("zhangsan"))
    await small_stage.mandates.invite(small_stage.ids["lisi"], firm, small_stage.invitation("wangwu"))


async def test_a_renewed_mandate_is_as_long_as_it_was_however_often(stage: Stage) -> None:
    firm = await stage.bound()
    scope = Scope(valid_until=stage.clock.now + 30 * DAY)
    mandate_id = await stage.agent("zhangsan", firm, scope=scope)
    for _ in range(3):
        stage.clock.forward(29 * DAY)
        assert await stage.mandates.renew(stage.ids["lisi"], mandate_id)
        [principal] = await stage.mandates.principals(stage.ids["zhangsan"])
        assert principal.valid_until == stage.clock.now + 30 * DAY


async def test_what_was_passed_on_is_renewed_up_to_the_end_of_what_it_rests_on(stage: Stage) -> None:
    firm = await stage.bound()
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    scope = Scope(valid_until=stage.clock.now + 10 * DAY)
    held = await stage.mandates.invite(
        stage.ids["lisi"], firm, stage.invitation("zhangsan", code=OTHER_CODE, scope=scope)
    )
    assert await stage.mandates.accept(stage.ids["zhangsan"], held)
    passed_on = await stage.mandates.pass_on(stage.ids["zhangsan"], held, other, stage.invitation("wangwu"))
    assert await stage.mandates.accept(stage.ids["wangwu"], passed_on)
    stage.clock.forward(8 * DAY)
    assert await stage.mandates.renew(stage.ids["lisi"], held)
    end = stage.clock.now + 10 * DAY
    stage.clock.forward(3600)
    assert await stage.mandates.renew(stage.ids["zhangsan"], passed_on)
    [principal] = await stage.mandates.principals(stage.ids["wangwu"])
    assert principal.valid_until == end
