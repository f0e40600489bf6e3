"""Nobody removes the last way into their own account."""

import pytest

from tests.selfservice.removing import removal
from tests.support.inprocess import Provider
from tests.support.passkey_forms import authenticator, made
from tests.support.platforms import Whole
from tests.support.visits import person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio


async def only_by_passkey(house: Provider, username: str) -> None:
    """Take every other way in."""
    await sql(
        house,
        "update accounts set password_hash = '', phone_verified_at = null where username = ?",
        username,
    )


async def test_the_last_way_in_is_not_removed(house: Provider) -> None:
    username, key = await person(house), authenticator()
    async with signed_in(house, username) as someone:
        assert (await made(someone, key)).status_code == 303
        await only_by_passkey(house, username)
        refused = await removal(someone)
        assert "最后一种方式" in refused.text
        assert [row["kind"] for row in await sql(house, "select kind from authenticators")] == ["passkey"]
        assert (await made(someone, authenticator())).status_code == 303
        assert "最后一种方式" not in (await removal(someone)).text
        assert len(await sql(house, "select id from authenticators")) == 1


async def test_a_platform_in_use_is_a_way_in(whole: Whole) -> None:
    async with visitor(whole.house) as someone:
        await whole.came(someone, "henan", "zhangsan", "person")
        assert (await made(someone, authenticator())).status_code == 303
        await removal(someone)
        assert await sql(whole.house, "select id from authenticators") == []
