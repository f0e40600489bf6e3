"""From when on and for how long an assertion is good, and which key is meant where there is only one."""

from typing import Any

import pytest

from tests.oauth.assertions import assertion, key, present, refusal_of, registered, shaped
from tests.support.inprocess import Provider

pytestmark = pytest.mark.anyio


async def test_an_assertion_may_say_from_when_on_it_is_good(house: Provider) -> None:
    one = key()
    client = await registered(house, one)
    now = int(house.clock.now)
    for since in (now - 60, now, now + 2):
        assert (await present(house, assertion(house, client, one, nbf=since))).status_code == 200
    shaped(await present(house, assertion(house, client, one, nbf=now + 30)), 401, "invalid_client")


async def test_the_longest_life_is_in_the_metadata_and_an_hour_is_to_be_had_by_name(house: Provider) -> None:
    async with house.machine() as machine:
        for document in ("openid-configuration", "oauth-authorization-server"):
            known = (await machine.get(f"/.well-known/{document}")).json()
            assert known["client_assertion_lifetime_max"] == 360
    one = key()
    ordinary, patient = await registered(house, one), await registered(house, one, assertion_lifetime=3600)
    assert "assertion_lifetime=3600" in patient.loosened()
    for client, longest in ((ordinary, 360), (patient, 3660)):
        now = int(house.clock.now)
        assert (await present(house, assertion(house, client, one, exp=now + longest))).status_code == 200
        text = assertion(house, client, one, exp=now + longest + 1)
        shaped(await present(house, text), 401, "invalid_client")
        assert f"more than {longest} seconds" in (await refusal_of(house, client))["reason"]
    text = assertion(house, patient, one, exp=int(house.clock.now) + 3600)
    assert (await present(house, text)).status_code == 200
    house.clock.forward(3000)
    shaped(await present(house, text), 401, "invalid_client")  # it is remembered for as long as it is good


@pytest.mark.parametrize("names", [{}, {"kid": None}, {"kid": "any"}], ids=repr)
async def test_one_key_registered_without_a_name_is_meant_by_every_assertion(
    house: Provider, names: dict[str, Any]
) -> None:
    one = key()
    nameless = {name: value for name, value in one.as_dict(private=False).items() if name != "kid"}
    client, _ = await house.register(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [nameless]})
    text = assertion(house, client, one, names)
    assert (await present(house, text)).status_code == 200
    shaped(await present(house, assertion(house, client, key(), names)), 401, "invalid_client")
