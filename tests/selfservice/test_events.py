"""/me/events: what happened, in words, to its owner only and without what is nobody's business."""

import re

import pytest

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.selfservice.events.texts import ALARMING, FOR_PRINCIPAL, HIDDEN, TITLES
from tests.support.inprocess import Provider
from tests.support.visits import account_id, page, person, signed_in, visitor

pytestmark = pytest.mark.anyio
HOME = "/me/events"


async def record(house: Provider, line: AuditEvent) -> None:
    """A line as any room would write it."""
    await house.worker.base.database.add(AuditStore(house.worker.base.sources).record(line))


def test_every_event_is_told_or_kept_back_on_purpose() -> None:
    assert TITLES.keys() & HIDDEN == set()
    assert TITLES.keys() | HIDDEN == set(EventType)
    assert TITLES.keys() >= FOR_PRINCIPAL | ALARMING


async def test_every_event_can_be_shown_in_both_languages(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    async with signed_in(house, username) as someone:
        for event in TITLES:
            await record(
                house,
                AuditEvent(
                    event=event, account_id=who, detail={"reason": "<b>", "level": 3, "amr": ["pwd", "x"]}
                ),
            )
        for lang in ("zh-CN", "en"):
            path, texts = f"{HOME}?ui_locales={lang}", []
            while path:
                shown = page(await someone.open(path)).text
                texts += re.findall(r"<tr>", shown)
                older = re.search(r'href="(/me/events\?before=[^"]+)"', shown)
                path = older[1] if older else ""
            assert len(texts) >= len(TITLES) + 2


async def test_what_is_internal_stays_inside(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    hidden = {"reason": "dbsecret", "jti": "tokenid", "grant_id": "grantid", "kid": "keyid"}
    async with signed_in(house, username) as someone:
        for event in EventType:
            await record(
                house,
                AuditEvent(
                    event=event, account_id=who, detail=hidden, actor="staffmember", address="203.0.113.77"
                ),
            )
        shown = "".join([page(await someone.open(HOME)).text for _ in range(1)])
    for secret in (*hidden.values(), "staffmember", "203.0.113.77"):
        assert secret not in shown
    assert "由工作人员或系统办理" in shown


async def test_each_line_is_shown_once_however_the_pages_are_turned(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    for number in range(45):  # all in one instant: the clock stands still
        await record(
            house,
            AuditEvent(
                event=EventType.AUTHORIZATION_GRANTED, account_id=who, client_id=f"system-{number:02}"
            ),
        )
    async with signed_in(house, username) as someone:
        path, found = HOME, []
        while path:
            shown = page(await someone.open(path)).text
            found += re.findall(r"system-\d\d", shown)
            older = re.search(r'href="(/me/events\?before=[^"]+)"', shown)
            path = older[1] if older else ""
    assert sorted(found) == [f"system-{number:02}" for number in range(45)]


async def test_another_s_events_are_not_shown_and_their_ids_lead_nowhere(house: Provider) -> None:
    other = await account_id(house, await person(house))
    await record(
        house, AuditEvent(event=EventType.CONSENT_GIVEN, account_id=other, client_id="secret-system")
    )
    lines = [line for line in await house.audit_lines() if line["client_id"] == "secret-system"]
    async with signed_in(house) as someone:
        assert "secret-system" not in page(await someone.open(HOME)).text
        shown = page(await someone.open(f"{HOME}?before={lines[0]['id']}"))
        assert shown.status == 200
        assert "没有更早的记录" in shown.text
        for before in ("", "x" * 500, "' or 1=1 --"):
            answer = await someone.client.get(HOME, params={"before": before})
            assert answer.status_code == 200
        assert (await someone.client.get(HOME, params={"before": "\u0000"})).status_code == 400


async def test_what_an_agent_does_in_my_name_is_shown_to_me_without_their_address(house: Provider) -> None:
    agent, username = await account_id(house, await person(house)), await person(house)
    mine = await account_id(house, username)
    await record(
        house,
        AuditEvent(
            event=EventType.REPRESENTATION_BEGUN, account_id=agent, address="203.0.113.88", principal=mine
        ),
    )
    await record(
        house,
        AuditEvent(event=EventType.LOGIN_FAILED, account_id=agent, address="203.0.113.88", principal=mine),
    )
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(HOME)).text
    assert "开始代他人办事" in shown
    assert "由代您办事的人办理" in shown
    assert "203.0.113.88" not in shown
    assert "登录没有成功" not in shown


async def test_who_is_not_logged_in_is_asked_to(house: Provider) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open(HOME)).form_with("password") is not None
