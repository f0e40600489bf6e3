"""The claims of somebody who acts for another: `act` (RFC 8693 §4.1) and our `principal`; `sub` stays the human."""

from typing import Any

from idp.organizations.model import Human, Principal

ACT = "act"
PRINCIPAL = "principal"
LEGAL_PERSON = "legal_person"


def acting_claims(account_id: str, principal: Principal | None) -> dict[str, Any]:
    """Who acts and for whom; nothing for somebody who acts for themselves.

    `act` has `human` where it is not proven who the human is: `sub` is then the organisation's login, not a person.
    A person's certificate number is not among them, whoever acts for the person; a legal person's code is public.
    """
    if principal is None:
        return {}
    shown: dict[str, Any] = {
        "kind": principal.kind,
        "id": principal.id,
        "name": principal.name,
        "relation": principal.relation,
        "mandate_id": principal.mandate_id,
    }
    if principal.kind == LEGAL_PERSON:
        shown["unified_social_credit_code"] = principal.number
    if principal.items:
        shown["items"] = list(principal.items)
    if principal.valid_until is not None:
        shown["valid_until"] = int(principal.valid_until)
    actor = {"sub": account_id}
    if principal.human is not Human.PROVEN:
        actor["human"] = principal.human.value
    return {ACT: actor, PRINCIPAL: shown}
