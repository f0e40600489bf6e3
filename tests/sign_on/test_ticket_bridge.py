"""Another protocol than OpenID Connect is entered through the same sign-on, with its own words and its own answers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from idp.authentication.login.continuation import PURPOSE
from idp.infrastructure.web.dispatch import Dispatcher
from idp.relying_parties.model import Client
from idp.server.front import errors
from tests.sign_on.ticket_bridge import LOGIN, VALIDATE, TicketBridge
from tests.support.browserless import Callback, Page
from tests.support.inprocess import PASSWORD, REDIRECT_URI, Provider, provider
from tests.support.visits import asking, callback, page, person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Provider]:
    async with provider(tmp_path) as started:
        worker = started.worker
        bridge = TicketBridge(worker.base, worker.site, worker.registry, worker.sign_on, worker.sign_on_pages)
        worker.protocols.add(bridge)
        routes, sources = (
            worker.attempts.guarded(worker.reception.routes(bridge.routes())),
            worker.base.sources,
        )
        yield replace(
            started, dispatcher=Dispatcher(routes, started.dispatcher, errors(worker.site), sources)
        )


def entering(client: Client, **more: str) -> str:
    return f"{LOGIN}?{urlencode({'system': client.client_id, 'service': REDIRECT_URI, **more})}"


async def validated(house: Provider, client: Client, ticket: str) -> Any:
    async with house.machine() as system:
        query = {"system": client.client_id, "ticket": ticket}
        return (await system.get(VALIDATE, params=query)).json()


async def test_login_consent_and_a_ticket_that_is_good_once(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    other, _ = await house.register()
    username = await person(house)
    async with visitor(house) as someone:
        form = page(await someone.open(entering(client))).form_with("password")
        assert form is not None
        consent = page(await someone.submit(form, username=username, password=PASSWORD))
        agree = consent.form_with("continue")
        assert agree is not None
        assert "姓名和用户名" in consent.text
        ticket = callback(await someone.submit(agree, decision="allow")).parameters["ticket"]
        assert await validated(house, client, ticket) == {"valid": True, "user": username, "level": 2}
        assert await validated(house, client, ticket) == {"valid": False}
        # From now on nothing is asked; and by the other protocol neither.
        second = callback(await someone.open(entering(client))).parameters["ticket"]
        assert await validated(house, other, second) == {"valid": False}
        assert "code" in callback(await someone.open(asking(client))).parameters
    joined = await sql(house, "SELECT client_id FROM participants")
    assert [row["client_id"] for row in joined] == [client.client_id]


async def test_a_refusal_is_said_in_the_protocol_s_own_words(house: Provider) -> None:
    client, _ = await house.register(consent_required=True)
    async with signed_in(house) as someone:
        agree = page(await someone.open(entering(client))).form_with("continue")
        assert agree is not None
        denied = callback(await someone.submit(agree, decision="deny"))
    assert denied.parameters == {"refused": "denied"}
    assert "consent.refused" in await house.audit_events()


async def test_a_fresh_login_where_the_system_asks_for_one(house: Provider) -> None:
    client, _ = await house.register()
    async with signed_in(house) as someone:
        house.clock.forward(60)
        shown = await someone.open(entering(client, renew="true"))
        assert isinstance(shown, Page)
        sealed = parse_qs(urlsplit(shown.url).query)["continue"][0]
        assert isinstance(await someone.open(f"/authorize/resume?continue={sealed}"), Page)
        assert isinstance(await someone.open(entering(client)), Callback)


async def test_what_was_begun_by_a_protocol_that_is_not_spoken_any_more_has_lapsed(house: Provider) -> None:
    client, _ = await house.register()
    async with visitor(house) as someone:
        shown = page(await someone.open(entering(client)))
        sealed = parse_qs(urlsplit(shown.url).query)["continue"][0]
        vault = house.worker.base.vault
        of_another = vault.seal(PURPOSE, vault.unseal(PURPOSE, sealed) | {"protocol": "gone", "newer": 1})
        assert page(await someone.open(f"/authorize/resume?continue={of_another}")).status == 400
