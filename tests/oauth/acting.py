"""People who act for companies, with a browser, in the tests of this room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from idp.organizations.model import Principal
from idp.sessions.service import Caller
from tests.support.browserless import Browserless
from tests.support.inprocess import Provider
from tests.support.mandates import company, mandate
from tests.support.visits import ADDRESS, SESSION_COOKIE, account_id, person, signed_in


async def agent(house: Provider, **changes: object) -> tuple[str, Principal]:
    """A new person and their mandate for a new company; username and principal."""
    boss, username = await person(house, name="李四"), await person(house)
    company_id = await company(house, await account_id(house, boss))
    return username, await mandate(house, await account_id(house, username), company=company_id, **changes)


@asynccontextmanager
async def acting(house: Provider, username: str, principal: Principal) -> AsyncIterator[Browserless]:
    """The browser of somebody who has chosen for whom they act."""
    async with signed_in(house, username) as someone:
        sessions = house.worker.sessions
        session = await sessions.find(someone.client.cookies.get(SESSION_COOKIE))
        assert session is not None
        token = await sessions.represent(session, principal, Caller(ADDRESS))
        someone.client.cookies.set(SESSION_COOKIE, token, domain="id.test", path="/")
        yield someone
