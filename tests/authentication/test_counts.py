"""How often the paths that everybody takes go to the stores: each trip is named, so that none comes unseen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.relying_parties.model import Client
from tests.support.browserless import Browserless, Callback
from tests.support.counting import Counts, counting
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.visits import asking, callback, code_for, page, person, redeem, refresh, signed_in, visitor

pytestmark = pytest.mark.anyio

MOST_STATEMENTS, MOST_COMMANDS = 7, 5
LOGIN = [
    "authentication.claimant_store.FIND",
    "sessions.store.BEGIN",
    "audit.store.RECORD",
    "sessions.device_store.SEEN",
    "sign_on.store.SIGN_ON",
    "sessions.store.JOIN",
    "audit.store.RECORD",
]
ON_KNOWN_DEVICE = [
    "add attempt",
    "get login_epoch, increment login_device",
    "get login_epoch, put login_known_place, take login_place, take login_device",
    "put attempt",
    "put code",
]
AT_KNOWN_PLACE = [
    "add attempt",
    "get login_epoch, increment login_place, get login_known_place, increment login_everybody, increment login_address",
    "get login_epoch, put login_known_place, take login_place",
    "put attempt",
    "put code",
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Provider]:
    """Units of work run once: what is asked is counted."""
    async with provider(tmp_path, twice=False) as started:
        yield started


async def _log_in(
    house: Provider, someone: Browserless, client: Client, username: str, monkeypatch: pytest.MonkeyPatch
) -> Counts:
    """What is asked from the sent form to the code at the system; the session is forgotten."""
    form = page(await someone.open(asking(client))).form_with("password")
    assert form is not None
    with counting(house, monkeypatch) as counts:
        answer = await someone.submit(form, username=username, password=PASSWORD)
    assert isinstance(answer, Callback), answer
    someone.client.cookies.delete("__Host-zhanhe-session")
    return counts


async def test_a_password_login_on_a_known_device(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _secret = await house.register()
    username = await person(house)
    async with visitor(house) as someone:
        await _log_in(house, someone, client, username, monkeypatch)
        counts = await _log_in(house, someone, client, username, monkeypatch)
    assert counts == Counts(LOGIN, ON_KNOWN_DEVICE)
    assert len(LOGIN) <= MOST_STATEMENTS
    assert len(ON_KNOWN_DEVICE) <= MOST_COMMANDS


async def test_a_password_login_on_the_first_device(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _secret = await house.register()
    username = await person(house)
    async with visitor(house) as someone:
        counts = await _log_in(house, someone, client, username, monkeypatch)
    assert counts.statements == LOGIN
    [attempt, admitted, *others] = AT_KNOWN_PLACE
    assert counts.commands == [attempt, admitted, "increment login_strangers", *others]


async def test_a_password_login_on_a_new_device_at_a_known_place(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _secret = await house.register()
    username = await person(house)
    for _device in range(2):
        async with visitor(house) as someone:
            counts = await _log_in(house, someone, client, username, monkeypatch)
    assert [name for name in counts.statements if name in LOGIN] == LOGIN  # its owner is told beside
    assert counts.commands == AT_KNOWN_PLACE
    assert len(AT_KNOWN_PLACE) <= MOST_COMMANDS


async def test_a_system_is_entered_with_a_session(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _secret = await house.register()
    async with signed_in(house) as someone:
        await code_for(someone, client)
        with counting(house, monkeypatch) as counts:
            callback(await someone.open(asking(client)))
    assert counts == Counts(["sign_on.store.SIGN_ON", "audit.store.RECORD"], ["put code"])


async def test_a_code_is_exchanged_and_a_token_refreshed(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client, scope="openid offline_access")
    with counting(house, monkeypatch) as counts:
        answer = await redeem(house, client, secret, code)
    assert counts == Counts(["oauth.store.ADD_GRANT", "audit.store.RECORD"], ["swap code"])
    with counting(house, monkeypatch) as counts:
        answer = await refresh(house, client, secret, answer.json()["refresh_token"])
    assert answer.status_code == 200
    assert counts == Counts(["oauth.store.ROTATE", "audit.store.RECORD"], [])
