"""Which second factors there are, who must have one, and who may leave it out on a device they trust."""

from collections.abc import Awaitable, Callable, Sequence

from idp.accounts.model import Account
from idp.authentication.methods.interface import SecondFactor
from idp.authentication.model import Choice, Required, chosen


class FactorPolicy:
    """The floor that no choice of a person undercuts.

    `is_staff` tells whether an account holds any staff role; `factors` are those of the plug-in folder, by kind.
    """

    def __init__(
        self,
        required: Required,
        minimum: int,
        is_staff: Callable[[str], Awaitable[bool]],
        factors: Sequence[SecondFactor],
    ) -> None:
        self.factors = {factor.kind: factor for factor in factors}
        self._required = required
        self._minimum = minimum
        self._is_staff = is_staff

    async def factors_needed(self, account_id: str) -> int:
        """How many second factors the account must keep."""
        asks = self._required is Required.STAFF
        return self.needed(is_staff=asks and await self._is_staff(account_id))

    def needed(self, *, is_staff: bool) -> int:
        """How many second factors an account must keep."""
        asked = self._required is Required.EVERYBODY or (self._required is Required.STAFF and is_staff)
        return self._minimum if asked else 0

    async def may_trust_devices(self, account: Account) -> bool:
        """Whether a trusted device stands in for the second factor: never for staff."""
        return self.may_trust(account, is_staff=False) and not await self._is_staff(account.id)

    def may_trust(self, account: Account, *, is_staff: bool) -> bool:
        """The same, of whom it is known whether they are staff."""
        return Choice.ALWAYS not in chosen(account.login_choices) and not is_staff

    @property
    def titles(self) -> dict[str, str]:
        """What each kind of factor is called, in Chinese."""
        return {kind: factor.texts.title for kind, factor in self.factors.items()}
