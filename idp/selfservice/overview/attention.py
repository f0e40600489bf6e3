"""What a person should look at, in the order of how much it matters."""

from enum import StrEnum

from idp.accounts.authenticator_store import STAND_INS
from idp.authentication.factors.service import Factors
from idp.organizations.mandates import Mandates
from idp.selfservice.profile.service import Profiles
from idp.sessions.model import Session

USEFUL_LEVEL = 2
"""What most systems ask for."""


class Matter(StrEnum):
    """One thing to look at."""

    CANCELLATION = "cancellation"
    INVITATION = "invitation"
    LEVEL = "level"
    PHONE = "phone"
    SECOND_FACTOR = "second_factor"


class Attention:
    """Looks into what other rooms know of an account."""

    def __init__(self, profiles: Profiles, factors: Factors, mandates: Mandates) -> None:
        self._profiles = profiles
        self._factors = factors
        self._mandates = mandates

    async def of_session(self, session: Session) -> list[Matter]:
        """What there is."""
        profile = await self._profiles.of_account(session.account_id)
        factors = await self._factors.of_account(session.account_id)
        found = {
            Matter.CANCELLATION: profile.closes_at is not None,
            Matter.INVITATION: bool(await self._mandates.invitations(session.account_id)),
            Matter.LEVEL: session.real_name_level < USEFUL_LEVEL,
            Matter.PHONE: not profile.phone_verified,
            Matter.SECOND_FACTOR: not any(factor.kind not in STAND_INS for factor in factors),
        }
        return [matter for matter, there in found.items() if there]
