"""A stolen device that is trusted: it spares the second factor beside the password, and beside nothing else."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pyotp
import pytest

from idp.organizations.roles import RoleName
from tests.attacks.scene import (
    STRONG,
    Scene,
    Victim,
    answer_otp,
    by_password,
    by_sms,
    field,
    form_to,
    is_asked_for_otp,
)
from tests.federation.trial import came
from tests.support.browserless import Browserless, Form, Page
from tests.support.qr_login import begin, decide, scan
from tests.support.visits import SESSION_COOKIE, asking, page, signed_in, tokens, visitor

pytestmark = pytest.mark.anyio
DEVICE = "__Host-zhanhe-device"
SCHEME = "urn:zhanhe:acr:level:"
Way = Callable[[Scene, Victim, Browserless], Awaitable[Page]]


async def trusted(scene: Scene, place: AsyncExitStack) -> tuple[Victim, Browserless, pyotp.TOTP]:
    """Somebody trusts the device in their hands, by the pages, and logs out of it; their platform is linked."""
    victim = await scene.victim()
    async with visitor(scene.house) as elsewhere:
        await came(elsewhere, scene.platform, victim.upstream)
    totp = await victim.totp()
    device = await place.enter_async_context(visitor(scene.house))
    await by_password(device, victim.username)
    await answer_otp(scene, device, totp, trust="yes")
    assert (await scene.session(device) or {})["amr"] == STRONG
    await device.log_out("/end_session")
    scene.house.clock.forward(60)
    return victim, device, totp


async def by_phone(scene: Scene, victim: Victim, thief: Browserless) -> Page:
    return await by_sms(scene, thief, victim.phone)


async def by_platform(scene: Scene, victim: Victim, thief: Browserless) -> Page:
    return page(await came(thief, scene.platform, victim.upstream))


def by_picture_of(*amr: str) -> Way:
    async def by_picture(scene: Scene, victim: Victim, thief: Browserless) -> Page:
        qr_id, number = await begin(thief)
        async with signed_in(scene.house, victim.username, amr) as phone:
            await decide(phone, await scan(phone, qr_id), str(number))
            return page(await thief.open("/login/qr"))

    return by_picture


WEAK: dict[str, Way] = {
    "phone": by_phone,
    "platform": by_platform,
    "picture by a login of the phone": by_picture_of("sms"),
    "picture by a login of the platform": by_picture_of("upstream"),
    "picture by a login of the password": by_picture_of("pwd"),
}


@pytest.mark.parametrize("way", WEAK)
async def test_beside_anything_but_the_password_the_second_factor_is_asked_for(
    scene: Scene, way: str
) -> None:
    async with AsyncExitStack() as place:
        victim, device, totp = await trusted(scene, place)
        shown = await WEAK[way](scene, victim, device)
        assert is_asked_for_otp(shown), shown.text
        assert SESSION_COOKIE not in device.client.cookies
        # Nor is it enough to go round the question.
        for path in ("/", "/me/profile", "/authorize/resume", "/login/known"):
            await device.open(path)
        assert SESSION_COOKIE not in device.client.cookies
        await answer_otp(scene, device, totp)
        assert (await scene.session(device) or {})["account"] == victim.id


async def test_what_the_password_opens_on_it_stays_below_what_two_factors_open(scene: Scene) -> None:
    client, secret = await scene.house.register(scope="openid account account.write account.security")
    async with AsyncExitStack() as place:
        victim, device, _ = await trusted(scene, place)
        shown = await by_password(device, victim.username)
        assert not is_asked_for_otp(shown)
        assert await scene.session(device) == {"account": victim.id, "amr": ("pwd",), "level": 2}
        for path in ("password", "totp", "passkey"):
            assert is_asked_for_otp(page(await device.open(f"/me/security/{path}"))), path
        for path in ("choices", "recovery-codes"):
            form = form_to(page(await device.open("/me/security")), path)
            assert is_asked_for_otp(page(await device.submit(form))), path
        asked = page(await device.open(asking(client, scope="openid account.security")))
        assert is_asked_for_otp(asked)
        asked = page(await device.open(asking(client, acr_values=f"{SCHEME}3")))
        assert is_asked_for_otp(asked)
        got = await tokens(scene.house, client, secret, device, scope="openid account")
        assert got["scope"] == "openid account"


async def test_the_cookie_of_the_device_alone_is_worth_nothing(scene: Scene) -> None:
    async with AsyncExitStack() as place:
        victim, device, _ = await trusted(scene, place)
        other = await scene.victim()
        await other.totp()
        thief = await place.enter_async_context(visitor(scene.house, "203.0.113.66"))
        cookie = device.client.cookies[DEVICE]
        thief.client.cookies.set(DEVICE, cookie, domain="id.test", path="/")
        assert is_asked_for_otp(await by_sms(scene, thief, victim.phone))
        thief.client.cookies.set(DEVICE, cookie, domain="id.test", path="/")
        assert is_asked_for_otp(await by_password(thief, other.username))  # another's device is none


async def test_what_is_promised_to_staff_and_to_the_careful_ends_a_trust_that_was_given(scene: Scene) -> None:
    async with AsyncExitStack() as place:
        victim, device, totp = await trusted(scene, place)
        await scene.house.worker.roles.grant(victim.id, RoleName.COUNTER, "410411", "test")
        assert is_asked_for_otp(await by_password(device, victim.username))
        # A tick that no page offers gives no trust either.
        await answer_otp(scene, device, totp, trust="yes")
        await device.log_out("/end_session")
        await scene.house.worker.roles.withdraw(victim.id, RoleName.COUNTER, "410411", "test")
        scene.house.clock.forward(60)
        async with signed_in(scene.house, victim.username, STRONG) as owner:
            form = form_to(page(await owner.open("/me/security")), "/choices")
            await owner.submit(form, always="yes")
            row = await victim.row()
            assert "always" in (row["login_choices"] or ""), row["login_choices"]
        assert is_asked_for_otp(await by_password(device, victim.username))


@pytest.mark.parametrize("weak", ["phone", "platform"])
async def test_no_weak_login_gives_trust_without_the_factor(scene: Scene, weak: str) -> None:
    async with AsyncExitStack() as place:
        victim = await scene.victim()
        async with visitor(scene.house) as elsewhere:
            await came(elsewhere, scene.platform, victim.upstream)
        await victim.totp()
        thief = await place.enter_async_context(visitor(scene.house, "203.0.113.66"))
        shown = await WEAK[weak](scene, victim, thief)
        form = field(shown, "otp")
        forged = Form(form.action, "POST", {**form.fields, "trust": "yes"})
        await thief.submit(forged, otp="000000")
        assert is_asked_for_otp(await by_password(thief, victim.username))
        query = f"SELECT id FROM devices WHERE account_id = '{victim.id}' AND trusted_until IS NOT NULL"  # noqa: S608
        assert await scene.rows(query) == []
