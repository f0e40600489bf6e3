"""Mandates of people: helpers, guardians, the counter, on both databases."""

import asyncio
from datetime import date, datetime, timedelta, timezone

import pytest

from idp.organizations.guardians import comes_of_age
from idp.organizations.model import COUNTER_SECONDS, DAY, MandateRefusalReason, MandateRefused, Scope
from tests.organizations.conftest import Stage

pytestmark = pytest.mark.anyio

CHILD = ("赵小宝", "111", "410411201506010010")


async def helper(stage: Stage) -> str:
    """lisi lets zhangsan help."""
    mandate_id = await stage.mandates.invite_helper(stage.ids["lisi"], stage.invitation("zhangsan"))
    assert await stage.mandates.accept(stage.ids["zhangsan"], mandate_id)
    return mandate_id


async def test_a_helper_acts_for_ninety_days_unless_renewed_by_the_one_who_is_helped(stage: Stage) -> None:
    mandate_id = await helper(stage)
    [principal] = await stage.mandates.principals(stage.ids["zhangsan"])
    assert (principal.kind, principal.id, principal.number) == ("person", stage.ids["lisi"], None)
    stage.clock.forward(60 * DAY)
    assert not await stage.mandates.renew(stage.ids["zhangsan"], mandate_id)
    assert await stage.mandates.renew(stage.ids["lisi"], mandate_id)
    [(_, actor, _)] = await stage.events("mandate.renewed")
    assert actor == stage.ids["lisi"]
    stage.clock.forward(60 * DAY)
    assert await stage.represented("zhangsan") == ["李四"]
    stage.clock.forward(30 * DAY)
    assert await stage.represented("zhangsan") == []
    assert not await stage.mandates.renew(stage.ids["lisi"], mandate_id)


async def test_who_is_not_known_invites_nobody(small_stage: Stage) -> None:
    stranger = await small_stage.house.open_account("stranger", level=0)
    with pytest.raises(MandateRefused, match=MandateRefusalReason.LEVEL):
        await small_stage.mandates.invite_helper(stranger, small_stage.invitation("zhangsan"))


async def test_a_helper_is_not_for_ever(small_stage: Stage) -> None:
    far = small_stage.invitation("zhangsan", scope=Scope((), (), small_stage.clock.now + 5000 * DAY))
    with pytest.raises(MandateRefused, match=MandateRefusalReason.DATES):
        await small_stage.mandates.invite_helper(small_stage.ids["lisi"], far)


async def test_nobody_helps_themselves(small_stage: Stage) -> None:
    with pytest.raises(MandateRefused, match=MandateRefusalReason.OWN):
        await small_stage.mandates.invite_helper(small_stage.ids["lisi"], small_stage.invitation("lisi"))


async def test_staff_act_for_half_an_hour_and_the_applicant_may_end_it(stage: Stage) -> None:
    mandate_id = await stage.mandates.begin_counter(stage.ids["lisi"], stage.ids["zhangsan"], "code")
    assert mandate_id is not None
    assert await stage.represented("zhangsan") == ["李四"]
    assert not await stage.mandates.renew(stage.ids["zhangsan"], mandate_id)
    assert not await stage.mandates.renew(stage.ids["lisi"], mandate_id)
    assert await stage.mandates.revoke(stage.ids["lisi"], mandate_id)
    assert await stage.represented("zhangsan") == []
    assert await stage.mandates.begin_counter(stage.ids["lisi"], stage.ids["zhangsan"]) is not None
    stage.clock.forward(COUNTER_SECONDS)
    assert await stage.represented("zhangsan") == []
    assert await stage.mandates.begin_counter(stage.ids["lisi"], stage.ids["lisi"]) is None


async def test_a_child_is_registered_once_however_many_try(stage: Stage) -> None:
    async def register(who: str) -> bool:
        try:
            await stage.house.worker.guardians.register_minor(stage.ids[who], *CHILD)
        except MandateRefused:
            return False
        return True

    answers = await asyncio.gather(*(register(who) for who in ("lisi", "zhangsan", "lisi", "wangwu")))
    assert answers.count(True) == 1
    assert len(stage.rows("SELECT id FROM accounts WHERE name = '赵小宝'")) == 1
    [row] = stage.rows("SELECT * FROM mandates")
    assert (row["relation"], row["valid_until"]) == ("guardian", comes_of_age(date(2015, 6, 1)))


async def test_a_child_is_no_door_into_an_account(stage: Stage) -> None:
    await stage.house.worker.guardians.register_minor(stage.ids["lisi"], *CHILD)
    [row] = stage.rows("SELECT password_hash, phone, real_name_level FROM accounts WHERE name = '赵小宝'")
    assert (row["password_hash"], row["phone"], row["real_name_level"]) == ("", None, 1)


async def test_no_adult_and_nobody_unknown_is_registered_as_a_child(small_stage: Stage) -> None:
    guardians = small_stage.house.worker.guardians
    for child, reason in (
        (("王五", "111", "410411198505059993"), MandateRefusalReason.NOT_A_MINOR),
        (("没有", "111", CHILD[2]), MandateRefusalReason.NOT_CONFIRMED),
        (("赵小宝", "111", "410411201506010011"), MandateRefusalReason.CERTIFICATE),
        (("赵小宝", "414", "E00000001"), MandateRefusalReason.CERTIFICATE),
        (("", "111", CHILD[2]), MandateRefusalReason.NAME),
    ):
        with pytest.raises(MandateRefused, match=reason):
            await guardians.register_minor(small_stage.ids["zhangsan"], *child)
    assert small_stage.rows("SELECT id FROM mandates") == []


async def test_a_child_cannot_send_the_guardian_away_but_the_guardian_may_go(stage: Stage) -> None:
    mandate_id = await stage.house.worker.guardians.register_minor(stage.ids["lisi"], *CHILD)
    [row] = stage.rows("SELECT principal_account_id FROM mandates")
    assert not await stage.mandates.revoke(row["principal_account_id"], mandate_id)
    assert await stage.mandates.resign(stage.ids["lisi"], mandate_id)


@pytest.mark.parametrize(
    ("born", "of_age"),
    [(date(2008, 2, 29), "2026-03-01"), (date(2010, 6, 1), "2028-06-01"), (date(2010, 12, 31), "2028-12-31")],
)
def test_somebody_comes_of_age_at_midnight_in_china(born: date, of_age: str) -> None:
    local = datetime.fromtimestamp(comes_of_age(born), timezone(timedelta(hours=8)))
    assert local.isoformat() == f"{of_age}T00:00:00+08:00"
