"""A code that is still under way when its person logs out."""

import pytest

from tests.support.inprocess import Provider
from tests.support.visits import code_for, person, redeem, signed_in, sql

pytestmark = pytest.mark.anyio


async def test_a_code_of_an_ended_session_lets_nobody_in(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
        await someone.log_out("/end_session")
    response = await redeem(house, client, secret, code)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


async def test_a_code_of_a_frozen_account_lets_nobody_in(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house)
    async with signed_in(house, username) as someone:
        code = await code_for(someone, client)
    await sql(house, "update accounts set state = 'frozen' where username = ?", username)
    response = await redeem(house, client, secret, code)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
