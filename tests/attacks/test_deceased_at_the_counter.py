"""A living person declared dead: not by one, not by a slip, not unseen; and who hears of a death."""

import asyncio

import pytest

from idp.counter.model import RequestKind
from idp.organizations.roles import RoleName
from tests.counter.conftest import NUMBER, STRONG, Hall
from tests.support import raw_sql
from tests.support.browserless import Form, Page
from tests.support.messages import messages_to
from tests.support.visits import account_id, page, person, signed_in

pytestmark = pytest.mark.anyio
FIELDS = {"name": "张三", "reason": "死亡证明 1 号"}


async def state(hall: Hall, username: str = "zhangsan") -> str:
    row = await hall.house.worker.counter.account(hall.id(username))
    assert row is not None
    return str(row.state)


async def begun(hall: Hall, staff: str = "sunqi", path: str = "/counter/deceased", **fields: str) -> Page:
    """A supervisor posts what begins it."""
    async with signed_in(hall.house, staff, STRONG) as someone:
        await hall.house.worker.counter.find(NUMBER, hall.id(staff))
        token = page(await someone.open("/counter/act")).form_with("csrf")
        assert token is not None
        data = {"csrf": token.fields["csrf"], "account": hall.id("zhangsan")} | FIELDS | fields
        return page(await someone.submit(Form(f"https://id.test{path}", "POST", data)))


async def confirmed(hall: Hall, staff: str, times: int = 1) -> list[int]:
    """The statuses of so many confirmations at once."""
    async with signed_in(hall.house, staff, STRONG) as someone:
        form = page(await someone.open("/counter/queue")).form_with("decision")
        assert form is not None
        pressed = [someone.submit(tab, decision="confirm", name_differs="1") for tab in form.in_tabs(times)]
        return [page(answer).status for answer in await asyncio.gather(*pressed)]


async def test_one_supervisor_alone_by_any_form_leaves_a_person_alive(hall: Hall) -> None:
    for path, fields in (
        ("/counter/deceased", {}),
        ("/counter/accounts/change", {"decision": "deceased"}),
        ("/counter/accounts/change", {"decision": "died"}),
    ):
        await begun(hall, path=path, **fields)
    assert await confirmed(hall, "sunqi", 3) == [409] * 3
    assert await state(hall) == "active"
    assert sorted(await confirmed(hall, "zhouba", 5)) == [200, 409, 409, 409, 409]
    assert await state(hall) == "deceased"
    events = await hall.house.audit_events()
    assert events.count("account.deceased") == 1


@pytest.mark.parametrize("name", ["", " ", "三", "*三", "张三丰", "zhangsan", NUMBER])
async def test_another_name_than_the_whole_one_begins_nothing(hall: Hall, name: str) -> None:
    assert (await begun(hall, name=name)).status == 400
    assert await hall.house.worker.counter.open_requests() == []


async def test_a_clerk_begins_none_and_two_clerks_confirm_none(hall: Hall) -> None:
    assert (await begun(hall, "zhaoliu")).status == 403
    await begun(hall)
    await hall.house.worker.roles.withdraw(hall.id("sunqi"), RoleName.SUPERVISOR, "410411", "test")
    assert await confirmed(hall, "zhouba") == [409]
    assert await state(hall) == "active"


async def test_a_person_who_logs_in_meanwhile_is_seen_and_the_way_back_takes_two(hall: Hall) -> None:
    await begun(hall)
    await confirmed(hall, "zhouba")
    async with signed_in(hall.house, "sunqi", STRONG) as someone:
        await hall.house.worker.counter.find(NUMBER, hall.id("sunqi"))
        form = page(await someone.open(f"/counter/accounts?account={hall.id('zhangsan')}")).form_with(
            "decision"
        )
        assert form is not None
        await someone.submit(form, decision="thaw", reason="误登记")
    assert await state(hall) == "deceased"
    assert await confirmed(hall, "zhouba") == [200]
    assert await state(hall) == "active"


async def test_who_acts_for_the_firm_of_the_dead_is_told(hall: Hall) -> None:
    """And those who do so through a firm of theirs; nobody whose mandate had ended."""
    house = hall.house
    phones = {"agent": "13800000021", "other": "13800000022", "former": "13800000023"}
    ids = {
        name: await account_id(house, await person(house, username=name, phone=phone, phone_verified=True))
        for name, phone in phones.items()
    }
    for number, (firm_id, owner) in enumerate({"f1": hall.id("zhangsan"), "f2": ids["other"]}.items()):
        row = {
            "id": firm_id, "unified_social_credit_code": f"91410411MA000000{number}X", "name": f"示例{number}",
            "kind": "enterprise", "state": "active", "representative_account_id": owner, "method": "test",
            "evidence_reference": "test",
        }  # fmt: skip
        insert(house.worker.settings.database, "legal_persons", row)
    for number, (agent, state_) in enumerate((("agent", "active"), ("former", "revoked"))):
        mandate(house.worker.settings.database, f"m{number}", state_, agent_account_id=ids[agent])
    mandate(house.worker.settings.database, "m9", "suspended", agent_legal_person_id="f2")
    await house.worker.account_requests.change(
        RequestKind.DECEASED, hall.id("zhangsan"), "证明", hall.id("sunqi")
    )
    await confirmed(hall, "zhouba")
    for name, told in {"agent": True, "other": True, "former": False}.items():
        texts = [text for text in await messages_to(house, phones[name]) if "法定代表人" in text]
        assert (len(texts), "张三" in str(texts)) == (int(told), False), name
        assert not told or "*三" in texts[0]


def mandate(url: str, id_: str, state_: str, **agent: str) -> None:
    """A mandate of the firm, as it stands."""
    row = {
        "id": id_, "relation": "agent", "role": "agent", "systems": "[]", "items": "[]", "state": state_,
        "principal_legal_person_id": "f1", "granted_by": "test", "evidence_reference": "test", **agent,
    }  # fmt: skip
    insert(url, "mandates", row)


def insert(url: str, table: str, row: dict[str, str]) -> None:
    """A row, with an instant wherever one is wanted."""
    instants = {
        "legal_persons": ("created_at", "updated_at"),
        "mandates": ("valid_from", "created_at"),
    }
    texts = {name: f"'{value}'" for name, value in row.items()} | dict.fromkeys(instants[table], "1800000000")
    names, values = ", ".join(texts), ", ".join(texts.values())
    raw_sql.execute(url, f"INSERT INTO {table} ({names}) VALUES ({values})")  # noqa: S608
