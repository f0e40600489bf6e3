"""The claims of somebody who acts for another (RFC 8693 §4.1)."""

from typing import Any

import pytest

from idp.oauth.protocol.acting import ACT, PRINCIPAL, acting_claims
from idp.organizations.model import Principal

CODE = "91410400MA44000000"


def company(**changes: Any) -> Principal:
    fields = {
        "kind": "legal_person",
        "id": "o-1",
        "name": "湛河建筑有限公司",
        "number": CODE,
        "relation": "legal_representative",
        "mandate_id": "m-1",
    }
    return Principal(**{**fields, **changes})


def test_who_acts_for_themselves_has_neither_claim() -> None:
    assert acting_claims("a-1", None) == {}


def test_the_actor_is_the_human_and_the_principal_is_for_whom() -> None:
    """§4.1: `act` identifies the acting party by its `sub`."""
    assert acting_claims("a-1", company()) == {
        ACT: {"sub": "a-1"},
        PRINCIPAL: {
            "kind": "legal_person",
            "id": "o-1",
            "name": "湛河建筑有限公司",
            "relation": "legal_representative",
            "mandate_id": "m-1",
            "unified_social_credit_code": CODE,
        },
    }


def test_the_certificate_number_of_a_person_is_told_to_nobody() -> None:
    claims = acting_claims("a-1", company(kind="person", number="410411195001010015", relation="helper"))
    assert "410411195001010015" not in repr(claims)
    assert "unified_social_credit_code" not in claims[PRINCIPAL]


def test_the_bounds_of_a_mandate_are_told_where_it_has_any() -> None:
    """A NumericDate is whole seconds (RFC 7519 §2); no bound is no claim."""
    shown = acting_claims("a-1", company(items=("tax", "land"), valid_until=1_900_000_000.9))[PRINCIPAL]
    assert shown["items"] == ["tax", "land"]
    assert shown["valid_until"] == 1_900_000_000
    assert {"items", "valid_until"}.isdisjoint(acting_claims("a-1", company())[PRINCIPAL])


@pytest.mark.parametrize(
    ("relation", "human"),
    [("organization_login", "asserted"), ("organization_login_unnamed", "none"), ("agent", None)],
)
def test_how_sure_the_human_is_stands_with_the_actor(relation: str, human: str | None) -> None:
    """A password that an office shares does not prove who acts, and a system must be able to see it."""
    actor = acting_claims("a-1", company(relation=relation))[ACT]
    assert actor == ({"sub": "a-1"} if human is None else {"sub": "a-1", "human": human})
