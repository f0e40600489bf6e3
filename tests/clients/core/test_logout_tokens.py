from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from clients.sdk.core.errors import InvalidToken
from clients.sdk.core.logout import EVENT, LogoutNotice, logout_url, validate_logout_token
from tests.clients.making import NOW, SYSTEM, SigningKey, key_set, logout_claims, metadata, registration

KEY = SigningKey()


def accepted(token: str, now: float = NOW) -> LogoutNotice:
    return validate_logout_token(token, registration(), key_set(KEY), now=now)


def test_a_good_logout_token_names_the_session() -> None:
    notice = accepted(KEY.sign(logout_claims(), typ="logout+jwt"))
    assert (notice.subject, notice.sid, notice.jti) == ("person-1", "session-1", "notice-1")


@pytest.mark.parametrize("changes", [{"sub": None}, {"sid": None}], ids=repr)
def test_sub_or_sid_is_enough(changes: dict[str, Any]) -> None:
    assert accepted(KEY.sign(logout_claims(**changes), typ="logout+jwt")).jti == "notice-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "nonce-of-a-login"},
        {"nonce": ""},
        {"events": None},
        {"events": {}},
        {"events": [EVENT]},
        {"events": {EVENT: None}},
        {"events": {EVENT: True}},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"sub": None, "sid": None},
        {"sub": 7},
        {"sid": ["session-1"]},
        {"jti": None},
        {"jti": ""},
        {"iss": "https://elsewhere.example"},
        {"aud": "another-client"},
        {"exp": NOW - 60},
        {"exp": None},
        {"iat": None},
        {"iat": NOW + 3600},
        {"iat": NOW - 600},
    ],
    ids=repr,
)
def test_a_logout_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        accepted(KEY.sign(logout_claims(**changes), typ="logout+jwt"))


@pytest.mark.parametrize("typ", ["JWT", None, "at+jwt"])
def test_a_token_of_another_kind_is_no_logout_token(typ: str | None) -> None:
    with pytest.raises(InvalidToken, match="typ"):
        accepted(KEY.sign(logout_claims(), typ=typ))


def test_a_notice_is_remembered_for_as_long_as_it_could_be_accepted() -> None:
    token = KEY.sign(logout_claims(exp=NOW + 86_400), typ="logout+jwt")
    remembered = accepted(token).remember_until
    assert remembered > NOW + 300
    with pytest.raises(InvalidToken, match="old"):
        accepted(token, now=remembered)


def test_the_way_out_names_the_login_and_the_way_back() -> None:
    url = logout_url(metadata(), registration(), id_token="id-token", state="state-1")
    query = parse_qs(urlsplit(url or "").query)
    assert query == {
        "client_id": ["credit-client"],
        "post_logout_redirect_uri": [f"{SYSTEM}/"],
        "state": ["state-1"],
        "id_token_hint": ["id-token"],
    }


def test_a_provider_without_a_logout_page_needs_no_visit() -> None:
    alone = metadata(end_session_endpoint=None)
    assert logout_url(alone, registration(), id_token="id-token", state="state-1") is None
