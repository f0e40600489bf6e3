from typing import Any

import pytest

from clients.sdk.core.errors import InvalidToken, Unavailable
from clients.sdk.core.tokens import read_tokens, validate_access_token
from tests.clients.making import CLIENT_ID, ISSUER, NOW, SigningKey, access_claims, key_set, registration

KEY = SigningKey()


def accepted(token: str) -> str:
    claims = validate_access_token(token, registration(), key_set(KEY), audience=ISSUER, now=NOW)
    return str(claims["client_id"])


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
def test_a_good_access_token_is_accepted(typ: str) -> None:
    assert accepted(KEY.sign(access_claims(), typ=typ)) == CLIENT_ID


@pytest.mark.parametrize("typ", ["JWT", None, "logout+jwt"])
def test_a_token_of_another_kind_is_no_access_token(typ: str | None) -> None:
    with pytest.raises(InvalidToken, match="typ"):
        accepted(KEY.sign(access_claims(), typ=typ))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": CLIENT_ID},
        {"iss": "https://elsewhere.example"},
        {"exp": NOW - 60},
        {"client_id": None},
        {"jti": None},
        {"sub": None},
    ],
    ids=repr,
)
def test_an_access_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        accepted(KEY.sign(access_claims(**changes), typ="at+jwt"))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": "a"},
        {"access_token": 7, "token_type": "Bearer"},
        {"access_token": "a", "token_type": "DPoP"},
    ],
)
def test_a_token_answer_without_a_bearer_token_is_none(answer: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        read_tokens(answer, NOW)


@pytest.mark.parametrize(("lifetime", "ahead"), [(600, 60), (60, 20), (3, 1)])
def test_a_token_is_renewed_shortly_before_it_expires(lifetime: int, ahead: int) -> None:
    read = read_tokens({"access_token": "a", "token_type": "bearer", "expires_in": lifetime}, NOW)
    assert read.refresh_at == NOW + lifetime - ahead


@pytest.mark.parametrize("lifetime", [None, "600", True])
def test_a_token_without_a_readable_lifetime_is_not_renewed(lifetime: Any) -> None:
    read = read_tokens({"access_token": "a", "token_type": "Bearer", "expires_in": lifetime}, NOW)
    assert read.refresh_at is None


def test_tokens_do_not_show_in_a_representation() -> None:
    answer = {
        "access_token": "sesame-a",
        "token_type": "Bearer",
        "refresh_token": "sesame-r",
        "id_token": "sesame-i",
    }
    assert "sesame" not in repr(read_tokens(answer, NOW))
