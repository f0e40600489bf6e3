"""The register of legal persons: is this person the representative of this organisation?

The shape of the interface is ours, with the field names of market regulation data (uniscid, entName, lerep, opState);
no official document is public. A site puts its data exchange platform behind it.
"""

from idp.accounts.real_names.authority import Authority, AuthorityUnavailable
from idp.organizations.registries.interface import (
    Confirmed,
    Holding,
    NotConfirmed,
    Outcome,
    Picture,
    RegistryClaim,
)

NAME = "register_lookup"
SERVICE = "register.check"
PATH = "/register/check"
DISSOLVED = frozenset({"注销", "吊销", "撤销"})


class RegisterLookup:
    """Answers at once."""

    name = NAME

    async def begin(self, authority: Authority, claim: RegistryClaim) -> Picture | Outcome:
        """See `Registry.begin`."""
        answer = await authority.ask(
            SERVICE,
            PATH,
            {
                "uniscid": claim.code,
                "entName": claim.name,
                "lerep": claim.holder_name,
                "lerepCerType": claim.certificate_type,
                "lerepCerNo": claim.certificate_number,
            },
        )
        if answer.get("opState") in DISSOLVED:
            return NotConfirmed(dissolved=True)
        if answer.get("match") is not True:
            return NotConfirmed()
        if answer.get("uniscid") != claim.code or not isinstance(answer.get("entName"), str):
            raise AuthorityUnavailable(authority.name)
        return Confirmed(
            code=claim.code,
            name=answer["entName"],
            holding=Holding.REPRESENTATIVE,
            evidence=f"{NAME}:{str(answer.get('reference', ''))[:64]}",
            certain=True,
            holder_name=claim.holder_name,
        )

    async def outcome(self, authority: Authority, ticket: str) -> Outcome:
        """There is nothing to wait for."""
        return NotConfirmed()


REGISTRY = RegisterLookup()
