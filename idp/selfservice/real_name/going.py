"""Which ways into an account will not outlive an act of presence, and where each can be shown before it."""

from idp.accounts.control import PRESENCE_LEVEL
from idp.accounts.model import Account
from idp.authentication.factors.service import Factors
from idp.authentication.factors.session_control import proven_by
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LOGIN, LoginFlow
from idp.authentication.visitor import Subscriber
from idp.selfservice.profile.phone_routes import PHONE
from idp.selfservice.real_name import texts


class Going:
    """Told on the form before anything is proved."""

    def __init__(self, login_flow: LoginFlow, factors: Factors) -> None:
        self._login_flow = login_flow
        self._factors = factors

    async def of(self, visitor: Subscriber, account: Account) -> list[tuple[str, str]]:
        """What this login has not shown, and the address where it can; empty where that is nowhere."""
        if account.real_name_level >= PRESENCE_LEVEL:
            return []
        now, say = visitor.site.sources.now(), visitor.say
        shown = proven_by(visitor.session, account, now)
        going = []
        if account.password_hash and not shown.password:
            again = Continuation(now, visitor.browser, again=True, path=visitor.path)
            going.append((say(texts.PASSWORD), self._login_flow.to(LOGIN, again)))
        if account.phone_index is not None and not shown.phone:
            going.append((say(texts.PHONE), PHONE))
        if account.email is not None and not shown.holder:
            going.append((say(texts.MAIL), ""))
        factors = await self._factors.of_account(visitor.account_id)
        if any(max(one.last_used_at or 0.0, one.created_at) < shown.since for one in factors):
            going.append((say(texts.FACTORS), ""))
        return going
