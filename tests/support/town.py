"""A provider whose authorities are simulated, with lisi, who has a company, and zhangsan; and what they do on pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.authorities.licences import assertion, register
from tests.authorities.world import World
from tests.support import simulated
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, form, page, person

CODE, NAME = "91410411MA0000007X", "湛河示例科技有限公司"
ZHANGSAN, LISI = "13800000001", "13800000002"


@dataclass
class Town:
    """A provider whose authorities are simulated, with lisi, who has a company, and zhangsan."""

    house: Provider
    world: World


@asynccontextmanager
async def opened_town(folder: Path) -> AsyncIterator[Town]:
    """Open one."""
    async with provider(folder, message_sink=True, **simulated.SETTINGS) as house:
        world = await simulated.connect(house)
        common: dict[str, Any] = {"phone_verified": True}
        lisi = {"name": "李四", "certificate_type": "414", "certificate_number": "E00000001"}
        zhangsan = {"certificate_type": "111", "certificate_number": "410411199001010015"}
        await person(house, username="lisi", phone=LISI, **lisi, **common)
        await person(house, username="zhangsan", phone=ZHANGSAN, **zhangsan, **common)
        yield Town(house, world)


async def bind(someone: Browserless, code: str = CODE, name: str = NAME) -> Page:
    """Fill the form of a company."""
    shown = page(await someone.open("/me/organizations/bind"))
    filled = form(shown, "unified_social_credit_code")
    return page(await someone.submit(filled, unified_social_credit_code=code, name=name))


async def organization_id(town: Town) -> str:
    """lisi's company."""
    lisi = await account_id(town.house, "lisi")
    return (await town.house.worker.organizations.of_account(lisi))[0].organization.id


async def invite(someone: Browserless, address: str, **fields: str) -> Page:
    """Ask somebody to act."""
    filled = form(page(await someone.open(address)), "phone")
    return page(await someone.submit(filled, **fields))


async def decide(someone: Browserless, mandate_id: str, decision: str) -> Page:
    """Open the page of a decision and press its button."""
    shown = page(await someone.open(f"/me/mandates/decide?id={mandate_id}&decision={decision}"))
    return page(await someone.submit(form(shown, "decision"), decision=decision))


async def only_mandate(town: Town, username: str) -> str:
    """The id of the only mandate that somebody holds, or is invited to."""
    mandates, who = town.house.worker.mandates, await account_id(town.house, username)
    [one] = [*await mandates.of_agent(who), *await mandates.invitations(who)]
    return one.id


def confirm(town: Town, ticket: str, role: str, holder: str) -> None:
    """What the holder does in the licence's app."""

    vouched = assertion(town.world, CODE, role, holder)
    town.world.memory["licences"][ticket] |= {"state": "CONFIRMED", "assertion": vouched}


def change_representative(town: Town) -> None:
    """The register has zhangsan from now on."""

    firm = register(town.world)[CODE]
    firm.representative, firm.certificate_type = "张三", "111"
    firm.certificate_number = "410411199001010015"


def error_of(shown: Page) -> str:
    """The alert of a page."""
    return shown.text.split('id="error"')[1].split("</div>")[0]
