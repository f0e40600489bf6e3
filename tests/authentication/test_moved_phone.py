"""A phone number that moved, or was long quiet: the code alone opens nothing, and takes nothing."""

import pytest

from idp.authentication.phone.registration import TERMS_VERSION
from tests.support.inprocess import PASSWORD, Provider
from tests.support.logins import is_inside
from tests.support.messages import messages_to
from tests.support.phone_login import holders, new_phone, proved
from tests.support.visits import account_id, audit_of, page, person, sql, visitor

pytestmark = pytest.mark.anyio


async def test_a_number_that_moved_leaves_the_old_account_which_keeps_all_else(town: Provider) -> None:
    phone = new_phone()
    old = await person(town, phone=phone, phone_verified=True, email=f"{phone}@mail.test")
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("decision")
        assert form is not None
        really = page(await someone.submit(form, decision="ask"))
        assert len(await holders(town, phone)) == 1
        form = really.form_with("decision")
        assert form is not None
        details = page(await someone.submit(form, decision="release")).form_with("new_password")
        assert details is not None
        await someone.submit(details, terms=TERMS_VERSION)
        assert is_inside(someone)
    (new,) = await holders(town, phone)
    old_id = await account_id(town, old)
    assert new["id"] != old_id
    row = (await sql(town, "select * from accounts where id = ?", old_id))[0]
    assert (row["phone"], row["phone_verified_at"], row["state"]) == (None, None, "active")
    assert "phone.released" in await audit_of(town, account_id=old_id)
    assert len(await messages_to(town, f"{phone}@mail.test")) == 1
    async with visitor(town) as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        await someone.submit(form, username=old, password=PASSWORD)
        assert is_inside(someone)


@pytest.mark.parametrize(
    ("more", "inside"),
    [
        ({}, False),
        ({"password": "wrong"}, False),
        ({"certificate_number": "000000"}, False),
        ({"certificate_number": "LAST"}, False),
        ({"certificate_number": "LAST", "name": "张三"}, False),
        ({"certificate_number": "WHOLE"}, False),
        ({"certificate_number": "WHOLE", "name": "李四"}, False),
        ({"name": "张三"}, False),
        ({"password": PASSWORD}, True),
        ({"certificate_number": "WHOLE", "name": "张三"}, True),
    ],
)
async def test_after_half_a_year_as_much_is_asked_for_beside_the_code_as_recovery_asks_for(
    town: Provider, more: dict[str, str], inside: bool
) -> None:
    phone = new_phone()
    await person(
        town,
        phone=phone,
        phone_verified=True,
        certificate_type="414",
        certificate_number=f"E{phone[-8:]}",
    )
    number = f"E{phone[-8:]}"
    more = {name: value.replace("LAST", number[-6:]).replace("WHOLE", number) for name, value in more.items()}
    town.clock.forward(181 * 86_400)
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("certificate_number")
        assert form is not None
        answer = page(await someone.submit(form, decision="enter", **more))
        assert is_inside(someone) is inside
        assert inside or answer.status == 401


@pytest.mark.parametrize("decision", ["enter", "release"])
async def test_a_code_from_before_the_account_was_cleaned_up_opens_and_takes_nothing(
    town: Provider, decision: str
) -> None:
    phone = new_phone()
    username = await person(town, phone=phone, phone_verified=True)
    async with visitor(town) as thief:
        form = (await proved(town, thief, phone)).form_with("decision")
        assert form is not None
        town.clock.forward(1)
        await town.worker.lifecycle.secure(await account_id(town, username), "staff")
        await thief.submit(form, decision=decision)
        assert not is_inside(thief)
    assert len(await holders(town, phone)) == 1


async def test_a_number_nobody_has_proved_needs_the_password_once_and_is_proved_then(town: Provider) -> None:
    phone = new_phone()
    username = await person(town, phone=phone)
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("password")
        assert form is not None
        await someone.submit(form, decision="enter", password=PASSWORD)
        assert is_inside(someone)
    (row,) = await holders(town, phone)
    assert row["id"] == await account_id(town, username)
