"""A signing key in strangers' hands: nothing that it signed is believed, and the next one signs at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from idp.keys.model import Algorithm
from idp.keys.service import OVERLAP_SECONDS, KeyRing, UnknownKey
from tests.keys.published import published
from tests.support.inprocess import Provider, basic, provider
from tests.support.logins import is_in
from tests.support.visits import (
    asking,
    callback,
    header_of,
    page,
    post,
    refresh,
    signed_in,
    tokens,
    userinfo,
)

pytestmark = pytest.mark.anyio
BACK = "https://app.test/bye"


@pytest.fixture(params=["sqlite", "postgresql"])
async def town(request: pytest.FixtureRequest, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on a database of each kind."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with provider(tmp_path, database_url=url) as started:
        yield started


async def test_what_a_revoked_key_signed_is_refused_at_once_and_a_new_one_signs(town: Provider) -> None:
    client, secret = await town.register(resource_server=True)
    async with signed_in(town) as someone:
        made = await tokens(town, client, secret, someone, scope="openid offline_access")
    old = header_of(made["access_token"])["kid"]
    assert (await userinfo(town, made["access_token"])).status_code == 200
    other = KeyRing(town.worker.base)  # the command line
    successor = await other.revoke(old, "cli:op")
    assert successor is not None
    await town.worker.revisions.refresh()
    assert old not in await published(town)
    assert successor.kid in await published(town)
    assert (await userinfo(town, made["access_token"])).status_code == 401
    answer = await post(town, "/introspect", {"token": made["access_token"]}, basic(client, secret))
    assert answer.json() == {"active": False}
    again = (await refresh(town, client, secret, made["refresh_token"])).json()
    assert header_of(again["access_token"])["kid"] == successor.kid
    assert (await userinfo(town, again["access_token"])).status_code == 200


async def test_it_is_recorded_with_who_did_it(town: Provider) -> None:
    kid = next(each.kid for each in town.worker.keys.periods() if each.algorithm is Algorithm.RS256)
    successor = await town.worker.keys.revoke(kid, "cli:op")
    assert successor is not None
    lines = await town.audit_lines()
    [revoked] = [line for line in lines if line["event"] == "key.revoked"]
    assert revoked["actor"] == "cli:op"
    assert kid in str(revoked["detail"])
    created = [str(line["detail"]) for line in lines if line["event"] == "key.created"]
    assert any(successor.kid in detail for detail in created)


async def test_a_hint_of_a_revoked_key_ends_no_session_and_names_nobody(town: Provider) -> None:
    client, secret = await town.register(post_logout_redirect_uris=[BACK])
    async with signed_in(town) as someone:
        hint = (await tokens(town, client, secret, someone))["id_token"]
        await town.worker.keys.revoke(header_of(hint)["kid"], "cli:op")
        asked = callback(await someone.open(asking(client, id_token_hint=hint, prompt="none")))
        assert asked.parameters["error"] == "login_required"
        leaving = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": BACK})
        shown = page(await someone.open(f"/end_session?{leaving}"))
        form = shown.form_with("decision")
        assert form is not None, shown.text  # the person is asked
        assert await is_in(someone)
        assert callback(await someone.submit(form, decision="logout")).url.startswith(BACK)


async def test_a_key_that_was_replaced_already_needs_no_successor(town: Provider) -> None:
    keys = town.worker.keys
    old = header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"]
    new = await keys.rotate(Algorithm.ES256, lead=0)
    assert await keys.revoke(old, "cli:op") is None
    assert old not in await published(town)
    assert header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"] == new.kid


async def test_a_key_that_signs_until_its_successor_does_gets_another_one(town: Provider) -> None:
    keys = town.worker.keys
    old = header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"]
    announced = await keys.rotate(Algorithm.ES256, lead=3600)
    at_once = await keys.revoke(old, "cli:op")
    assert at_once is not None
    assert header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"] == at_once.kid
    town.clock.forward(3600)
    assert header_of(keys.sign(Algorithm.ES256, "JWT", {}))["kid"] == announced.kid


async def test_a_key_is_revoked_once_however_many_try(town: Provider) -> None:
    kid = header_of(town.worker.keys.sign(Algorithm.ES256, "JWT", {}))["kid"]
    rings = [KeyRing(town.worker.base) for _ in range(5)]
    outcomes = await asyncio.gather(*[ring.revoke(kid, "cli:op") for ring in rings], return_exceptions=True)
    assert sum(isinstance(outcome, UnknownKey) for outcome in outcomes) == 4
    for unknown in (kid, "never", ""):
        with pytest.raises(UnknownKey):
            await rings[0].revoke(unknown, "cli:op")
    town.clock.forward(OVERLAP_SECONDS)
    assert len(await published(town)) == 3
