"""An administrator with bounds who reaches for more: by the pages and by an app, one after the other and at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.scene import STRONG, Scene, field, new_phone, played
from tests.selfservice.calling import call, token_of
from tests.support.browserless import Browserless, Form, Page
from tests.support.mandates import company, mandate
from tests.support.visits import account_id, page, person, signed_in

pytestmark = pytest.mark.anyio
DAY = 86_400.0
GIVING, TAKING = ("resume", "renew", "accept"), ("revoke", "suspend")
_numbers = count(1)


@dataclass
class Firm:
    """A company with a representative, an administrator of everything, one with bounds, and an agent."""

    scene: Scene
    id: str
    tax: str
    licence: str
    """Two systems."""
    people: dict[str, str]
    mandates: dict[str, str]
    browsers: dict[str, Browserless]

    async def row(self, name: str) -> dict[str, Any]:
        """A mandate as it stands."""
        [row] = await self.scene.rows(f"SELECT * FROM mandates WHERE id = '{self.mandates[name]}'")  # noqa: S608
        return row

    async def decide(self, who: str, name: str, decision: str) -> Page:
        """By the form, whether or not a page offers it."""
        someone = self.browsers[who]
        csrf = field(page(await someone.open("/me/mandates/helper")), "csrf").fields["csrf"]
        sent = Form("https://id.test/me/mandates/decide", "POST", {"csrf": csrf})
        return page(await someone.submit(sent, id=self.mandates[name], decision=decision))

    async def give(self, name: str, holder: str, **fields: Any) -> None:
        """A mandate of the company."""
        who = await account_id(self.scene.house, self.people[holder])
        made = await mandate(self.scene.house, who, company=self.id, **fields)
        self.mandates[name] = str(made.mandate_id)

    async def invite(self, who: str, **fields: str) -> tuple[Page, list[dict[str, Any]]]:
        """Ask somebody to act; the page, and what came of it."""
        someone, phone = self.browsers[who], new_phone()
        before = {row["id"] for row in await self.scene.rows("SELECT id FROM mandates")}
        csrf = field(page(await someone.open("/me/mandates/helper")), "csrf").fields["csrf"]
        sent = Form("https://id.test/me/organizations/invite", "POST", {"csrf": csrf, "id": self.id})
        shown = page(await someone.submit(sent, name="李四", phone=phone, **fields))
        after = await self.scene.rows("SELECT * FROM mandates")
        return shown, [row for row in after if row["id"] not in before]


@pytest.fixture
async def firm(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Firm]:
    """On each database."""
    async with played(tmp_path, migrated_url) as scene, AsyncExitStack() as place:
        yield await founded(scene, place)


async def founded(scene: Scene, place: AsyncExitStack) -> Firm:
    house, number = scene.house, next(_numbers)
    tax, _ = await house.register(client_name="税务", principal_kinds=["person", "legal_person"])
    licence, _ = await house.register(client_name="许可", principal_kinds=["person", "legal_person"])
    people = {}
    for at, name in enumerate(("boss", "chief", "bounded", "agent", "other")):
        certificate = {"certificate_type": "414", "certificate_number": f"E3{number:03}{at:03}"}
        people[name] = await person(
            house, username=f"{name}{number}", level=3, phone=new_phone(), **certificate
        )
    one = await company(house, await account_id(house, people["boss"]))
    made = Firm(scene, one, tax.client_id, licence.client_id, people, {}, {})
    await made.give("boss", "boss", relation="legal_representative")
    await made.give("chief", "chief", role="administrator")
    until = house.clock.now + 20 * DAY
    await made.give("bounded", "bounded", role="administrator", systems=tax.client_id, valid_until=until)
    for name, username in people.items():
        made.browsers[name] = await place.enter_async_context(signed_in(house, username, STRONG))
    return made


@pytest.mark.parametrize("by", ["boss", "chief"])
@pytest.mark.parametrize("systems", ["all", "tax", "licence"])
async def test_what_somebody_above_let_rest_stays_at_rest(firm: Firm, by: str, systems: str) -> None:
    covered = {"all": "", "tax": firm.tax, "licence": firm.licence}[systems]
    until = firm.scene.house.clock.now + 10 * DAY
    await firm.give("agent", "agent", systems=covered, valid_until=until)
    assert (await firm.decide(by, "agent", "suspend")).status == 200
    before = await firm.row("agent")
    assert before["state"] == "suspended"
    token = await token_of(firm.scene.house, firm.browsers["bounded"])
    for decision in (*GIVING, *TAKING, "decline", "resign"):
        assert (await firm.decide("bounded", "agent", decision)).status == 409, decision
        body = {"decision": decision}
        answer = await call(
            firm.scene.house, token, "POST", f"/mandates/{firm.mandates['agent']}/decision", body
        )
        assert answer.status_code in (400, 403, 404, 409, 422), (decision, answer.text)
        assert await firm.row("agent") == before, decision
    for who in ("agent", "other"):
        for decision in GIVING:
            await firm.decide(who, "agent", decision)
            assert await firm.row("agent") == before, (who, decision)
    assert (await firm.decide("boss", "agent", "resume")).status == 200


async def test_nothing_is_lengthened_beyond_what_one_holds(firm: Firm) -> None:
    house = firm.scene.house
    own = await firm.row("bounded")
    await firm.give("agent", "agent", systems=firm.tax, valid_until=house.clock.now + 19 * DAY)
    await firm.give("wide", "other", valid_until=house.clock.now + DAY)
    house.clock.forward(60)
    for name in ("agent", "wide", "bounded", "chief", "boss"):
        await firm.decide("bounded", name, "renew")
        row = await firm.row(name)
        assert name != "agent" or row["valid_until"] <= own["valid_until"]
    assert (await firm.row("wide"))["valid_until"] < house.clock.now + DAY
    assert (await firm.row("bounded")) == own
    assert (await firm.row("chief"))["valid_until"] is None


@pytest.mark.parametrize("name", ["boss", "chief", "bounded", "wide", "foreign"])
@pytest.mark.parametrize("decision", TAKING)
async def test_nobody_above_beside_or_outside_the_bounds_is_ended(
    firm: Firm, name: str, decision: str
) -> None:
    await firm.give("wide", "agent")
    await firm.give("foreign", "other", systems=firm.licence)
    before = await firm.row(name)
    assert (await firm.decide("bounded", name, decision)).status == 409
    assert await firm.row(name) == before
    if name in ("boss", "chief"):
        assert (await firm.decide("chief", name, decision)).status == 409
        assert await firm.row(name) == before


async def test_nobody_invites_to_more_than_they_hold(firm: Firm) -> None:
    house, own = firm.scene.house, await firm.row("bounded")
    tries = [
        {},
        {f"system-{firm.licence}": "yes"},
        {f"system-{firm.tax}": "yes", f"system-{firm.licence}": "yes"},
        {"items": "报税"},
        {f"system-{firm.tax}": "yes", "valid_until": "2099-12-31"},
        {f"system-{firm.tax}": "yes", "role": "administrator"},
        {f"system-{firm.tax}": "yes", "through": firm.mandates["chief"]},
        {f"system-{firm.tax}": "yes", "through": firm.mandates["boss"]},
        {"system-": "yes"},
        {f"system-{firm.tax} {firm.licence}": "yes"},
    ]
    for fields in tries:
        _, made = await firm.invite("bounded", **fields)
        for row in made:
            assert row["systems"] == firm.tax, fields
            assert row["valid_until"] is not None, fields
            assert row["valid_until"] <= own["valid_until"], fields
            assert (row["role"], row["parent_mandate_id"]) == ("agent", None), fields
        house.clock.forward(1)
    _, made = await firm.invite("chief", role="administrator")
    assert [row["role"] for row in made if row["role"] != "agent"] == []
    for who in ("agent", "other"):
        _, made = await firm.invite(who)
        assert made == [], who


async def test_an_invitation_is_worth_what_its_giver_holds_when_it_is_taken_up(firm: Firm) -> None:
    _, [made] = await firm.invite("chief")
    firm.mandates["invited"] = made["id"]
    index = made["invitee_phone_index"]
    hexed = bytes(index).hex()
    literal = f"x'{hexed}'" if firm.scene.url.startswith("sqlite") else f"decode('{hexed}', 'hex')"
    other = await account_id(firm.scene.house, firm.people["other"])
    await firm.scene.execute(
        f"UPDATE accounts SET phone_index = {literal}, phone_verified_at = 1.0, name = '李四' WHERE id = '{other}'"  # noqa: S608
    )
    assert (await firm.decide("boss", "chief", "suspend")).status == 200
    await firm.decide("other", "invited", "accept")
    assert (await firm.row("invited"))["state"] != "active"
    # As a control: what nobody took from its giver is taken up by the same person.
    assert (await firm.decide("boss", "chief", "resume")).status == 200
    _, [made] = await firm.invite("chief")
    firm.mandates["invited"] = made["id"]
    await firm.scene.execute(f"UPDATE mandates SET invitee_phone_index = {literal} WHERE id = '{made['id']}'")  # noqa: S608
    await firm.decide("other", "invited", "accept")
    assert (await firm.row("invited"))["state"] == "active"


async def test_at_once_whoever_stands_higher_has_the_last_word(firm: Firm) -> None:
    """The representative ends a mandate while both administrators bring it back."""
    for number in range(6):
        await firm.give("agent", "agent", systems=firm.tax, state="suspended", end_reason="suspended")
        await asyncio.gather(
            *(firm.decide(who, "agent", "resume") for who in ("bounded", "chief")[: 1 + number % 2]),
            firm.decide("boss", "agent", "revoke"),
            *(firm.decide(who, "agent", "renew") for who in ("chief", "bounded")),
        )
        row = await firm.row("agent")
        if row["state"] != "revoked":  # it was taken up before: then it is still the representative's to end
            assert (await firm.decide("boss", "agent", "revoke")).status == 200
        for who in ("chief", "bounded"):
            assert (await firm.decide(who, "agent", "resume")).status == 409
        assert (await firm.row("agent"))["state"] == "revoked"
