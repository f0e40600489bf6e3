"""A thief changes first how the owner is told, then everything else: the owner hears of it where they were reached.

On both databases. What is told by the nearest way alone is told to whoever has the account in their hands.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import idp
from idp.accounts.contacts.former import KEPT_SECONDS
from tests.attacks.scene import STRONG, Scene, Victim, field, new_phone
from tests.federation.trial import came
from tests.selfservice import acts
from tests.selfservice.calling import token_of
from tests.support.browserless import Browserless
from tests.support.inprocess import PASSWORD
from tests.support.messages import last_code, messages_to
from tests.support.visits import account_id, page, person, signed_in, visitor

pytestmark = pytest.mark.anyio
MAIL, THIEFS = "owner@mail.test", "thief@mail.test"
AGENT = "13488880001"
FOR_WHAT_IS_NEW = {"accounts/real_names/binding.py", "counter/approved_requests.py"}
"""Where a phone that has just come to an account is told beside those that it had."""


async def silenced(scene: Scene, victim: Victim, thief: Browserless) -> None:
    """By the pages, in a stolen session: another phone, another mail."""
    phone = new_phone()
    form = field(page(await thief.open("/me/profile/phone")), "phone")
    form = field(page(await thief.submit(form, phone=phone)), "code")
    await thief.submit(form, code=await last_code(scene.house, phone))
    form = field(page(await thief.open("/me/profile/contact")), "email")
    await thief.submit(form, email=THIEFS)


Act = Callable[[Scene, Victim, Browserless, "acts.Actor"], Awaitable[object]]


def by_app(name: str) -> Act:
    """An act of the table of ways in, as an app of the thief's does it."""

    async def act(scene: Scene, victim: Victim, thief: Browserless, actor: acts.Actor) -> None:
        answer = await acts.ACTS[name][0](actor)
        assert answer.status_code < 300, answer.text

    return act


async def no_more_factor(scene: Scene, victim: Victim, thief: Browserless, actor: acts.Actor) -> None:
    query = f"SELECT id FROM authenticators WHERE account_id = '{victim.id}'"  # noqa: S608
    [factor] = await scene.rows(query)
    assert (await actor("DELETE", f"/factors/{factor['id']}")).status_code == 204


async def a_platform(scene: Scene, victim: Victim, thief: Browserless, actor: acts.Actor) -> None:
    async with visitor(scene.house) as someone:
        await came(someone, scene.platform, victim.upstream)


async def a_helper(scene: Scene, victim: Victim, thief: Browserless, actor: acts.Actor) -> None:
    """Somebody of the thief's takes up an invitation to act."""
    await person(scene.house, username="helper", name="李四", phone=AGENT, phone_verified=True)
    answer = await actor("POST", "/mandates/helpers", {"name": "李四", "phone": AGENT})
    assert answer.status_code < 300, answer.text
    helper = await account_id(scene.house, "helper")
    [invited] = await scene.house.worker.mandates.invitations(helper)
    assert await scene.house.worker.mandates.accept(helper, invited.id)


ACTS: dict[str, Act] = {
    **{
        name: by_app(name)
        for name in (
            "set a password",
            "add an authenticator app",
            "make recovery codes",
            "change the phone",
            "change the mail",
            "give the account up",
        )
    },
    "remove a factor": no_more_factor,
    "let a platform in": a_platform,
    "let a helper in": a_helper,
}


@pytest.mark.parametrize("name", ACTS)
async def test_the_owner_hears_of_it_at_the_phone_and_mail_of_before(scene: Scene, name: str) -> None:
    victim = await scene.victim(email=MAIL)
    secret = await scene.house.enrol_totp(victim.username)
    async with signed_in(scene.house, victim.username, STRONG) as thief:
        await silenced(scene, victim, thief)
        before = [len(await messages_to(scene.house, where)) for where in (victim.phone, MAIL)]
        assert all(before)
        scene.house.clock.forward(60)
        actor = acts.Actor(scene.house, victim.username, secret, await token_of(scene.house, thief))
        await ACTS[name](scene, victim, thief, actor)
        after = [len(await messages_to(scene.house, where)) for where in (victim.phone, MAIL)]
        assert [new > old for new, old in zip(after, before, strict=True)] == [True, True], (before, after)


async def test_after_thirty_days_they_are_told_no_more(scene: Scene) -> None:
    victim = await scene.victim(email=MAIL)
    async with signed_in(scene.house, victim.username, STRONG) as thief:
        await silenced(scene, victim, thief)
    scene.house.clock.forward(KEPT_SECONDS + 1)
    before = len(await messages_to(scene.house, victim.phone))
    async with signed_in(scene.house, victim.username, STRONG) as owner:
        form = field(page(await owner.open("/me/security/password")), "new_password")
        await owner.submit(form, password=PASSWORD, new_password="kestrel-44-lantern")
    assert len(await messages_to(scene.house, victim.phone)) == before
    assert await messages_to(scene.house, THIEFS)


def test_news_go_everywhere_but_for_a_phone_that_is_new_in_the_act() -> None:
    house = Path(idp.__file__).parent
    nearest = {
        str(file.relative_to(house))
        for file in house.rglob("*.py")
        if re.search(r"notices\.notice\b", file.read_text("utf-8"))
    }
    assert nearest == FOR_WHAT_IS_NEW
