"""Which ways into an account will not outlive an act of presence, and where each can be shown before it."""

from idp.accounts.control import PRESENCE_LEVEL
from idp.accounts.model import Account
from idp.authentication.continuation import Continuation
from idp.authentication.login_flow import LOGIN
from idp.authentication.session_control import proven_by
from idp.authentication.visitor import Visitor
from idp.infrastructure.web.site import Site
from idp.selfservice import real_name_texts as texts
from idp.selfservice.phone_pages import PHONE
from idp.selfservice.security_door import SecurityDoor
from idp.sessions.model import Session


class Going:
    """Told on the form before anything is proved."""

    def __init__(self, site: Site, door: SecurityDoor) -> None:
        self._site = site
        self._door = door

    async def of(self, visitor: Visitor, session: Session, account: Account) -> list[tuple[str, str]]:
        """What this login has not shown, and the address where it can; empty where that is nowhere."""
        if account.real_name_level >= PRESENCE_LEVEL:
            return []
        now, say = self._site.sources.now(), visitor.say
        shown = proven_by(session, account, now)
        going = []
        if account.password_hash and not shown.password:
            again = Continuation(now, visitor.browser, again=True, path=visitor.path)
            going.append((say(texts.PASSWORD), self._door.login_flow.to(LOGIN, again)))
        if account.phone_index is not None and not shown.phone:
            going.append((say(texts.PHONE), PHONE))
        if account.email is not None and not shown.holder:
            going.append((say(texts.MAIL), ""))
        factors = await self._door.factors.of_account(session.account_id)
        if any(max(one.last_used_at or 0.0, one.created_at) < shown.since for one in factors):
            going.append((say(texts.FACTORS), ""))
        return going
