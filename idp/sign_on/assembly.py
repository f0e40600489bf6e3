"""What is still wanted of a person before a system is served, for every protocol that systems speak."""

from idp.authentication.assembly import AuthenticationRoom
from idp.infrastructure.room import Offer
from idp.sign_on.acting import Acting
from idp.sign_on.acting_routes import ActingPages
from idp.sign_on.protocols import Protocols
from idp.sign_on.routes import SignOnPages
from idp.sign_on.service import SignOn


class SignOnRoom:
    """Rooms above add the protocols that they speak to `protocols`, and let `pages` go through its steps."""

    def __init__(self, authentication: AuthenticationRoom) -> None:
        self.authentication = authentication
        sessions = authentication.sessions
        ground, accounts, registry = sessions.ground, sessions.accounts, sessions.relying_parties.registry
        self.acting = Acting(sessions.sessions, authentication.organizations.mandates)
        self.sign_on = SignOn(
            ground.base, sessions.sessions, self.acting, accounts.verification, sessions.lifetimes
        )
        self.protocols = Protocols()
        self.pages = SignOnPages(self.sign_on, self.protocols)
        acting = ActingPages(authentication.login_flow, registry, self.acting)
        self.offer = Offer(
            routes=[*map(authentication.reception.routes, (self.pages.routes(), acting.routes()))]
        )
