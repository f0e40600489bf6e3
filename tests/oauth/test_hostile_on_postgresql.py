"""What SQLite takes and PostgreSQL does not: a NUL in what somebody sent is no fault there either."""

from pathlib import Path

import pytest

from tests.oauth.assertions import assertion, jwks, key, present
from tests.support.inprocess import provider
from tests.support.logins import attempt
from tests.support.raw import raw_request
from tests.support.visits import asking, callback, person, signed_in, visitor

pytestmark = pytest.mark.anyio


async def test_a_nul_reaches_no_statement(postgres_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=postgres_url, key_value_url="sql") as house:
        username = await person(house)
        async with visitor(house) as someone:
            for hostile in ("\x00", f"{username}\x00"):
                assert (await attempt(someone, hostile)).status_code == 400
            assert (await attempt(someone, username, "a\x00b")).status_code == 400
            assert (await attempt(someone, "a" * 5000)).status_code == 401
        one = key()
        client, _ = await house.register(token_endpoint_auth_method="private_key_jwt", jwks=jwks(one))
        assert (await present(house, assertion(house, client, one, jti="a\x00b"))).status_code == 401
        assert (await present(house, assertion(house, client, one, jti="b\u200b"))).status_code == 200
        headers = [
            (b"cookie", b"__Host-zhanhe-session=zss_\x00"),
            (b"user-agent", b"a\x00b"),
            (b"accept", b"text/html"),
        ]
        for path in ("/", "/login", "/login/otp"):
            assert (await raw_request(house, "GET", path, headers=headers)).status == 400
        async with signed_in(house) as someone:
            for changes in (
                {"state": "a\x00"},
                {"nonce": "a\x00"},
                {"scope": "openid \x00"},
                {"login_hint": "\x00"},
            ):
                assert "error" in callback(await someone.open(asking(client, **changes))).parameters
