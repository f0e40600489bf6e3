"""Getting an account back: never on less than what protects it, and alike for accounts that are not there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from idp.accounts.store import PHONE, AccountStore
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.messages import last_code, messages_to
from tests.support.recovering import NEW, RECOVERY, Someone, _numbers, owner, proved, recovered
from tests.support.visits import SESSION_COOKIE, account_id, audit_of, page, signed_in, sql, visitor

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def town(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider whose messages can be read."""
    folder = tmp_path_factory.mktemp("town")
    async with provider(folder, message_sink=True, sms_per_address=10_000) as started:
        yield started


async def can_log_in(town: Provider, username: str, password: str) -> bool:
    """Whether the password is right now."""
    async with visitor(town, f"203.0.113.{next(_numbers) % 250}") as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        return page(await someone.submit(form, username=username, password=password)).status == 200


async def test_the_three_ways_are_explained(town: Provider) -> None:
    async with visitor(town) as someone:
        shown = page(await someone.open("/recover"))
        assert "两名工作人员" in shown.text
        for link in ("/recover/password", "/recover/phone"):
            assert f'href="{link}"' in shown.text


async def test_phone_name_and_number_set_a_new_password_and_end_what_was_open(town: Provider) -> None:
    one = await owner(town)
    async with signed_in(town, one.username) as thief:
        answer = await recovered(town, one.phone, one.facts)
        assert answer.url.endswith("done=password")
        token = thief.client.cookies.get(SESSION_COOKIE, domain="id.test")
        assert await town.worker.sessions.find(token) is None
    assert await can_log_in(town, one.username, NEW)
    assert not await can_log_in(town, one.username, PASSWORD)
    events = await audit_of(town, account_id=await account_id(town, one.username))
    assert {"recovery.completed", "session.ended"} <= set(events)
    assert "已找回" in (await messages_to(town, one.phone))[-1]
    assert "已找回" in (await messages_to(town, one.email))[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "李四"},
        {"name": ""},
        {"certificate_number": "E99999999"},
        {"certificate_number": ""},
    ],
)
async def test_from_level_1_on_the_phone_alone_is_too_little(town: Provider, change: dict[str, str]) -> None:
    one = await owner(town)
    answer = await recovered(town, one.phone, one.facts | change)
    assert answer.status == 401
    assert await can_log_in(town, one.username, PASSWORD)
    assert "recovery.refused" in await audit_of(town, account_id=await account_id(town, one.username))


async def test_the_name_may_be_written_in_full_width_or_with_blanks(town: Provider) -> None:
    one = await owner(town)
    answer = await recovered(town, one.phone, one.facts | {"name": " 张 三"})
    assert answer.url.endswith("done=password")


@pytest.mark.parametrize("otp", ["", "000000", "WRONGWRONGWR"])
async def test_whoever_has_a_second_factor_needs_it_for_this_too(town: Provider, otp: str) -> None:
    one = await owner(town, totp=True)
    assert (await recovered(town, one.phone, one.facts | {"otp": otp})).status == 401
    assert await can_log_in(town, one.username, PASSWORD)


async def test_a_one_time_password_or_a_recovery_code_serves_once(town: Provider) -> None:
    one = await owner(town, totp=True)
    assert (await recovered(town, one.phone, one.facts)).url.endswith("done=password")
    town.clock.forward(61)
    assert (await recovered(town, one.phone, one.facts)).status == 401
    town.clock.forward(901)
    code = {"otp": "abcd-efgh jklm"}
    assert (await recovered(town, one.phone, one.facts | code)).url.endswith("done=password")
    town.clock.forward(61)
    assert (await recovered(town, one.phone, one.facts | code)).status == 401


async def test_a_one_time_password_is_not_spent_where_the_number_was_wrong(town: Provider) -> None:
    one = await owner(town, totp=True)
    assert (await recovered(town, one.phone, one.facts | {"certificate_number": "x"})).status == 401
    assert (
        await sql(
            town, "select last_used_step from authenticators where kind = 'totp' order by created_at desc"
        )
    )[0]["last_used_step"] == -1


async def test_level_0_without_a_second_factor_is_recovered_by_the_phone(town: Provider) -> None:
    one = await owner(town, level=0)
    assert (await recovered(town, one.phone, {})).url.endswith("done=password")
    assert await can_log_in(town, one.username, NEW)


async def test_a_number_that_may_have_moved_recovers_nothing_by_itself(town: Provider) -> None:
    one = await owner(town, level=0)
    town.clock.forward(181 * 86_400)
    assert (await recovered(town, one.phone, {})).status == 401


async def test_a_number_that_nobody_has_proved_recovers_nothing(town: Provider) -> None:
    one = await owner(town, verified=False)
    assert (await recovered(town, one.phone, one.facts)).status == 401


@pytest.mark.parametrize("state", ["frozen", "deceased", "cancelled"])
async def test_a_closed_account_is_refused_like_one_that_is_not_there(town: Provider, state: str) -> None:
    one = await owner(town)
    await sql(town, "update accounts set state = ? where username = ?", state, one.username)
    closed = await recovered(town, one.phone, one.facts)
    unknown = await recovered(town, f"1390000{next(_numbers):04}", one.facts)
    assert (closed.status, _error(closed)) == (unknown.status, _error(unknown))


async def test_wrong_attempts_are_throttled_also_for_accounts_that_are_not_there(town: Provider) -> None:
    known, unknown = (await owner(town)).phone, f"1390000{next(_numbers):04}"
    outcomes = []
    for phone in (known, unknown):
        async with visitor(town, f"192.0.2.{next(_numbers) % 250}") as someone:
            form = (await proved(town, someone, phone)).form_with("new_password")
            statuses = []
            for _ in range(7):
                assert form is not None
                answer = page(await someone.submit(form, name="x", new_password=NEW))
                form = answer.form_with("new_password") or form.in_tabs(1)[0]
                statuses.append((answer.status, _error(answer)))
            outcomes.append(statuses)
    assert outcomes[0] == outcomes[1]
    assert [status for status, _ in outcomes[0]] == [401] * 5 + [429] * 2


async def test_a_weak_new_password_is_refused_before_anything_is_counted(town: Provider) -> None:
    one = await owner(town)
    assert (await recovered(town, one.phone, one.facts, "12345678")).status == 400


async def test_eight_recoveries_at_once_set_one_password(town: Provider) -> None:
    one = await owner(town)
    async with visitor(town) as someone:
        form = (await proved(town, someone, one.phone)).form_with("new_password")
        assert form is not None
        told = one.facts | {"new_password": NEW}
        posts = [someone.client.post(form.action, data=tab.fields | told) for tab in form.in_tabs(5)]
        answers = await asyncio.gather(*posts)
    assert [answer.status_code for answer in answers].count(303) == 1
    events = await audit_of(town, account_id=await account_id(town, one.username))
    assert events.count("recovery.completed") == 1


async def lost(town: Provider, one: Someone, phone: str, **changes: str) -> tuple[Browserless, Page]:
    """The page after password, second factor and new phone."""
    async with visitor(town, f"203.0.113.{next(_numbers) % 250}") as someone:
        form = page(await someone.open("/recover/phone")).form_with("otp")
        assert form is not None
        fields = {"username": one.username, "password": PASSWORD, "otp": one.facts.get("otp", "000000")}
        answer = page(await someone.submit(form, **(fields | changes), phone=phone))
        if (form := answer.form_with("code")) is not None:
            code = changes.get("code") or await last_code(town, phone)
            answer = page(await someone.submit(form, code=code))
        return someone, answer


async def test_password_and_second_factor_bring_a_new_phone(town: Provider) -> None:
    one, phone = await owner(town, totp=True), f"1390000{next(_numbers):04}"
    _, answer = await lost(town, one, phone)
    assert answer.url.endswith("done=phone"), answer.text
    account = (await sql(town, "select * from accounts where username = ?", one.username))[0]
    assert account["phone_index"] == town.worker.base.vault.blind_index("accounts.phone", phone)
    assert account["phone_verified_at"] is not None
    assert {"phone.changed", "recovery.completed"} <= set(await audit_of(town, account_id=account["id"]))
    assert len(await messages_to(town, one.phone)) >= 1
    assert len(await messages_to(town, one.email)) >= 1


@pytest.mark.parametrize(
    "changes", [{"password": "wrong"}, {"otp": "000000"}, {"username": "nobody.at.all"}, {"otp": ""}]
)
async def test_without_either_of_them_nothing_happens_and_no_message_leaves(
    town: Provider, changes: dict[str, str]
) -> None:
    one, phone = await owner(town, totp=True), f"1390000{next(_numbers):04}"
    _, answer = await lost(town, one, phone, **changes)
    assert answer.status == 401
    assert await messages_to(town, phone) == []


async def test_a_password_alone_brings_no_new_phone(town: Provider) -> None:
    one, phone = await owner(town), f"1390000{next(_numbers):04}"
    _, answer = await lost(town, one, phone)
    assert answer.status == 401
    assert await messages_to(town, phone) == []


async def test_a_phone_of_somebody_else_is_not_taken_in_passing(town: Provider) -> None:
    other, one = await owner(town), await owner(town, totp=True)
    _, answer = await lost(town, one, other.phone)
    assert answer.status == 409
    rows = await sql(
        town,
        "select username from accounts where phone_index = ?",
        town.worker.base.vault.blind_index("accounts.phone", other.phone),
    )
    assert [row["username"] for row in rows] == [other.username]


def _error(shown: Page) -> str:
    return shown.text.partition('id="error"')[2].partition("</div>")[0]


async def secured(town: Provider, one: Someone) -> None:
    """Staff clean up after a thief."""
    assert await town.worker.lifecycle.secure(await account_id(town, one.username), "staff") is not None


async def recovered_by_owner(town: Provider, one: Someone) -> None:
    """The owner notices, and sets a new password."""
    facts = one.facts | ({"otp": RECOVERY} if "otp" in one.facts else {})
    assert (await recovered(town, one.phone, facts)).url.endswith("done=password")


async def frozen(town: Provider, one: Someone) -> None:
    """Staff close the account for a time."""
    assert await town.worker.lifecycle.freeze(await account_id(town, one.username), "盗用", "staff")


async def frozen_and_thawed(town: Provider, one: Someone) -> None:
    """The same, and it is open again."""
    await frozen(town, one)
    assert await town.worker.lifecycle.thaw(await account_id(town, one.username), "查清", "staff")


@pytest.mark.parametrize("change", [secured, recovered_by_owner, frozen, frozen_and_thawed])
async def test_a_thief_who_proved_a_phone_of_their_own_gets_nothing_once_the_account_was_cleaned_up(
    town: Provider, change: Callable[[Provider, Someone], Awaitable[None]]
) -> None:
    one, phone = await owner(town, totp=True), f"1390000{next(_numbers):04}"
    async with visitor(town, f"203.0.113.{next(_numbers) % 250}") as thief:
        form = page(await thief.open("/recover/phone")).form_with("otp")
        assert form is not None
        fields = {"username": one.username, "password": PASSWORD, "otp": one.facts["otp"]}
        form = page(await thief.submit(form, **fields, phone=phone)).form_with("code")
        assert form is not None
        town.clock.forward(1)
        await change(town, one)
        answer = page(await thief.submit(form, code=await last_code(town, phone)))
    assert answer.status == 409
    assert await phone_of(town, one) == one.phone


@pytest.mark.parametrize("change", [secured, frozen_and_thawed])
async def test_a_code_proves_nothing_any_more_once_the_account_was_cleaned_up(
    town: Provider, change: Callable[[Provider, Someone], Awaitable[None]]
) -> None:
    one = await owner(town)
    async with visitor(town) as thief:
        form = (await proved(town, thief, one.phone)).form_with("new_password")
        assert form is not None
        town.clock.forward(1)
        await change(town, one)
        assert page(await thief.submit(form, **one.facts, new_password=NEW)).status == 401
    assert not await can_log_in(town, one.username, NEW)


async def test_an_account_that_is_frozen_while_it_is_recovered_keeps_its_password(
    town: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await owner(town)
    hasher = town.worker.hasher
    hash_ = hasher.hash

    async def slow(password: str) -> str:
        await frozen(town, one)
        return await hash_(password)

    async with visitor(town) as someone:
        form = (await proved(town, someone, one.phone)).form_with("new_password")
        assert form is not None
        before = await town.worker.phones.holder(one.phone)
        monkeypatch.setattr(hasher, "hash", slow)
        assert page(await someone.submit(form, **one.facts, new_password=NEW)).status == 401
    after = (await sql(town, "select * from accounts where username = ?", one.username))[0]
    assert before is not None
    assert (after["state"], after["password_hash"]) == ("frozen", before.password_hash)


async def phone_of(town: Provider, one: Someone) -> str:
    """The phone in the record of a person."""
    row = await town.worker.base.database.read(
        lambda: AccountStore(town.worker.base.vault).find(one.username)
    )
    assert row is not None
    return AccountStore(town.worker.base.vault).reveal(PHONE, row.phone) or ""
