"""A thief stands half-way in when the owner shuts the door: whatever they had shown before counts no more.

The owner acts on the pages, from another browser; the thief goes on from the page on which they stood.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.attacks.scene import STRONG, Scene, Victim, by_password, by_sms, field, new_phone
from tests.federation.trial import came
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import PASSWORD
from tests.support.messages import last_code
from tests.support.passkey_forms import asked as passkey_asked
from tests.support.passkey_forms import authenticator, made
from tests.support.qr_login import begin, decide, scan
from tests.support.visits import SESSION_COOKIE, code_for, page, redeem, signed_in, visitor

pytestmark = pytest.mark.anyio
NEW = "kestrel-44-lantern"
ROUNDS = 8
Step = Callable[[], Awaitable[object]]
Start = Callable[[Scene, Victim, Browserless], Awaitable[Step]]


def half_way(first: Callable[[Scene, Victim, Browserless], Awaitable[Page]]) -> Start:
    """The first factor was right, the second one is asked for and known to the thief."""

    async def start(scene: Scene, victim: Victim, thief: Browserless) -> Step:
        totp = await victim.totp()
        form = field(await first(scene, victim, thief), "otp")
        return lambda: thief.submit(form, otp=totp.at(int(scene.house.clock.now)), trust="yes")

    return start


async def _password(scene: Scene, victim: Victim, thief: Browserless) -> Page:
    return await by_password(thief, victim.username)


async def _code(scene: Scene, victim: Victim, thief: Browserless) -> Page:
    return await by_sms(scene, thief, victim.phone)


async def _platform(scene: Scene, victim: Victim, thief: Browserless) -> Page:
    return page(await came(thief, scene.platform, victim.upstream))


async def _session(scene: Scene, victim: Victim, thief: Browserless) -> Page:
    async with signed_in(scene.house, victim.username) as opened:
        thief.client.cookies.update(opened.client.cookies)
    return page(await thief.open("/me/security/passkey"))


async def picture(scene: Scene, victim: Victim, thief: Browserless) -> Step:
    qr_id, number = await begin(thief)
    async with signed_in(scene.house, victim.username) as phone:
        await decide(phone, await scan(phone, qr_id), str(number))
    return lambda: thief.open("/login/qr")


async def passkey(scene: Scene, victim: Victim, thief: Browserless) -> Step:
    """The passkey is the thief's own, added in a stolen session; the owner takes it away."""
    key = authenticator()
    async with signed_in(scene.house, victim.username) as stolen:
        assert (await made(stolen, key, label="备用")).status_code == 303
    form, options = await passkey_asked(thief, "/login/passkey")
    data = {**form.fields, "credential": key.get(options)}
    return lambda: thief.client.post("/login/passkey", data=data)


async def recovery(scene: Scene, victim: Victim, thief: Browserless) -> Step:
    """The code to the phone was right, and what else is asked for is known."""
    form = field(page(await thief.open("/recover/password")), "phone")
    form = field(page(await thief.submit(form, phone=victim.phone)), "code")
    form = field(
        page(await thief.submit(form, code=await last_code(scene.house, victim.phone))), "new_password"
    )
    facts = {"name": "张三", "certificate_number": victim.number, "new_password": "thief-55-lantern"}

    async def finish() -> None:
        await thief.submit(form, **facts)
        await by_password(thief, victim.username, "thief-55-lantern")

    return finish


async def system(scene: Scene, victim: Victim, thief: Browserless) -> Step:
    """A code for a system is out; what it is redeemed for is checked by `tokens_of`."""
    client, secret = await scene.house.register()
    async with signed_in(scene.house, victim.username) as stolen:
        text = await code_for(stolen, client)

    async def finish() -> None:
        answer = await redeem(scene.house, client, secret, text)
        assert answer.status_code == 400, answer.text

    return finish


STARTS: dict[str, Start] = {
    "password, then the factor": half_way(_password),
    "code by SMS, then the factor": half_way(_code),
    "platform, then the factor": half_way(_platform),
    "a session, then the factor": half_way(_session),
    "picture": picture,
    "passkey": passkey,
    "recovery": recovery,
    "code of a system": system,
}


async def new_password(scene: Scene, victim: Victim, owner: Browserless) -> None:
    form = field(page(await owner.open("/me/security/password")), "new_password")
    assert page(await owner.submit(form, password=PASSWORD, new_password=NEW)).status == 200


async def all_out(scene: Scene, victim: Victim, owner: Browserless) -> None:
    csrf = field(page(await owner.open("/me/security")), "csrf").fields["csrf"]
    form = Form("https://id.test/me/sessions/end-others", "POST", {"csrf": csrf})
    assert "others" in page(await owner.submit(form)).url


async def another_phone(scene: Scene, victim: Victim, owner: Browserless) -> None:
    phone = new_phone()
    form = field(page(await owner.open("/me/profile/phone")), "phone")
    form = field(page(await owner.submit(form, phone=phone)), "code")
    assert "done=phone" in page(await owner.submit(form, code=await last_code(scene.house, phone))).url


async def no_more_factor(scene: Scene, victim: Victim, owner: Browserless) -> None:
    """Whatever factor there is goes, where there is one; else another one comes."""
    shown = page(await owner.open("/me/security"))
    if (
        any("/me/security/remove" in form.action for form in shown.forms)
        or "/me/security/remove?" in shown.text
    ):
        path = shown.text.split("/me/security/remove?")[1].split('"')[0].replace("&amp;", "&")
        form = field(page(await owner.open(f"/me/security/remove?{path}")), "csrf")
        await owner.submit(form)
        return
    assert (await made(owner, authenticator(), label="新的")).status_code == 303


ACTS = {each.__name__: each for each in (new_password, all_out, another_phone, no_more_factor)}
OF_ITSELF = {
    ("code of a system", "another_phone"),
    ("code of a system", "no_more_factor"),
    *(("passkey", act) for act in ("new_password", "all_out", "another_phone")),
}
"""A system that is in stays in, as its session does. A passkey is one step: after the act it is a login of its own."""


@pytest.mark.parametrize("start", STARTS)
async def test_whoever_stands_half_way_in_when_the_owner_acts_gets_no_further(
    scene: Scene, start: str
) -> None:
    for act, done in ACTS.items():
        if (start, act) in OF_ITSELF:
            continue
        victim = await scene.victim()
        async with AsyncExitStack() as place:
            thief = await place.enter_async_context(visitor(scene.house, "203.0.113.66"))
            if start == "platform, then the factor":
                async with visitor(scene.house) as elsewhere:
                    await came(elsewhere, scene.platform, victim.upstream)
            go_on = await STARTS[start](scene, victim, thief)
            owner = await place.enter_async_context(signed_in(scene.house, victim.username, STRONG))
            await done(scene, victim, owner)
            await go_on()
            got = await scene.session(thief)
            weak = got is None or (start == "a session, then the factor" and "mfa" not in got["amr"])
            assert weak, (start, act, got)
            query = f"SELECT id FROM devices WHERE account_id = '{victim.id}' AND trusted_until IS NOT NULL"  # noqa: S608
            assert await scene.rows(query) == [], (start, act)


async def test_in_parallel_no_login_by_the_old_password_is_left(scene: Scene) -> None:
    """Three thieves and the owner at once, as the page of the password lets it happen."""
    for number in range(ROUNDS):
        victim = await scene.victim()
        async with AsyncExitStack() as place:
            owner = await place.enter_async_context(signed_in(scene.house, victim.username, STRONG))
            form = field(page(await owner.open("/me/security/password")), "new_password")
            thieves = [
                await place.enter_async_context(visitor(scene.house, f"203.0.113.{n}")) for n in range(3)
            ]
            forms = [field(page(await each.open("/login")), "password") for each in thieves]
            logins = [
                each.submit(filled, username=victim.username, password=PASSWORD)
                for each, filled in zip(thieves, forms, strict=True)
            ]
            change = owner.submit(form, password=PASSWORD, new_password=f"{NEW}-{number}")
            await asyncio.gather(*logins[: number % 4], change, *logins[number % 4 :])
            assert (await victim.row())["password_hash"]
            assert [await scene.session(each) for each in thieves] == [None] * 3, number
            assert SESSION_COOKIE in owner.client.cookies
