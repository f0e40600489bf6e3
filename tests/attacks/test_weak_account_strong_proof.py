"""Somebody knows a name and a number and is first: when the owner comes, nothing the squatter has speaks for them.

By the pages, on both databases. The squatter has laid in everything that an account can have.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest

from idp.organizations.roles import RoleName
from idp.relying_parties.model import Client
from tests.attacks.scene import STRONG, Scene, Victim, by_password, by_sms, field, is_asked_for_otp, new_phone
from tests.federation.trial import came
from tests.selfservice.calling import call, token_of
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import PASSWORD
from tests.support.messages import last_code, messages_to
from tests.support.passkey import Authenticator
from tests.support.passkey_forms import authenticator, made, used
from tests.support.visits import account_id, page, person, refresh, signed_in, tokens, userinfo, visitor

pytestmark = pytest.mark.anyio
MAIL = "squatter@mail.test"


@dataclass
class Squatter:
    """Somebody in an account that has the owner's certificate by a check of name and number (level 1)."""

    account: Victim
    session: Browserless
    device: Browserless
    totp: pyotp.TOTP
    key: Authenticator
    client: Client
    secret: str | None
    offline: dict[str, Any]
    app: str


async def squatted(scene: Scene, place: AsyncExitStack) -> Squatter:
    """Password, phone, mail, both factors, a trusted device, a session, an offline grant and an app of theirs."""
    account = await scene.victim(level=1, email=MAIL)
    totp = await account.totp()
    session = await place.enter_async_context(signed_in(scene.house, account.username, STRONG))
    key = authenticator()
    assert (await made(session, key, label="备用")).status_code == 303
    device = await place.enter_async_context(visitor(scene.house, "203.0.113.66"))
    await by_password(device, account.username)
    form = field(page(await device.open("/login/otp")), "otp")
    await device.submit(form, otp=totp.at(int(scene.house.clock.now)), trust="yes")
    client, secret = await scene.house.register(scope="openid profile email real_name offline_access")
    scope = "openid profile email real_name offline_access"
    offline = await tokens(scene.house, client, secret, session, scope=scope)
    app = await token_of(scene.house, session)
    scene.house.clock.forward(120)
    return Squatter(account, session, device, totp, key, client, secret, offline, app)


async def ways_in(scene: Scene, squatter: Squatter) -> set[str]:
    """By which of all that the squatter still comes into the account, or acts with it."""
    one, house, found = squatter.account, scene.house, set()
    house.clock.forward(120)
    async with AsyncExitStack() as place:
        people = [await place.enter_async_context(visitor(house, f"203.0.113.{n}")) for n in range(70, 73)]
        shown = await by_password(people[0], one.username)
        if is_asked_for_otp(shown) or await scene.session(people[0]):
            found.add("password")
        await used(people[1], squatter.key)
        if (await scene.session(people[1]) or {}).get("account") == one.id:
            found.add("passkey")
        shown = await by_sms(scene, people[2], one.phone)
        if is_asked_for_otp(shown) or (await scene.session(people[2]) or {}).get("account") == one.id:
            found.add("phone")
    if (await scene.session(squatter.session) or {}).get("account") == one.id:
        found.add("session")
    refreshed = await refresh(house, squatter.client, squatter.secret, squatter.offline["refresh_token"])
    if refreshed.status_code == 200:
        found.add("offline")
    if (await userinfo(house, squatter.offline["access_token"])).status_code == 200:
        found.add("access token")
    if (await call(house, squatter.app, "GET", "")).status_code == 200:
        found.add("app")
    trusted = f"SELECT id FROM devices WHERE account_id = '{one.id}' AND trusted_until > {house.clock.now}"  # noqa: S608
    if await scene.rows(trusted):
        found.add("trusted device")
    return found


async def clerks(scene: Scene) -> tuple[str, str]:
    """Two members of staff, one of them a supervisor."""
    names = ("zhaoliu", "sunqi")
    for number, username in enumerate(names):
        certificate = {"certificate_type": "414", "certificate_number": f"E6000000{number}"}
        await person(scene.house, username=username, name="赵六", level=4, **certificate)
        who = await account_id(scene.house, username)
        await scene.house.worker.roles.grant(who, RoleName.COUNTER, "410411", "test")
    await scene.house.worker.roles.grant(
        await account_id(scene.house, "sunqi"), RoleName.SUPERVISOR, "410411", "test"
    )
    return names


async def at_the_counter(scene: Scene, kind: str, number: str, phone: str) -> Page:
    """The owner stands there with document and phone; two members of staff do what `kind` says."""
    first, second = await clerks(scene)
    async with (
        signed_in(scene.house, first, STRONG) as clerk,
        signed_in(scene.house, second, STRONG) as other,
    ):
        form = field(page(await clerk.open(f"/counter/{kind}")), "identifier")
        shown = page(await clerk.submit(form, identifier=number))
        document = {"name": "张三", "certificate_type": "414", "certificate_number": number, "seen": "1"}
        form = field(
            page(await clerk.submit(field(shown, "certificate_number"), **document, phone=phone)), "code"
        )
        asked = page(await clerk.submit(form, code=await last_code(scene.house, phone)))
        assert "申请已提交" in asked.text, asked.text
        queue = field(page(await other.open("/counter/queue")), "decision")
        return page(await other.submit(queue, decision="confirm"))


@pytest.mark.parametrize("kind", ["verify", "recover"])
async def test_after_the_counter_nothing_of_the_squatter_s_is_left(scene: Scene, kind: str) -> None:
    async with AsyncExitStack() as place:
        squatter = await squatted(scene, place)
        everything = await ways_in(scene, squatter)
        assert everything >= {"password", "passkey", "phone", "session", "offline", "trusted device"}
        mine = new_phone()
        shown = await at_the_counter(scene, kind, squatter.account.number, mine)
        assert "立即生效" in shown.text
        row = await squatter.account.row()
        assert row["real_name_level"] == (4 if kind == "verify" else 1)
        assert row["email"] is None
        left = await ways_in(scene, squatter)
        assert left == set()
        # The owner is in by the phone that they brought, and told; so are the channels of before.
        async with visitor(scene.house) as owner:
            await by_sms(scene, owner, mine)
            assert (await scene.session(owner) or {})["account"] == squatter.account.id
        assert await messages_to(scene.house, squatter.account.phone)
        assert await messages_to(scene.house, MAIL)
        assert any("停用" in text for text in await messages_to(scene.house, mine))


async def test_at_the_platform_the_owner_is_not_put_into_it_and_not_kept_out_by_it(scene: Scene) -> None:
    async with AsyncExitStack() as place:
        squatter = await squatted(scene, place)
        one = squatter.account
        async with visitor(scene.house) as owner:
            shown = page(await came(owner, scene.platform, one.upstream))
            assert await scene.session(owner) is None
            assert one.phone[-4:] not in shown.text
            await owner.submit(field(shown, "ticket"), decision="apart")
            mine = await scene.session(owner)
            assert mine is not None
            assert mine["account"] != one.id
        row = await one.row()
        assert (row["certificate_index"], row["real_name_level"]) == (None, 0)
        # What the squatter's account still says is theirs, and nobody's identity.
        refreshed = (
            await refresh(scene.house, squatter.client, squatter.secret, squatter.offline["refresh_token"])
        ).json()
        told = (await userinfo(scene.house, refreshed["access_token"])).json()
        assert told["real_name_level"] == 0
        assert {"certificate_number", "verified_claims"}.isdisjoint(told)
        assert one.number not in str(told)
        async with visitor(scene.house) as again:
            await came(again, scene.platform, one.upstream)
            assert (await scene.session(again) or {})["account"] == mine["account"]


async def test_a_squatter_at_the_owner_s_question_gets_nowhere(scene: Scene) -> None:
    """The thief has the platform's account of a weak namesake, and says that the strong account is theirs."""
    victim = await scene.victim(level=2)
    async with visitor(scene.house, "203.0.113.66") as thief, visitor(scene.house) as other:
        shown = page(await came(thief, scene.platform, victim.upstream))
        form = field(shown, "ticket")
        for decision in ("join", "yes", ""):
            await thief.submit(form, decision=decision)
            assert await scene.session(thief) is None, decision
        await other.submit(form, decision="apart")  # a ticket is for its own browser
        assert await scene.session(other) is None
        row = await victim.row()
        assert (row["real_name_level"], bool(row["password_hash"])) == (2, True)
        async with visitor(scene.house) as owner:
            await by_password(owner, victim.username, PASSWORD)
            assert (await scene.session(owner) or {})["account"] == victim.id
