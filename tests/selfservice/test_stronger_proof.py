"""Somebody knows my name and number and was first: whoever proves more gets the certificate, nothing of the other's.

On both databases, through the pages: what the one loses, what the other keeps, and what each is told.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from idp.audit.model import EventType
from idp.organizations.roles import RoleName
from tests.authorities.network_identity import confirm
from tests.authorities.people import Known
from tests.authorities.world import World
from tests.counter.conftest import STRONG
from tests.support import raw_sql
from tests.support.authorities import SETTINGS, beside, citizen
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import Provider, provider
from tests.support.logins import is_inside
from tests.support.messages import last_code, messages_to
from tests.support.phone_login import proved, registered
from tests.support.visits import account_id, page, person, signed_in, tokens, visitor

pytestmark = pytest.mark.anyio
CHECK, NETWORK = "/me/real-name/check", "/me/real-name/network"
TAKEN, BOUND, CONTESTED = "不再有实名等级", "更可靠的方式核验身份", "通过了实名核验"

_sequence = count(501)
_phones = count(13_700_000_001)


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """On each database, beside the authorities."""
    options: dict[str, Any] = {"message_sink": True, "sms_per_address": 10_000, **SETTINGS}
    async with provider(tmp_path, database_url=migrated_url, **options) as started:
        yield started


@pytest.fixture
def world(house: Provider) -> World:
    return beside(house)


@pytest.fixture
def owner(world: World) -> Known:
    return citizen(world, "张三", next(_sequence), mobile=str(next(_phones)))


async def row_of(house: Provider, phone_or_name: str) -> Account:
    """The account that a phone or username names."""
    store = AccountStore(house.worker.base.vault)
    row = await house.worker.base.database.read(lambda: store.find(phone_or_name))
    assert row is not None
    return row


async def by_id(house: Provider, id_: str) -> Account:
    row = await house.worker.counter.account(id_)
    assert row is not None
    return row


async def form_of(someone: Browserless, path: str, field: str = "csrf") -> Form:
    shown = page(await someone.open(path))
    form = shown.form_with(field)
    assert form is not None, shown.text
    return form


def identity(who: Known) -> dict[str, str]:
    return {"name": who.name, "certificate_type": who.certificate_type, "certificate_number": who.number}


async def check(someone: Browserless, who: Known) -> Page:
    """By name and number alone: level 1."""
    form = await form_of(someone, CHECK)
    known = {} if "certificate_number" not in form.fields else identity(who)
    return page(await someone.submit(form, **known))


async def present(someone: Browserless, world: World, who: Known) -> Page:
    """By the app, with one's face: level 3."""
    form = await form_of(someone, NETWORK)
    known = {} if "certificate_number" not in form.fields else identity(who)
    app = page(await someone.submit(form, mode="R03", **known))
    form = app.form_with("biz_seq")  # type: ignore[assignment]
    assert form is not None, app.text
    given = confirm(world, form.fields["biz_seq"], "0", who.number)
    return page(await someone.submit(form, answer=json.dumps(given)))


async def squatted(house: Provider, who: Known) -> tuple[str, str]:
    """Somebody else registers with a phone of their own and the owner's name and number; account and phone."""
    phone = str(next(_phones))
    async with visitor(house, "203.0.113.66") as squatter:
        await registered(house, squatter, phone, new_password="Squat 2026 here")
        await check(squatter, who)
    row = await row_of(house, phone)
    assert row.real_name_level == 1
    return str(row.id), phone


async def live(house: Provider, account: str) -> tuple[int, int]:
    """How many sessions and grants of an account live."""
    sessions = await house.worker.sessions.of_account(account)
    query = f"SELECT id FROM grants WHERE account_id = '{account}' AND revoked_at IS NULL"  # noqa: S608
    grants = await asyncio.to_thread(raw_sql.rows, house.worker.settings.database, query)
    return len(sessions), len(grants)


async def told(house: Provider, phone: str, text: str) -> bool:
    return any(text in message for message in await messages_to(house, phone))


async def test_the_owner_s_presence_takes_the_certificate_from_a_squatter(
    house: Provider, world: World, owner: Known
) -> None:
    squat, squatter_phone = await squatted(house, owner)
    mine = str(next(_phones))
    async with visitor(house) as someone:
        await registered(house, someone, mine, new_password="My own 2026 word")
        await present(someone, world, owner)
        assert is_inside(someone)
    account = await row_of(house, mine)
    assert (account.id != squat, account.real_name_level) == (True, 3)
    # Whoever has just registered loses nothing by it.
    assert account.password_hash
    assert account.phone_verified_at is not None
    other = await by_id(house, squat)
    assert (other.real_name_level, other.certificate_index, other.certificate_number) == (
        0,
        None,
        None,
    )
    assert other.password_hash
    assert await told(house, squatter_phone, TAKEN)
    assert await told(house, mine, BOUND)
    assert not await told(house, mine, TAKEN)


async def test_as_strong_a_proof_takes_nothing_and_both_are_told(
    house: Provider, world: World, owner: Known
) -> None:
    squat, squatter_phone = await squatted(house, owner)
    mine = str(next(_phones))
    async with visitor(house) as someone:
        await registered(house, someone, mine)
        answer = await check(someone, owner)
        assert answer.status == 409
        assert "到窗口" in answer.text
        assert squatter_phone[-4:] not in answer.text
    assert (await by_id(house, squat)).real_name_level == 1
    assert (await row_of(house, mine)).real_name_level == 0
    assert await told(house, squatter_phone, CONTESTED)
    recorded = {(line["event"], line["account_id"]) for line in await house.audit_lines()}
    assert (EventType.REAL_NAME_CONTESTED, squat) in recorded


async def test_what_a_login_has_not_shown_goes_when_the_person_proves_to_be_there(
    house: Provider, world: World, owner: Known
) -> None:
    """A family's account: the son registered it with his phone, the mother logs in by password and shows her face."""
    son = str(next(_phones))
    username = await person(house, level=0, phone=son, phone_verified=True)
    account = await account_id(house, username)
    house.clock.forward(86_400)
    client, secret = await house.register(consent_required=False)
    async with signed_in(house, username, ("sms",)) as elsewhere, signed_in(house, username) as mother:
        await tokens(house, client, secret, elsewhere, scope="openid offline_access")
        assert (await live(house, account))[1] == 1
        listed = page(await mother.open(NETWORK))
        assert "会一并停用" in listed.text
        assert "手机号" in listed.text
        await present(mother, world, owner)
        assert page(await mother.open("/me/real-name")).status == 200
        assert "/end_session" not in page(await elsewhere.open("/")).text
    after = await by_id(house, account)
    assert (after.real_name_level, after.phone_index) == (3, None)
    assert after.password_hash
    assert await live(house, account) == (1, 0)
    assert await told(house, son, BOUND)
    recorded = {(line["event"], line["account_id"]) for line in await house.audit_lines()}
    assert (EventType.ACCOUNT_BOUND, account) in recorded
    house.clock.forward(120)
    async with visitor(house) as again:  # his phone enters nothing of hers any more
        shown = await proved(house, again, son)
        assert shown.form_with("new_password") is not None


async def test_what_the_person_shows_before_stays(house: Provider, world: World, owner: Known) -> None:
    son = str(next(_phones))
    username = await person(house, level=0, phone=son, phone_verified=True)
    account = await account_id(house, username)
    house.clock.forward(86_400)
    async with signed_in(house, username) as mother:
        form = await form_of(mother, "/me/profile/phone", "phone")
        asked = page(await mother.submit(form, phone=son)).form_with("code")
        assert asked is not None
        await mother.submit(asked, code=await last_code(house, son))
        assert "会一并停用" not in page(await mother.open(NETWORK)).text
        await present(mother, world, owner)
    after = await by_id(house, account)
    assert after.real_name_level == 3
    assert after.phone_verified_at is not None
    assert after.password_hash


async def test_a_proof_below_presence_takes_nothing_from_the_account_itself(
    house: Provider, world: World, owner: Known
) -> None:
    """From nothing to levels 1 and 2 nobody is harassed: it shows no more than who is logged in anyway."""
    username = await person(house, level=0, phone=owner.mobile, phone_verified=True)
    house.clock.forward(86_400)
    async with signed_in(house, username) as someone:
        await check(someone, owner)
        form = await form_of(someone, "/me/real-name/phone")
        await someone.submit(form)
    account = await row_of(house, username)
    assert account.real_name_level == 2
    assert account.phone_verified_at is not None
    assert account.password_hash


async def at_the_counter(house: Provider, account: str, who: Known, phone: str | None) -> None:
    """Two members of staff verify the person who is there, with a phone whose code they read out, or none."""
    house.clock.forward(120)
    staff = {name: await account_id(house, await person(house, name=name)) for name in ("赵六", "孙七")}
    for id_ in staff.values():
        await house.worker.roles.grant(id_, RoleName.COUNTER, "410411", "test")
    usernames = {name: (await by_id(house, id_)).username for name, id_ in staff.items()}
    async with signed_in(house, usernames["赵六"], STRONG) as clerk:
        form = await form_of(clerk, "/counter/verify", "identifier")
        username = (await by_id(house, account)).username
        ask = page(await clerk.submit(form, identifier=username)).form_with("certificate_number")
        assert ask is not None
        given = {"phone": phone} if phone else {"no_phone": "1"}
        shown = page(await clerk.submit(ask, **identity(who), seen="1", **given))
        if phone:
            code = shown.form_with("code")
            assert code is not None, shown.text
            shown = page(await clerk.submit(code, code=await last_code(house, phone)))
        assert "申请已提交" in shown.text, shown.text
    async with signed_in(house, usernames["孙七"], STRONG) as other:
        form = await form_of(other, "/counter/queue", "decision")
        await other.submit(form, decision="confirm")


async def test_the_counter_gives_a_squatted_account_to_its_owner_without_the_squatter_s_keys(
    house: Provider, world: World, owner: Known
) -> None:
    squat, squatter_phone = await squatted(house, owner)
    username = (await by_id(house, squat)).username
    await house.enrol_totp(username)
    client, secret = await house.register(consent_required=False)
    async with signed_in(house, username) as squatter:
        await tokens(house, client, secret, squatter, scope="openid offline_access")
        await at_the_counter(house, squat, owner, owner.mobile)
        assert "/end_session" not in page(await squatter.open("/")).text
    after = await by_id(house, squat)
    assert (after.real_name_level, after.password_hash) == (4, "")
    assert (await row_of(house, owner.mobile)).id == squat
    assert await live(house, squat) == (0, 0)
    assert await house.worker.factors.of_account(squat) == []
    assert await told(house, squatter_phone, BOUND)
    assert await told(house, owner.mobile, BOUND)
    house.clock.forward(120)
    async with visitor(house, "203.0.113.66") as squatter:
        assert (await proved(house, squatter, squatter_phone)).form_with("new_password") is not None
    async with visitor(house) as someone:
        form = (await proved(house, someone, owner.mobile)).form_with("decision")
        assert form is not None
        await someone.submit(form, decision="enter")
        assert is_inside(someone)


async def test_a_family_s_phone_stays_where_the_person_at_the_counter_says_so(
    house: Provider, world: World, owner: Known
) -> None:
    family, daughter = await squatted(house, owner)
    await at_the_counter(house, family, owner, daughter)
    after = await by_id(house, family)
    assert (after.real_name_level, after.password_hash) == (4, "")
    assert (await row_of(house, daughter)).id == family


async def test_without_a_phone_of_theirs_nothing_of_the_other_s_is_left(
    house: Provider, world: World, owner: Known
) -> None:
    squat, squatter_phone = await squatted(house, owner)
    await at_the_counter(house, squat, owner, None)
    after = await by_id(house, squat)
    assert (after.real_name_level, after.password_hash, after.phone_index) == (4, "", None)
    assert await told(house, squatter_phone, BOUND)


async def test_another_account_of_the_owner_is_verified_at_the_counter_all_the_same(
    house: Provider, world: World, owner: Known
) -> None:
    squat, squatter_phone = await squatted(house, owner)
    username = await person(house, level=0, phone=owner.mobile, phone_verified=True)
    mine = await account_id(house, username)
    await at_the_counter(house, mine, owner, owner.mobile)
    assert (await by_id(house, mine)).real_name_level == 4
    assert (await by_id(house, squat)).real_name_level == 0
    assert await told(house, squatter_phone, TAKEN)
