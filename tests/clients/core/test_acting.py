"""For whom somebody acts: read from the ID token, and never misread as nobody."""

from typing import Any

import pytest

from clients.sdk.core.acting import Principal, read_principal
from clients.sdk.core.errors import InvalidToken
from clients.sdk.core.tokens import validate_id_token, validate_refreshed_id_token
from tests.clients.making import NONCE, NOW, SigningKey, id_claims, key_set, registration, tokens

PRINCIPAL: dict[str, Any] = {
    "kind": "legal_person",
    "id": "company-1",
    "name": "湛河示例科技有限公司",
    "unified_social_credit_code": "91410411MA0000007X",
    "relation": "agent",
    "mandate_id": "mandate-1",
    "items": ["licence"],
}
ACT = {"sub": "person-1"}


def test_a_token_of_somebody_who_acts_names_the_principal() -> None:
    found = read_principal(id_claims(act=ACT, principal=PRINCIPAL))
    assert found == Principal(
        "legal_person",
        "company-1",
        "湛河示例科技有限公司",
        "91410411MA0000007X",
        "agent",
        "mandate-1",
        ("licence",),
    )


def test_a_token_of_somebody_who_acts_for_themselves_names_none() -> None:
    assert read_principal(id_claims()) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"principal": PRINCIPAL},
        {"act": ACT},
        {"act": {"sub": "somebody-else"}, "principal": PRINCIPAL},
        {"act": {}, "principal": PRINCIPAL},
        {"act": ACT, "principal": "company-1"},
        {"act": ACT, "principal": []},
        *(
            {"act": ACT, "principal": PRINCIPAL | {name: None}}
            for name in ("kind", "id", "name", "mandate_id")
        ),
        {"act": ACT, "principal": PRINCIPAL | {"unified_social_credit_code": None}},
        {"act": ACT, "principal": PRINCIPAL | {"kind": "robot"}},
        {"act": ACT, "principal": PRINCIPAL | {"items": "licence"}},
        {"act": ACT, "principal": PRINCIPAL | {"items": [1]}},
    ],
)
def test_what_cannot_be_understood_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        read_principal(id_claims(**claims))


@pytest.mark.parametrize("claims", [{}, {"act": ACT, "principal": PRINCIPAL | {"id": "company-2"}}])
def test_the_principal_stays_the_same_at_a_refresh(claims: dict[str, Any]) -> None:
    key = SigningKey()
    made = tokens(key.sign(id_claims(act=ACT, principal=PRINCIPAL)))
    previous = validate_id_token(made, registration(), key_set(key), nonce=NONCE, now=NOW)
    other = tokens(key.sign(id_claims(**claims)))
    with pytest.raises(InvalidToken, match="principal"):
        validate_refreshed_id_token(other, registration(), key_set(key), previous=previous, now=NOW)
    again = validate_refreshed_id_token(made, registration(), key_set(key), previous=previous, now=NOW)
    assert again.principal == previous.principal
