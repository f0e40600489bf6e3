"""docs/security.md, "Ways in, and who may touch them": each cell of its table, through the interface, as it says.

What is refused leaves the account as it was; an act of the interface that the table does not name fails a test.
"""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from tests.selfservice.acts import ACTS, Actor
from tests.selfservice.api_paths import GIVING, SECURITY, WRITES
from tests.selfservice.calling import token_of
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, person, signed_in, sql

pytestmark = pytest.mark.anyio

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
HEADING = "### Ways in, and who may touch them"
_phones = count(13700500001)
PROTECTED = (
    "SELECT password_hash, phone_index, phone_verified_at, email, login_choices, state, closes_at, security_version"
    " FROM accounts WHERE id = ?",
    "SELECT id, kind FROM authenticators WHERE account_id = ? ORDER BY id",
    "SELECT id, state FROM mandates WHERE principal_account_id = ? ORDER BY id",
    "SELECT id FROM sessions WHERE account_id = ? AND ended_at IS NULL ORDER BY id",
)


ACTORS: dict[str, tuple[str, float, str]] = {
    "owner, both factors": ("pwd otp mfa", 0, ""),
    "password alone": ("pwd", 0, ""),
    "phone alone": ("sms", 0, ""),
    "picture alone": ("qr", 0, ""),
    "a platform alone": ("upstream", 0, ""),
    "owner, an hour ago": ("pwd otp mfa", 3600, ""),
    "app that may read": ("pwd otp mfa", 0, "openid account"),
}


def _table() -> dict[str, dict[str, str]]:
    text = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)[2]
    text = text.partition("\n#")[0]  # the next section has a table of its own
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    columns = [cell.strip() for cell in lines[0]]
    rows = [[cell.strip() for cell in line] for line in lines[2:]]
    return {row[0]: dict(zip(columns[1:], row[1:], strict=True)) for row in rows}


CELLS = [(act, actor, allowed) for act, row in _table().items() for actor, allowed in row.items()]


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    async with provider(tmp_path_factory.mktemp("provider"), message_sink=True) as running:
        yield running


def test_the_table_names_every_act_and_everybody() -> None:
    assert _table().keys() == ACTS.keys()
    assert all(row.keys() == ACTORS.keys() for row in _table().values())
    tried = {path for _, paths in ACTS.values() for path in paths}
    assert {write[1] for write in (*SECURITY, *GIVING)} <= tried
    assert tried <= {write[1] for write in WRITES}


@pytest.mark.parametrize(("act", "actor", "allowed"), CELLS)
async def test_each_cell(house: Provider, act: str, actor: str, allowed: str) -> None:
    methods, ago, scope = ACTORS[actor]
    phone = str(next(_phones))
    certificate = {"certificate_type": "414", "certificate_number": f"E{phone[-8:]}"}
    username = await person(house, phone=phone, phone_verified=True, level=2, **certificate)
    secret = await house.enrol_totp(username)
    owner = await account_id(house, username)
    async with signed_in(house, username, ("pwd", "otp", "mfa")) as someone:
        token = await (token_of(house, someone, scope) if scope else token_of(house, someone))
    # As a token that was given before the account was protected, or that something else went wrong with.
    await sql(house, "UPDATE grants SET amr = ? WHERE account_id = ?", methods, owner)
    house.clock.forward(ago)
    if ago:
        await sql(house, "UPDATE sessions SET last_seen_at = ? WHERE account_id = ?", house.clock.now, owner)
    before = [await sql(house, query, owner) for query in PROTECTED]
    answer = await ACTS[act][0](Actor(house, username, secret, token))
    after = [await sql(house, query, owner) for query in PROTECTED]
    refused = answer.status_code in (401, 403) or (act.startswith("let") and answer.status_code == 404)
    assert ("no" if refused else "yes") == allowed, answer.text
    if refused:
        assert after == before
    elif answer.status_code < 300 and act not in ("take a copy of the data", "add a passkey"):
        assert after != before
