"""What a later release has written beside this one: it stops nothing here, and is said."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from idp.relying_parties.doctor import clients
from tests.support import raw_sql
from tests.support.browserless import Page
from tests.support.inprocess import Provider, provider
from tests.support.visits import signed_in

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A worker of this release."""
    async with provider(tmp_path, database_url=migrated_url) as running:
        yield running


def _rewrite(house: Provider, client_id: str, **metadata: object) -> None:
    """As a later release would have registered it."""
    url = house.worker.settings.database
    rows = raw_sql.rows(url, f"SELECT document FROM clients WHERE client_id = '{client_id}'")  # noqa: S608
    document = orjson.dumps(orjson.loads(rows[0]["document"]) | metadata).decode()
    raw_sql.execute(
        url,
        f"UPDATE clients SET document = '{document}' WHERE client_id = '{client_id}'",  # noqa: S608
        "UPDATE revisions SET number = number + 1 WHERE name = 'clients'",
    )


async def test_a_registration_of_a_later_release_stops_no_worker_and_no_other_client(house: Provider) -> None:
    later, secret = await house.register(client_name="新")
    beyond, _ = await house.register(client_name="更新")
    plain, _ = await house.register(client_name="旧")
    _rewrite(house, later.client_id, dpop_bound_access_tokens=True, client_name="新一")
    _rewrite(house, beyond.client_id, token_endpoint_auth_method="tls_client_auth")
    await house.worker.revisions.refresh()
    registry = house.worker.registry
    known = registry.find(later.client_id)
    assert known is not None
    assert known.client_name == "新一"
    assert registry.secret_matches(later.client_id, secret or "")
    assert registry.find(plain.client_id) is not None
    assert registry.find(beyond.client_id) is None
    said = {finding.says: finding.ok for finding in clients(registry)}
    assert said["新一 is registered with what this release does not know: dpop_bound_access_tokens"]
    unreadable = f"{beyond.client_id} was registered by another release, and cannot be read here"
    assert said[unreadable] is False


async def test_a_key_and_a_record_of_a_later_release_stop_no_worker(house: Provider) -> None:
    url = house.worker.settings.database
    async with signed_in(house) as someone:
        [row] = raw_sql.rows(url, "SELECT account_id FROM sessions")
        raw_sql.execute(
            url,
            "UPDATE signing_keys SET algorithm = 'ML-DSA-44' WHERE algorithm = 'EdDSA'",
            "UPDATE revisions SET number = number + 1 WHERE name = 'keys'",
            "INSERT INTO audit_events (id, at, event, account_id, detail)"
            " SELECT 'zz', 9e9, 'account.teleported', account_id, '{}' FROM sessions",
        )
        await house.worker.revisions.refresh()
        assert len(house.worker.keys.periods()) == 2
        page = await someone.open("/me/events")
        assert isinstance(page, Page)
        assert page.status == 200
        shown, _ = await house.worker.events.of_account(row["account_id"], str)
        assert {event.event.value for event in shown} >= {"login.succeeded"}
