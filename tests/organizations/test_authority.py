"""Nobody gives, restores or lengthens more than they hold, nor undoes what somebody above them did: on both databases.

Every act is tried by everybody who manages, about every kind of mandate, however it came to rest. What must come of
it is said here by a table of its own (`allowed`), not by the code that is judged.
"""

import asyncio
import html
import re
from dataclasses import dataclass

import pytest

from idp.organizations.model import DAY, MandateRefused, Relation, Role, Scope
from idp.organizations.store import mandate_of
from tests.organizations.conftest import CODE, OTHER_CODE, OTHER_NAME, Stage
from tests.support import raw_sql
from tests.support.visits import page, signed_in

pytestmark = pytest.mark.anyio

ACTORS: dict[str, Scope | None] = {
    "representative": None,
    "administrator of all": Scope(),
    "administrator of tax": Scope(("tax",)),
    "administrator of one item": Scope(("tax",), ("A1",)),
    "administrator for a month": Scope((), (), 30 * DAY),
}
"""Who decides, and what they hold (dates in seconds from now)."""
RANKS = ("agent", "limited", "administrator of all", "representative")
RANK = {
    "representative": 3,
    "administrator of all": 2,
    "administrator for a month": 2,
    "administrator of tax": 1,
    "administrator of one item": 1,
}
TARGETS = {
    "all": Scope((), (), 20 * DAY),
    "tax": Scope(("tax",), (), 20 * DAY),
    "item": Scope(("tax",), ("A1",), 20 * DAY),
    "other": Scope(("credit",), (), 20 * DAY),
    "both": Scope(("tax", "credit"), ("A1",), 20 * DAY),
    "long": Scope(("tax",), ("A1",), 60 * DAY),
    "endless": Scope(("tax",), ("A1",), None),
}
ACTS = ("suspend", "resume", "revoke", "renew")
RESTS_BY = ("limited", "administrator of all", "representative", "changed", "unknown")


@dataclass(frozen=True)
class Case:
    """One act about one mandate."""

    act: str
    target: str
    rests_by: str = ""


CASES = [
    *(Case(act, target) for act in ("suspend", "revoke", "renew") for target in TARGETS),
    *(Case(act, target, by) for act in ("resume", "revoke") for target in TARGETS for by in RESTS_BY),
]


def holds(actor: str, target: Scope, *, dates: bool) -> bool:
    """Whether somebody holds all that a mandate gives."""
    own = ACTORS[actor]
    if own is None:
        return True
    systems = not own.systems or (bool(target.systems) and set(target.systems) <= set(own.systems))
    items = not own.items or (bool(target.items) and set(target.items) <= set(own.items))
    ends = own.valid_until is None or (
        target.valid_until is not None and target.valid_until <= own.valid_until
    )
    return systems and items and (ends or not dates)


def allowed(actor: str, case: Case) -> bool:
    """Whether an act must come to something."""
    target = TARGETS[case.target]
    if case.act == "renew" and target.valid_until is None:
        return False
    if case.rests_by:
        above = RANKS.index(case.rests_by) if case.rests_by in RANKS else RANKS.index("representative")
        if RANK[actor] < above:
            return False
    # To renew something to one's own end is not to lengthen it beyond, unless that is earlier than it ends anyway.
    return holds(actor, target, dates=case.act in ("resume", "renew"))


async def managers(stage: Stage, firm: str) -> dict[str, str]:
    """The account of each actor: the administrators are rows beside each other, by the names of the table."""
    accounts = {"representative": stage.ids["lisi"], "administrator of all": stage.ids["zhangsan"]}
    own = await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR)
    assert own
    for number, (actor, scope) in enumerate(ACTORS.items()):
        if scope is None or actor in accounts:
            continue
        accounts[actor] = f"manager-{number}"
        copy_row(stage, "accounts", stage.ids["zhangsan"], id=accounts[actor], username=f"manager{number}")
        until = scope.valid_until and stage.clock.now + scope.valid_until
        copy_row(
            stage, "mandates", own, id=f"mandate-{number}", agent_account_id=accounts[actor],
            systems=" ".join(scope.systems), items=" ".join(scope.items), valid_until=until,
        )  # fmt: skip
    return accounts


def copy_row(stage: Stage, table: str, row_id: str, **other: object) -> None:
    """A row as it stands, with other values in some columns; unique ones are left empty."""
    [row] = stage.rows(f"SELECT * FROM {table} WHERE id = '{row_id}'")  # noqa: S608
    unique = ("certificate_index", "phone_index", "phone")
    names = [name for name in row if name not in (*other, *unique)]
    values = [*names, *(_quoted(value) for value in other.values())]
    columns = ", ".join([*names, *other])
    statement = (
        f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)} FROM {table} WHERE id = '{row_id}'"  # noqa: S608
    )
    raw_sql.execute(stage.url, statement)


def _quoted(value: object) -> str:
    return "NULL" if value is None else repr(value)


async def rest(stage: Stage, accounts: dict[str, str], mandate_id: str, by: str) -> None:
    """Let a mandate rest by somebody; `changed`, `unknown`: as a change and an older release left it."""
    if by in ("changed", "unknown"):
        reason = "representative changed" if by == "changed" else "suspended"
        change = f"state = 'suspended', end_reason = '{reason}'"
        raw_sql.execute(stage.url, f"UPDATE mandates SET {change} WHERE id = '{mandate_id}'")  # noqa: S608
        return
    actor = "administrator of tax" if by == "limited" else by
    if await stage.mandates.suspend(accounts[actor], mandate_id):
        return
    # What this administrator does not hold, another one of the same rank has.
    change = "state = 'suspended', end_reason = 'suspended', suspended_by_rank = 4"
    raw_sql.execute(stage.url, f"UPDATE mandates SET {change} WHERE id = '{mandate_id}'")  # noqa: S608


@pytest.mark.parametrize("actor", ACTORS)
async def test_every_act_by_everybody_about_every_mandate(stage: Stage, actor: str) -> None:
    firm = await stage.bound()
    accounts = await managers(stage, firm)
    sample = await stage.agent("wangwu", firm)
    wrong = []
    for number, case in enumerate(CASES):
        target, mandate_id = TARGETS[case.target], f"target-{number}"
        until = target.valid_until and stage.clock.now + target.valid_until
        # Given a third of its time ago, so that to renew it would lengthen it.
        since = stage.clock.now - (target.valid_until or 30 * DAY) / 3
        copy_row(
            stage, "mandates", sample, id=mandate_id, valid_from=since, valid_until=until,
            systems=" ".join(target.systems), items=" ".join(target.items),
        )  # fmt: skip
        if case.rests_by:
            await rest(stage, accounts, mandate_id, case.rests_by)
        before = stage.rows(f"SELECT * FROM mandates WHERE id = '{mandate_id}'")  # noqa: S608
        offered = (await stage.mandates.decisions(accounts[actor], map(mandate_of, before)))[mandate_id]
        done = await getattr(stage.mandates, case.act)(accounts[actor], mandate_id)
        [after] = stage.rows(f"SELECT * FROM mandates WHERE id = '{mandate_id}'")  # noqa: S608
        if done != allowed(actor, case) or (not done and [after] != before) or done != (case.act in offered):
            wrong.append((case, done, offered))
        own = ACTORS[actor]
        if done and case.act == "renew" and own is not None and own.valid_until is not None:
            assert after["valid_until"] <= stage.clock.now + own.valid_until
    assert wrong == []


async def test_the_page_of_a_firm_offers_what_will_be_done_and_nothing_else(stage: Stage) -> None:
    firm = await stage.bound()
    await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR, scope=Scope(("tax",)))
    agent = await stage.agent("wangwu", firm, scope=Scope(("tax",), (), stage.clock.now + 20 * DAY))
    for username, acts in {"zhangsan": "renew suspend revoke", "lisi": "renew suspend revoke"}.items():
        assert await offers(stage, username, firm, agent) == set(acts.split())
    assert await stage.mandates.suspend(stage.ids["lisi"], agent)
    for username, acts in {"zhangsan": "", "lisi": "resume revoke"}.items():
        assert await offers(stage, username, firm, agent) == set(acts.split())


async def offers(stage: Stage, username: str, firm: str, mandate_id: str) -> set[str]:
    """What the page of a firm offers somebody to do with a mandate."""
    async with signed_in(stage.house, username) as someone:
        text = html.unescape(page(await someone.open(f"/me/organizations/details?id={firm}")).text)
    return set(re.findall(rf"id={mandate_id}&decision=(\w+)", text))


async def test_who_resumes_leaves_nothing_of_who_had_let_it_rest(stage: Stage) -> None:
    firm = await stage.bound()
    await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR, scope=Scope(("tax",)))
    agent = await stage.agent("wangwu", firm, scope=Scope(("tax",)))
    lisi, zhangsan = stage.ids["lisi"], stage.ids["zhangsan"]
    assert await stage.mandates.suspend(zhangsan, agent)
    assert await stage.mandates.resume(zhangsan, agent)
    assert await stage.mandates.suspend(lisi, agent)
    assert not await stage.mandates.resume(zhangsan, agent)
    assert not await stage.mandates.revoke(zhangsan, agent)
    assert await stage.mandates.resume(lisi, agent)
    assert await stage.mandates.suspend(zhangsan, agent)
    assert await stage.mandates.resume(lisi, agent)  # from above


async def test_an_invitation_is_worth_what_the_inviting_one_holds_when_it_is_taken_up(stage: Stage) -> None:
    firm = await stage.bound()
    own = await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR)
    invited = await stage.mandates.invite(stage.ids["zhangsan"], firm, stage.invitation("wangwu"))
    raw_sql.execute(stage.url, f"UPDATE mandates SET systems = 'tax' WHERE id = '{own}'")  # noqa: S608
    assert not await stage.mandates.accept(stage.ids["wangwu"], invited)
    raw_sql.execute(stage.url, f"UPDATE mandates SET systems = '' WHERE id = '{own}'")  # noqa: S608
    assert await stage.mandates.accept(stage.ids["wangwu"], invited)


async def test_who_loses_the_own_mandate_meanwhile_restores_nothing(stage: Stage) -> None:
    firm = await stage.bound()
    for _ in range(4):
        own = await stage.agent("zhangsan", firm, role=Role.ADMINISTRATOR)
        agent = await stage.agent("wangwu", firm)
        assert await stage.mandates.suspend(stage.ids["zhangsan"], agent)
        resumed, revoked = await asyncio.gather(
            stage.mandates.resume(stage.ids["zhangsan"], agent), stage.mandates.revoke(stage.ids["lisi"], own)
        )
        assert revoked
        assert stage.state(agent) == ("active" if resumed else "suspended")
        assert await stage.mandates.revoke(stage.ids["lisi"], agent)


async def test_an_administrator_passes_on_what_they_may_do_for_their_own_organisation_only(
    stage: Stage,
) -> None:
    firm = await stage.bound()
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    held = await stage.mandates.invite(
        stage.ids["lisi"], firm, stage.invitation("zhangsan", code=OTHER_CODE, scope=Scope(("tax", "credit")))
    )
    assert await stage.mandates.accept(stage.ids["zhangsan"], held)
    await stage.agent("wangwu", other, by="zhangsan", role=Role.ADMINISTRATOR, scope=Scope(("tax",)))
    wangwu, zhaoliu = stage.ids["wangwu"], stage.invitation("zhaoliu", scope=Scope(("credit",)))
    with pytest.raises(MandateRefused):
        await stage.mandates.pass_on(wangwu, held, other, zhaoliu)
    passed_on = await stage.mandates.pass_on(wangwu, held, other, stage.invitation("zhaoliu"))
    assert await stage.mandates.accept(stage.ids["zhaoliu"], passed_on)
    [principal] = await stage.mandates.principals(stage.ids["zhaoliu"])
    assert principal.systems == ("tax",)
    # The organisation for which all this is stands above both of the other one's.
    assert await stage.mandates.suspend(stage.ids["lisi"], passed_on)
    for below in (wangwu, stage.ids["zhangsan"]):
        assert not await stage.mandates.resume(below, passed_on)
    assert await stage.mandates.resume(stage.ids["lisi"], passed_on)
    assert await stage.mandates.suspend(stage.ids["zhangsan"], passed_on)
    assert not await stage.mandates.resume(wangwu, passed_on)
    assert await stage.mandates.resume(stage.ids["zhangsan"], passed_on)


async def test_a_new_representative_of_the_agent_organisation_looks_at_what_it_passed_on(
    stage: Stage,
) -> None:
    firm = await stage.bound()
    other = await stage.organizations.bind(stage.ids["zhangsan"], OTHER_CODE, OTHER_NAME)
    held = await stage.mandates.invite(stage.ids["lisi"], firm, stage.invitation("zhangsan", code=OTHER_CODE))
    assert await stage.mandates.accept(stage.ids["zhangsan"], held)
    passed_on = await stage.mandates.pass_on(stage.ids["zhangsan"], held, other, stage.invitation("wangwu"))
    assert await stage.mandates.accept(stage.ids["wangwu"], passed_on)
    await stage.organizations.set_representative(OTHER_CODE, stage.ids["zhaoliu"], "test")
    assert stage.state(passed_on) == "suspended"
    assert not await stage.mandates.resume(stage.ids["zhangsan"], passed_on)
    assert await stage.mandates.resume(stage.ids["zhaoliu"], passed_on)
    await stage.organizations.set_representative(CODE, stage.ids["wangwu"], "test")
    assert not await stage.mandates.resume(stage.ids["zhaoliu"], passed_on)


async def test_the_register_restores_nothing_but_the_representatives_own(stage: Stage) -> None:
    firm = await stage.bound()
    agent = await stage.agent("wangwu", firm)
    assert await stage.mandates.suspend(stage.ids["lisi"], agent)
    await stage.organizations.bind(stage.ids["lisi"], CODE, "湛河示例科技有限公司")
    assert stage.state(agent) == "suspended"
    [own] = await stage.mandates.principals(stage.ids["lisi"])
    assert own.relation == Relation.LEGAL_REPRESENTATIVE
