"""For whom somebody acts: the claims `principal` and `act` (RFC 8693 §4.1) of an ID token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clients.sdk.core.errors import InvalidToken
from clients.sdk.core.jwt import text_claim

LEGAL_PERSON = "legal_person"
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Principal:
    """The legal person or the natural person for whom somebody acts, and by which mandate.

    `code` is a legal person's unified social credit code; empty `items` mean every affair.
    """

    kind: str
    id: str
    name: str
    code: str | None
    relation: str
    mandate_id: str
    items: tuple[str, ...]


def read_principal(claims: Mapping[str, Any]) -> Principal | None:
    """For whom the person acts; None when for themselves. Raises InvalidToken.

    What cannot be understood is refused: a person who acts for a company must not be taken for themselves.
    """
    given, actor = claims.get("principal"), claims.get("act")
    if given is None and actor is None:
        return None
    if not isinstance(given, dict) or not isinstance(actor, dict):
        raise InvalidToken("principal and act belong together")
    if text_claim(actor, "sub", required=True) != claims.get("sub"):
        raise InvalidToken("act is not the person who logged in")
    kind = text_claim(given, "kind", required=True)
    if kind not in (LEGAL_PERSON, PERSON):
        raise InvalidToken("principal is of an unknown kind")
    items = given.get("items", [])
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InvalidToken("items of principal are no list of text")
    return Principal(
        kind=kind,
        id=text_claim(given, "id", required=True) or "",
        name=text_claim(given, "name", required=True) or "",
        code=text_claim(given, "unified_social_credit_code", required=kind == LEGAL_PERSON),
        relation=text_claim(given, "relation", required=True) or "",
        mandate_id=text_claim(given, "mandate_id", required=True) or "",
        items=tuple(items),
    )
