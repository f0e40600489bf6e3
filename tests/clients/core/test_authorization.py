from urllib.parse import parse_qs, urlsplit

import pytest

from clients.sdk.core.authorization import (
    Transaction,
    authorization_url,
    begin,
    check_callback,
    code_challenge,
)
from clients.sdk.core.errors import InvalidResponse, Refused, Unavailable
from clients.sdk.core.levels import acr_of, level_of
from clients.sdk.core.metadata import discovery_url, read_metadata
from clients.sdk.core.paths import local_path
from tests.clients.making import ISSUER, NOW, SYSTEM, Clock, discovery, metadata, registration, sources


def transaction(level: int = 0) -> Transaction:
    return begin(sources(Clock()), "/me", level)


def test_a_request_carries_state_nonce_and_challenge() -> None:
    begun = transaction()
    query = parse_qs(urlsplit(authorization_url(metadata(), registration(), begun)).query)
    assert query == {
        "response_type": ["code"],
        "client_id": ["credit-client"],
        "redirect_uri": [f"{SYSTEM}/callback"],
        "scope": ["openid profile"],
        "state": [begun.state],
        "nonce": [begun.nonce],
        "code_challenge": [code_challenge(begun.code_verifier)],
        "code_challenge_method": ["S256"],
    }


def test_the_challenge_is_the_one_of_rfc_7636() -> None:
    assert code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_a_step_up_asks_for_the_level() -> None:
    url = authorization_url(metadata(), registration(), transaction(level=2))
    assert parse_qs(urlsplit(url).query)["acr_values"] == ["urn:zhanhe:acr:level:2"]


def test_an_endpoint_with_a_query_keeps_it() -> None:
    there = metadata(authorization_endpoint=f"{ISSUER}/authorize?tenant=1")
    assert authorization_url(there, registration(), transaction()).startswith(f"{ISSUER}/authorize?tenant=1&")


def test_two_logins_share_nothing() -> None:
    one, two = transaction(), transaction()
    assert not {one.state, one.nonce, one.code_verifier} & {two.state, two.nonce, two.code_verifier}


def test_the_code_of_a_good_answer_is_taken() -> None:
    begun = transaction()
    pairs = [("code", "zac_1"), ("state", begun.state), ("iss", ISSUER), ("extra", "1"), ("extra", "2")]
    assert check_callback(pairs, begun, metadata(), NOW + 599) == "zac_1"


def test_without_support_iss_may_be_missing() -> None:
    begun = transaction()
    plain = metadata(authorization_response_iss_parameter_supported=False)
    assert check_callback([("code", "zac_1"), ("state", begun.state)], begun, plain, NOW) == "zac_1"


@pytest.mark.parametrize(
    "pairs",
    [
        [("code", "zac_1"), ("iss", ISSUER)],
        [("code", "zac_1"), ("iss", ISSUER), ("state", "")],
        [("code", "zac_1"), ("iss", ISSUER), ("state", "STATE-of-another-login")],
        [("code", "zac_1"), ("iss", ISSUER), ("state", "登录")],
        [("code", "zac_1"), ("state", "STATE")],
        [("code", "zac_1"), ("state", "STATE"), ("iss", "https://elsewhere.example")],
        [("code", "zac_1"), ("state", "STATE"), ("iss", ISSUER + "/")],
        [("error", "access_denied"), ("state", "STATE"), ("iss", "https://elsewhere.example")],
        [("error", "access_denied"), ("state", "STATE")],
        [("code", "zac_1"), ("code", "zac_2"), ("state", "STATE"), ("iss", ISSUER)],
        [("code", "zac_1"), ("state", "STATE"), ("state", "STATE"), ("iss", ISSUER)],
        [("code", "zac_1"), ("state", "STATE"), ("iss", ISSUER), ("iss", "https://elsewhere.example")],
        [("state", "STATE"), ("iss", ISSUER)],
        [("code", ""), ("state", "STATE"), ("iss", ISSUER)],
    ],
    ids=repr,
)
def test_an_answer_that_is_not_ours_is_refused(pairs: list[tuple[str, str]]) -> None:
    begun = transaction()
    given = [(name, begun.state if value == "STATE" else value) for name, value in pairs]
    with pytest.raises(InvalidResponse):
        check_callback(given, begun, metadata(), NOW)


def test_a_wrong_iss_is_refused_even_where_the_provider_does_not_announce_it() -> None:
    begun = transaction()
    plain = metadata(authorization_response_iss_parameter_supported=False)
    pairs = [("code", "zac_1"), ("state", begun.state), ("iss", "https://elsewhere.example")]
    with pytest.raises(InvalidResponse, match="iss"):
        check_callback(pairs, begun, plain, NOW)


@pytest.mark.parametrize("later", [600, 86_400, -1])
def test_a_login_that_took_too_long_is_over(later: int) -> None:
    begun = transaction()
    pairs = [("code", "zac_1"), ("state", begun.state), ("iss", ISSUER)]
    with pytest.raises(InvalidResponse, match="long"):
        check_callback(pairs, begun, metadata(), NOW + later)


def test_a_refusal_keeps_its_code() -> None:
    begun = transaction()
    pairs = [("error", "access_denied"), ("state", begun.state), ("iss", ISSUER)]
    with pytest.raises(Refused) as refusal:
        check_callback(pairs, begun, metadata(), NOW)
    assert refusal.value.error == "access_denied"


@pytest.mark.parametrize("wanted", ["/", "/me", "/me?lang=en&a=%2F%2Fb", "/办事/社保", "/a//b", "/x#y"])
def test_a_path_of_this_system_is_where_one_may_return_to(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "me",
        "//elsewhere.example",
        "///elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "/\u2028x",
        "/me\r\nset-cookie: a=b",
        "https://elsewhere.example/",
        "javascript:alert(1)",
        " /me",
        "/" + "a" * 600,
    ],
    ids=repr,
)
def test_another_place_is_not(wanted: str | None) -> None:
    assert local_path(wanted, "/home") == "/home"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": ISSUER + "/"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"token_endpoint": 7},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=repr,
)
def test_a_discovery_document_that_is_not_the_issuers_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        read_metadata(discovery(**changes), ISSUER)


def test_a_secure_issuer_has_secure_endpoints() -> None:
    issuer = "https://login.example"
    with pytest.raises(Unavailable, match="safe"):
        read_metadata(discovery(issuer=issuer), issuer)


def test_the_discovery_document_is_found_below_the_issuer() -> None:
    assert discovery_url(ISSUER) == f"{ISSUER}/.well-known/openid-configuration"


@pytest.mark.parametrize("level", range(5))
def test_a_level_survives_the_way_through_acr(level: int) -> None:
    assert level_of(acr_of(level)) == level


@pytest.mark.parametrize(
    "acr", [None, "", "2", 2, "urn:zhanhe:acr:level:5", "urn:zhanhe:acr:level:2 ", "mfa"]
)
def test_an_acr_of_another_kind_is_no_level(acr: object) -> None:
    assert level_of(acr) == 0


def test_there_is_no_level_beyond_the_highest() -> None:
    with pytest.raises(ValueError, match="level"):
        acr_of(5)
