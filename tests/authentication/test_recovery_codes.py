"""Recovery codes: in place of the second factor, each once, and none left over when the factors are gone."""

import asyncio

import pyotp
import pytest

from idp.accounts.merges.service import Plan
from tests.support.inprocess import Provider
from tests.support.logins import at, attempt, codes_of, is_in, otp_form
from tests.support.visits import (
    account_id,
    audit_of,
    page,
    person,
    sql,
    visitor,
)

pytestmark = pytest.mark.anyio


async def with_codes(house: Provider) -> tuple[str, pyotp.TOTP, list[str]]:
    username = await person(house, level=3)
    totp = pyotp.TOTP(await house.enrol_totp(username))
    house.clock.forward(60)
    return username, totp, await codes_of(house, username)


async def test_ten_codes_all_different_and_none_stored_as_they_are(house: Provider) -> None:
    username, _, codes = await with_codes(house)
    assert len(set(codes)) == 10
    rows = await sql(
        house, "select * from authenticators where account_id = ?", await account_id(house, username)
    )
    assert not [code for code in codes if code in str(rows)]


@pytest.mark.parametrize("written", ["{}", "{:.4}-{}", " {} "])
async def test_a_code_lets_in_once(house: Provider, written: str) -> None:
    username, _, (code, *_others) = await with_codes(house)
    typed = "-".join((code[:4], code[4:8], code[8:])).lower() if "-" in written else written.format(code)
    statuses = []
    for _ in range(2):
        async with visitor(house) as someone:
            await attempt(someone, username)
            form = await otp_form(someone)
            answer = await someone.client.post("/login/otp", data={**form.fields, "otp": typed})
            statuses.append(answer.status_code)
    assert statuses == [303, 401]
    assert "factor.removed" in await audit_of(house, account_id=await account_id(house, username))


async def test_of_parallel_answers_with_one_code_one_succeeds(house: Provider) -> None:
    username, _, (code, *_others) = await with_codes(house)
    async with visitor(house) as one, visitor(house) as other:
        posts = []
        for someone in (one, other):
            await attempt(someone, username)
            form = await otp_form(someone)
            posts.append(someone.client.post("/login/otp", data={**form.fields, "otp": code}))
        answers = await asyncio.gather(*posts)
        assert sorted(answer.status_code for answer in answers) == [303, 401]


async def test_new_codes_void_the_old(house: Provider) -> None:
    username, _, (old, *_others) = await with_codes(house)
    new, *_more = await codes_of(house, username)
    async with visitor(house) as someone:
        await attempt(someone, username)
        form = await otp_form(someone)
        assert (await someone.client.post("/login/otp", data={**form.fields, "otp": old})).status_code == 401
        assert (await someone.client.post("/login/otp", data={**form.fields, "otp": new})).status_code == 303
        assert await is_in(someone)


async def test_a_code_of_one_is_nothing_to_another(house: Provider) -> None:
    _, _, (code, *_others) = await with_codes(house)
    other, _, _ = await with_codes(house)
    async with visitor(house) as someone:
        await attempt(someone, other)
        form = await otp_form(someone)
        assert (await someone.client.post("/login/otp", data={**form.fields, "otp": code})).status_code == 401


async def test_the_page_offers_the_codes_and_the_app_still_works(house: Provider) -> None:
    username, totp, _ = await with_codes(house)
    async with visitor(house) as someone:
        await attempt(someone, username)
        shown = page(await someone.open("/login/otp?way=recovery"))
        assert "输入恢复码" in shown.text
        form = shown.form_with("otp")
        assert form is not None
        assert form.fields["way"] == "recovery"
        wrong = await someone.client.post("/login/otp", data={**form.fields, "otp": "ABCD-EFGH-JKLM"})
        assert "恢复码不正确" in wrong.text
        right = await someone.client.post("/login/otp", data={**form.fields, "otp": at(house, totp)})
        assert right.status_code == 303


async def test_codes_alone_are_no_second_factor(house: Provider) -> None:
    username, _, _ = await with_codes(house)
    await sql(
        house,
        "delete from authenticators where kind = 'totp' and account_id = ?",
        await account_id(house, username),
    )
    async with visitor(house) as someone:
        assert (await attempt(someone, username)).headers["location"] == "/"


async def test_codes_that_are_right_for_another_account_do_not_come_along(house: Provider) -> None:
    username, _, codes = await with_codes(house)
    await sql(house, "update accounts set certificate_index = x'02' where username = ?", username)
    into = await account_id(house, await person(house, level=3))
    merge_id = await house.worker.merges.merge(
        Plan(await account_id(house, username), into, {}), "同一人", "staff"
    )
    kinds = await sql(house, "select kind from authenticators where account_id = ?", into)
    assert [row["kind"] for row in kinds] == ["totp"]
    await house.worker.merges.undo(merge_id, "不是同一人", "staff")
    async with visitor(house) as someone:
        await attempt(someone, username)
        form = await otp_form(someone)
        answer = await someone.client.post("/login/otp", data={**form.fields, "otp": codes[0]})
    assert answer.status_code == 303
