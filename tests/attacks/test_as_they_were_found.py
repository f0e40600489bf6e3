"""The attacks as they were first found, told by nothing that came with the mending: run them on any version."""

import base64
import unicodedata
from collections import Counter
from typing import Any

import pyotp
import pytest
import segno
from passlib.hash import bcrypt

from idp.accounts.passwords import hashing as passwords
from idp.infrastructure.http_client import BadAnswer
from idp.organizations.roles import RoleName
from idp.relying_parties.model import AuthMethod
from tests.attacks.remains import stored
from tests.counter.conftest import NUMBER, PHONE, STRONG, Hall
from tests.oauth.assertions import CREDENTIALS, JWT_BEARER, assertion, key
from tests.support.browserless import Browserless, Form, Page
from tests.support.inprocess import PASSWORD, Provider
from tests.support.messages import last_code, messages_to
from tests.support.visits import (
    SESSION_COOKIE,
    account_id,
    claims_of,
    page,
    person,
    signed_in,
    tokens,
    visitor,
)

pytestmark = pytest.mark.anyio


def field(shown: Page, name: str) -> Form:
    """The form with a field."""
    form = shown.form_with(name)
    assert form is not None, shown.text
    return form


async def sms(someone: Browserless) -> Page:
    """A code is asked for, to the phone that everybody knows."""
    return page(await someone.submit(field(page(await someone.open("/login/sms")), "phone"), phone=PHONE))


async def test_a_hundred_requests_leave_no_hundred_lines(house: Provider) -> None:
    before = await stored(house)
    headers = {"authorization": f"Basic {base64.b64encode(b'nobody:nothing').decode()}"}
    async with house.machine() as machine:
        for _ in range(100):
            await machine.post("/token", data=CREDENTIALS, headers=headers)
    assert (await stored(house) - before)["audit_events"] <= 10


async def test_strangers_who_ask_for_codes_leave_the_owner_one(house: Provider) -> None:
    await person(house, username="zhangsan", phone=PHONE, phone_verified=True)
    async with visitor(house) as owner:
        form = field(page(await owner.open("/login")), "password")
        await owner.submit(form, username="zhangsan", password=PASSWORD)
        owner.client.cookies.delete(SESSION_COOKIE)
        for number in range(12):
            async with visitor(house, f"203.0.113.{number}") as stranger:
                await sms(stranger)
            house.clock.forward(61)
        before = len(await messages_to(house, PHONE))
        await sms(owner)
        assert len(await messages_to(house, PHONE)) == before + 1


async def test_a_stranger_who_types_wrong_codes_leaves_the_owner_s_right(house: Provider) -> None:
    async with visitor(house) as owner, visitor(house, "203.0.113.9") as stranger:
        form = field(await sms(owner), "code")
        code = await last_code(house, PHONE)
        house.clock.forward(61)
        theirs = field(await sms(stranger), "code")
        for _ in range(6):
            await stranger.submit(theirs, code="000001")
        assert page(await owner.submit(form, code=code)).status == 200


async def test_a_hundred_assertions_cause_no_hundred_requests(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = AuthMethod.PRIVATE_KEY_JWT
    client, _ = await house.register(
        token_endpoint_auth_method=by, jwks_uri="https://app.test/keys", jwks=None
    )
    fetched: list[str] = []

    async def get_json(url: str) -> bytes:
        fetched.append(url)
        raise BadAnswer("ConnectError")

    monkeypatch.setattr(house.worker.http, "get_json", get_json)
    async with house.machine() as machine:
        for number in range(40):
            proof = assertion(house, client, key(f"k{number}"))
            shown = {"client_assertion": proof, "client_assertion_type": JWT_BEARER}
            await machine.post("/token", data=CREDENTIALS | shown)
    assert len(fetched) <= 2


async def test_twenty_pages_draw_one_picture(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    real = segno.make

    def make(content: str, **options: Any) -> Any:
        drawn.append(content)
        return real(content, **options)

    monkeypatch.setattr(segno, "make", make)
    async with house.browser() as browser:
        for _ in range(20):
            await browser.get("/login/qr")
    assert len(drawn) == 1


async def test_a_heap_of_marks_reaches_no_normal_form(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest: list[int] = [0]
    real = unicodedata.normalize

    def normalize(form: Any, text: str) -> str:
        longest.append(len(text))
        return real(form, text)

    monkeypatch.setattr(unicodedata, "normalize", normalize)
    async with signed_in(house) as someone:
        form = field(page(await someone.open("/me/mandates/helper")), "phone")
        assert page(await someone.submit(form, name="e\u0301" * 3000, phone=PHONE)).status == 400
        await someone.submit(form, name="张三", phone=PHONE)
    assert 0 < max(longest) <= 400


async def test_an_imported_password_costs_what_nobody_s_costs(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: Counter[str] = Counter()
    real = passwords._CONTEXT.verify

    def verify(secret: Any, stored_: str, **options: Any) -> Any:
        done[stored_[:4]] += 1
        return real(secret, stored_, **options)

    imported = bcrypt.using(rounds=4).hash("x")
    await house.worker.hasher.learn(["$2b$04"])
    monkeypatch.setattr(passwords._CONTEXT, "verify", verify)
    found = []
    who = [await person(house, password_hash=imported), await person(house), "nobody-at-all"]
    for name in who:
        done.clear()
        async with visitor(house) as stranger:
            form = field(page(await stranger.open("/login")), "password")
            await stranger.submit(form, username=name, password="wrong horse")
        found.append(dict(done))
    assert found[1] == found[2]
    assert set(found[0]) <= set(found[1])


async def test_guesses_at_a_lost_phone_are_counted(house: Provider) -> None:
    name = await person(house)
    totp = pyotp.TOTP(await house.enrol_totp(name))
    house.clock.forward(60)
    statuses = []
    for number in range(12):
        async with visitor(house, f"203.0.{number}.9") as thief:
            form = field(page(await thief.open("/recover/phone")), "otp")
            otp = totp.at(int(house.clock.now)) if number == 11 else f"{number:06}"
            fields = {"username": name, "password": PASSWORD, "otp": otp, "phone": "13700000001"}
            statuses.append(page(await thief.submit(form, **fields)).status)
    assert statuses[-1] == 429, statuses


async def account_of(someone: Browserless, identifier: str) -> Form:
    """The form that changes an account, found by a clerk."""
    form = field(page(await someone.open("/counter/accounts")), "identifier")
    return field(page(await someone.submit(form, identifier=identifier)), "decision")


@pytest.mark.parametrize("decision", ["release", "thaw"])
async def test_one_clerk_takes_no_phone_off_and_opens_no_account(hall: Hall, decision: str) -> None:
    if decision == "thaw":
        assert await hall.house.worker.lifecycle.freeze(hall.id("zhangsan"), "冒用", "system")
    before = await hall.house.worker.counter.account(hall.id("zhangsan"))
    async with signed_in(hall.house, "zhaoliu", STRONG) as someone:
        await someone.submit(await account_of(someone, NUMBER), decision=decision, reason="依据文书")
    after = await hall.house.worker.counter.account(hall.id("zhangsan"))
    assert before is not None
    assert after is not None
    assert (after.phone, after.state) == (before.phone, before.state)


@pytest.mark.parametrize("decision", ["freeze", "secure"])
async def test_one_clerk_shuts_no_supervisor_out(hall: Hall, decision: str) -> None:
    before = await hall.house.worker.counter.account(hall.id("sunqi"))
    async with signed_in(hall.house, "zhaoliu", STRONG) as someone:
        await someone.submit(await account_of(someone, "sunqi"), decision=decision, reason="依据文书")
    after = await hall.house.worker.counter.account(hall.id("sunqi"))
    assert before is not None
    assert after is not None
    assert (after.state, after.password_hash) == (before.state, before.password_hash)


async def test_one_supervisor_joins_no_two_accounts(hall: Hall) -> None:
    async with signed_in(hall.house, "sunqi", STRONG) as someone:
        await account_of(someone, "wangwu")
        shown = page(
            await someone.submit(
                field(page(await someone.open("/counter/accounts")), "identifier"), identifier=NUMBER
            )
        )
        find = next(form for form in shown.forms if form.action.endswith("/counter/merge/find"))
        form = field(page(await someone.submit(find, identifier="wangwu")), "reason")
        await someone.submit(form, reason="本人到场")
    row = await hall.house.worker.counter.account(hall.id("wangwu"))
    assert row is not None
    assert row.state == "active"


async def test_a_clerk_of_another_street_sees_no_request_of_the_district(hall: Hall) -> None:
    await verified(hall, "张三")
    roles, clerk = hall.house.worker.roles, await person(hall.house, name="钱九")
    await roles.grant(await account_id(hall.house, clerk), RoleName.COUNTER, "410411002", "test")
    async with signed_in(hall.house, clerk, STRONG) as someone:
        assert page(await someone.open("/counter/queue")).form_with("decision") is None


async def test_one_supervisor_leaves_a_person_alive(hall: Hall) -> None:
    async with signed_in(hall.house, "sunqi", STRONG) as someone:
        form = field(page(await someone.open("/counter/accounts")), "identifier")
        form = field(page(await someone.submit(form, identifier=NUMBER)), "decision")
        await someone.submit(form, decision="deceased", reason="死亡证明 1 号")
    row = await hall.house.worker.counter.account(hall.id("zhangsan"))
    assert row is not None
    assert row.state == "active"


async def test_whoever_acts_and_presses_on_enters_as_the_citizen(hall: Hall) -> None:
    house = hall.house
    client, secret = await house.register(principal_kinds=["person"])
    async with signed_in(house, "zhaoliu", STRONG) as someone:
        form = field(page(await someone.open("/counter/act")), "identifier")
        form = field(page(await someone.submit(form, identifier=NUMBER)), "account")
        choice = page(await someone.submit(form, seen="1")).form_with("mandate")
        if choice is not None:
            await someone.submit(choice)  # as it is selected
        got = claims_of((await tokens(house, client, secret, someone))["id_token"])
    assert got.get("principal", {}).get("id") == hall.id("zhangsan")


async def verified(hall: Hall, name: str) -> None:
    """A clerk asks for a verification of zhangsan, by a document with a name."""
    async with signed_in(hall.house, "zhaoliu", STRONG) as someone:
        form = field(page(await someone.open("/counter/verify")), "identifier")
        form = field(page(await someone.submit(form, identifier=NUMBER)), "certificate_number")
        fields = {"name": name, "certificate_type": "111", "certificate_number": NUMBER}
        await someone.submit(form, no_phone="1", seen="1", **fields)


async def test_a_button_confirms_no_other_name(hall: Hall) -> None:
    await verified(hall, "赵小明")
    async with signed_in(hall.house, "zhouba", STRONG) as second:
        form = field(page(await second.open("/counter/queue")), "decision")
        await second.submit(form, decision="confirm")
    row = await hall.house.worker.counter.account(hall.id("zhangsan"))
    assert row is not None
    assert row.real_name_level == 2


async def test_equal_requests_do_not_stack(hall: Hall) -> None:
    for _ in range(3):
        await verified(hall, "张三")
    assert len(await hall.house.worker.counter.open_requests()) == 1


async def test_the_message_says_that_the_counter_asks(hall: Hall) -> None:
    facts = {"name": "王新", "certificate_type": "553", "certificate_number": "910411199001010013"}
    async with signed_in(hall.house, "zhaoliu", STRONG) as someone:
        form = field(page(await someone.open("/counter/register")), "name")
        await someone.submit(form, phone="13800000007", seen="1", **facts)
    [text] = await messages_to(hall.house, "13800000007")
    assert "窗口" in text
    assert "请勿告诉任何人" not in text
