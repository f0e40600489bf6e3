"""A member of staff with a second account of their own: what is asked before an act is asked in the act, too.

The question of the page is answered wrongly on purpose, as if the certificate had come to the account a moment later.
"""

import pytest

from idp.organizations.roles import RoleName
from tests.attacks.everybody import as_, staff
from tests.attacks.scene import STRONG, Scene, field
from tests.support.browserless import Form
from tests.support.visits import account_id, page, person

pytestmark = pytest.mark.anyio


async def second_account(scene: Scene, username: str) -> tuple[str, str]:
    """Another account with the certificate of a member of staff; its username and id."""
    who = await account_id(scene.house, username)
    other = await person(scene.house, name="赵六", level=0)
    other_id = await account_id(scene.house, other)
    await scene.execute(
        "UPDATE accounts SET certificate_type = '414', certificate_index ="  # noqa: S608
        f" (SELECT certificate_index FROM accounts WHERE id = '{who}') WHERE id = '{other_id}'"
    )
    return other, other_id


@pytest.mark.parametrize("decision", ["freeze", "secure"])
async def test_nobody_closes_an_account_of_their_own(scene: Scene, decision: str) -> None:
    username = await staff(scene, RoleName.COUNTER)
    other, other_id = await second_account(scene, username)
    async with as_(scene, username, STRONG) as someone:
        form = field(page(await someone.open("/counter/accounts")), "identifier")
        shown = page(await someone.submit(form, identifier=other))
        fields = {**field(shown, "decision").fields, "decision": decision, "reason": "依据文书"}
        scene.house.worker.counter.is_concerned = _nobody  # type: ignore[method-assign]
        sent = Form("https://id.test/counter/accounts/change", "POST", fields)
        assert page(await someone.submit(sent)).status == 400
    [row] = await scene.rows(f"SELECT state, password_hash FROM accounts WHERE id = '{other_id}'")  # noqa: S608
    assert (row["state"], bool(row["password_hash"])) == ("active", True)


async def test_nobody_acts_for_an_account_of_their_own(scene: Scene) -> None:
    username = await staff(scene, RoleName.COUNTER)
    other, other_id = await second_account(scene, username)
    async with as_(scene, username, STRONG) as someone:
        form = field(page(await someone.open("/counter/act")), "identifier")
        shown = page(await someone.submit(form, identifier=other))
        fields = {**field(shown, "account").fields, "account": other_id, "seen": "1"}
        who = await account_id(scene.house, username)
        assert await scene.house.worker.mandates.begin_counter(other_id, who) is None
        answer = page(await someone.submit(Form("https://id.test/counter/act", "POST", fields)))
        assert answer.status == 400
    assert await scene.rows(f"SELECT id FROM mandates WHERE principal_account_id = '{other_id}'") == []  # noqa: S608


async def _nobody(staff_id: str, account_id: str) -> bool:
    return False
