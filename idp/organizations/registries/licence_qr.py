"""The electronic business licence (电子营业执照): its holder scans a picture and confirms with the licence's password.

Official integration documents are not public. The states and the roles are those that the licence app shows
(LEGAL_REP, up to five ADMIN, TEMP with scope and end); the shape of the messages is ours.
"""

from typing import Any

from idp.accounts.real_names.authority import Authority, AuthorityUnavailable
from idp.organizations.registries.interface import (
    Confirmed,
    Holding,
    NotConfirmed,
    Outcome,
    Picture,
    PictureState,
    RegistryClaim,
)

NAME = "licence_qr"
SERVICE = "licence.qr"
START = "/licence/qr"
STATE = "/licence/qr/state"
CONFIRMED = "CONFIRMED"


class LicenceQr:
    """Shows a picture, and asks until somebody has confirmed."""

    name = NAME

    async def begin(self, authority: Authority, claim: RegistryClaim) -> Picture | Outcome:
        """See `Registry.begin`; the claim is not needed: the licence says which organisation it is."""
        answer = await authority.ask(SERVICE, START, {"purpose": "bind"})
        try:
            return Picture(str(answer["qrContent"]), str(answer["ticket"]), int(answer["expiresIn"]))
        except (KeyError, TypeError, ValueError) as error:
            raise AuthorityUnavailable(authority.name) from error

    async def outcome(self, authority: Authority, ticket: str) -> Outcome:
        """See `Registry.outcome`."""
        answer = await authority.ask(SERVICE, STATE, {"ticket": ticket})
        if answer.get("state") != CONFIRMED:
            try:
                return PictureState(str(answer.get("state")))
            except ValueError as error:
                raise AuthorityUnavailable(authority.name) from error
        assertion = answer.get("assertion")
        if answer.get("ticket") != ticket or not isinstance(assertion, dict):
            raise AuthorityUnavailable(authority.name)
        return _read(authority, ticket, assertion)


def _read(authority: Authority, ticket: str, assertion: dict[str, Any]) -> Outcome:
    if assertion.get("opState", "存续") not in ("存续", "在业", "开业"):
        return NotConfirmed(dissolved=True)
    try:
        expiry = assertion.get("expiry")
        return Confirmed(
            code=str(assertion["uscc"]),
            name=str(assertion["entName"]),
            holding=Holding(assertion["holderRole"]),
            evidence=f"{NAME}:{ticket[:64]}",
            certain=False,
            holder_name=assertion.get("holderName"),
            items=tuple(str(item) for item in assertion.get("scope") or ()),
            valid_until=None if expiry is None else float(expiry),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AuthorityUnavailable(authority.name) from error


REGISTRY = LicenceQr()
