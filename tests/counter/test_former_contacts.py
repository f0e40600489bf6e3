"""Whoever changes how an owner is told does not silence them: where they were reached until lately is told too."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from idp.accounts.contacts.former import KEPT_SECONDS
from idp.accounts.contacts.former_store import former_contacts
from idp.accounts.store import AccountStore
from idp.counter.model import CounterClaim, RequestKind
from idp.federation.model import UpstreamLink
from idp.infrastructure.database import Statement
from idp.infrastructure.database.interface import fetch
from tests.counter.asking import NEW_PHONE, phone_changed
from tests.counter.conftest import NUMBER, PHONE, Hall
from tests.support.messages import messages_to
from tests.support.statements import every_statement

pytestmark = pytest.mark.anyio

KEPT = Statement(select(former_contacts))
REACHED = {
    "accounts.contacts.store.SET_CONTACT": "kept by selfservice.profile.service",
    "accounts.contacts.phone_store.CHANGE": "kept by accounts.contacts.phones",
    "accounts.contacts.phone_store.CONFIRM": "the same phone",
    "accounts.contacts.phone_store.RELEASE": "another has proved it: whoever answers there is somebody else",
    "accounts.lifecycle.store.RELEASE_PHONE": "kept by accounts.lifecycle.service",
    "accounts.lifecycle.store.DROP_NEW_PHONE": "younger than a month after a theft: it may be the thief's",
    "accounts.lifecycle.store.CANCEL": "the account is gone",
    "accounts.lifecycle.store.WIPE_MERGED": "the account is gone",
    "accounts.lifecycle.reset.RESET": "kept by counter.approved_requests",
    "accounts.real_names.binding_store.BIND": "kept by accounts.real_names.binding",
    "accounts.merges.store.CLOSE": "both are told of the merge; the side that is verified stays reached",
    "accounts.merges.store.SET": "kept by accounts.merges.service",
}
"""Every statement that changes a phone or mail of an account, and who keeps what was."""


def test_every_statement_that_changes_how_somebody_is_reached_is_named() -> None:
    changing = set()
    for name, statement in every_statement().items():
        found = re.match(r"UPDATE accounts SET (.*?) WHERE", statement.sqlite.text, re.S)
        if found and re.search(r"\b(phone|phone_verified_at|email)=", found[1]):
            changing.add(name)
    assert changing == set(REACHED)


async def released(hall: Hall) -> None:
    """Two members of staff take the phone off."""
    worker, id_ = hall.house.worker, hall.id("zhangsan")
    await worker.account_requests.change(RequestKind.RELEASE, id_, "号码已换人", hall.id("zhaoliu"))
    [request] = await worker.counter.open_requests()
    await worker.counter.confirm(request.id, hall.id("zhouba"))


async def recovered(hall: Hall) -> None:
    worker = hall.house.worker
    claim = CounterClaim("张三", "111", NUMBER, NEW_PHONE)
    await worker.counter.ask(RequestKind.RECOVER, hall.id("zhangsan"), hall.id("zhaoliu"), claim)
    [request] = await worker.counter.open_requests()
    await worker.counter.confirm(request.id, hall.id("sunqi"))


@pytest.mark.parametrize("silence", [released, recovered, phone_changed])
async def test_a_phone_that_was_taken_off_is_told_for_thirty_days(any_hall: Hall, silence: Any) -> None:
    house, id_ = any_hall.house, any_hall.id("zhangsan")
    row = await house.worker.counter.account(id_)
    assert row is not None
    assert await house.worker.phones.confirm(row, PHONE)
    await silence(any_hall)
    before = len(await messages_to(house, PHONE))
    assert before  # of the act itself
    house.clock.forward(KEPT_SECONDS - 60)
    await house.worker.lifecycle.freeze(id_, "查证", "test")
    told = await messages_to(house, PHONE)
    assert len(told) == before + 1
    assert "已被冻结" in told[-1]
    kept = await house.worker.base.database.read(fetch(KEPT()))
    assert PHONE not in str([dict(each) for each in kept])
    found = await house.worker.base.database.read(lambda: AccountStore(house.worker.base.vault).find(PHONE))
    assert found is None  # it is told, and names nobody
    house.clock.forward(120)
    await house.worker.lifecycle.thaw(id_, "查清", "test")
    assert len(await messages_to(house, PHONE)) == before + 1
    await house.worker.former_contacts.forget_old()
    assert await house.worker.base.database.read(fetch(KEPT())) == []


async def test_what_is_kept_goes_with_the_account(any_hall: Hall) -> None:
    house, id_ = any_hall.house, any_hall.id("zhangsan")
    row = await house.worker.counter.account(id_)
    assert row is not None
    assert await house.worker.phones.confirm(row, PHONE)
    await released(any_hall)
    assert len(await house.worker.base.database.read(fetch(KEPT()))) == 1
    await house.worker.lifecycle.deceased(id_, "证明", "test")
    assert await house.worker.base.database.read(fetch(KEPT())) == []


async def test_a_recovery_leaves_no_link_to_a_platform(any_hall: Hall) -> None:
    house, now = any_hall.house, any_hall.house.clock.now
    links = house.worker.federation.linking.links
    link = UpstreamLink("link", "henan", "person", b"thief", 0, "", now, now, any_hall.id("zhangsan"))
    await house.worker.base.database.write(lambda: links.add(link, "thief"))
    house.clock.forward(60)
    await recovered(any_hall)
    assert await house.worker.links.of_account(any_hall.id("zhangsan")) == []
