"""A platform that knows no more than name and number, before an account of somebody who was seen.

By the pages, on both databases: its word lets nobody into the stronger account, and takes nothing from it.
"""

import html
import re

import pytest

from tests.attacks.scene import Scene, Victim, field
from tests.federation.trial import came
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import PASSWORD
from tests.support.messages import messages_to
from tests.support.visits import page, visitor

pytestmark = pytest.mark.anyio
KNOWS = "2"
"""The level of a platform that asked for name, number and a phone: enough to find an account, by the settings."""


def thief_of(victim: Victim) -> dict[str, str]:
    """An account at the platform that somebody opened with the victim's name and number."""
    return {**victim.upstream, "id": f"thief-{victim.number}", "level": KNOWS}


async def asked(scene: Scene, victim: Victim, someone: Browserless) -> Page:
    shown = page(await came(someone, scene.platform, thief_of(victim)))
    assert await scene.session(someone) is None
    assert "它的实名等级比" in shown.text
    read = re.sub(
        r'value="[^"]*"|href="[^"]*"', "", shown.text
    )  # what is drawn by lot may hold any four digits
    for secret in (victim.phone[-4:], victim.number[-4:], victim.username):
        assert secret not in read
    return shown


@pytest.mark.parametrize("level", [3, 4])
async def test_its_word_lets_nobody_in_and_takes_nothing(scene: Scene, level: int) -> None:
    victim = await scene.victim(level=level)
    before = await victim.row()
    async with visitor(scene.house, "203.0.113.66") as thief:
        for decision in ("join", "apart"):
            shown = await asked(scene, victim, thief)
            await thief.submit(field(shown, "ticket"), decision=decision)
            got = await scene.session(thief)
            assert got is None or (got["account"] != victim.id and got["level"] == 0), decision
        for _ in range(2):  # nor does it later, by the account of their own
            await thief.log_out("/end_session")
            await came(thief, scene.platform, thief_of(victim))
            got = await scene.session(thief)
            assert got is None or (got["account"] != victim.id and got["level"] == 0)
    assert await victim.row() == before
    query = f"SELECT id FROM upstream_identities WHERE account_id = '{victim.id}'"  # noqa: S608
    assert await scene.rows(query) == []


async def test_the_owner_shows_that_it_is_theirs_and_keeps_everything(scene: Scene) -> None:
    victim = await scene.victim(level=4)
    before = await victim.row()
    async with visitor(scene.house) as owner:
        shown = await asked(scene, victim, owner)
        there = re.search(r'href="(/login[?][^"]*)"', shown.text)
        assert there is not None
        form = field(page(await owner.open(html.unescape(there[1]))), "password")
        shown = page(await owner.submit(form, username=victim.username, password=PASSWORD))
        assert "登录方式都不变" in shown.text
        await owner.submit(field(shown, "ticket"), decision="join")
        assert (await scene.session(owner) or {})["account"] == victim.id
    after = await victim.row()
    for name in ("password_hash", "phone_index", "phone_verified_at", "real_name_level", "certificate_index"):
        assert after[name] == before[name], name
    assert any("关联" in text for text in await messages_to(scene.house, victim.phone))
    async with visitor(scene.house) as again:
        await came(again, scene.platform, thief_of(victim))
        assert (await scene.session(again) or {})["account"] == victim.id


async def test_who_was_seen_there_and_here_is_one_person(scene: Scene) -> None:
    """A platform's word of somebody who was there (3) is no weaker than that for an account of the counter (4)."""
    victim = await scene.victim(level=4)
    async with visitor(scene.house) as owner:
        await came(owner, scene.platform, victim.upstream)
        assert (await scene.session(owner) or {})["account"] == victim.id
