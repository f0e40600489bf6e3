"""The authorization request, parameter by parameter (OpenID Connect Core §3.1.2.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol import authorization
from idp.oauth.protocol.authorization import LONG_AGO, AuthorizationRequest
from idp.oauth.protocol.errors import InvalidRequest, UnsupportedResponseType
from idp.oauth.protocol.parameters import Parameters
from idp.oauth.protocol.responses import ResponseMode

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B


def having(**values: str) -> Parameters:
    return Parameters(list(values.items()))


@pytest.mark.parametrize("mode", list(ResponseMode))
def test_the_answer_goes_back_as_it_is_asked_for(mode: ResponseMode) -> None:
    assert authorization.response_mode(having(response_mode=mode)) is mode


def test_without_a_mode_the_answer_goes_back_by_query() -> None:
    """OAuth 2.0 Multiple Response Types §2.1: the default of `code`."""
    assert authorization.response_mode(having()) is ResponseMode.QUERY


@pytest.mark.parametrize("mode", ["fragment", "jwt", "QUERY", "query form_post"])
def test_another_mode_is_refused(mode: str) -> None:
    with pytest.raises(InvalidRequest, match="response_mode"):
        authorization.response_mode(having(response_mode=mode))


@pytest.mark.parametrize(
    "kind", ["token", "id_token", "code id_token", "code token", "none", "CODE", "code code"]
)
def test_nothing_but_a_code_is_given_through_the_browser(kind: str) -> None:
    """RFC 9700 §2.1.2."""
    with pytest.raises(UnsupportedResponseType):
        authorization.check_response_type(having(response_type=kind))


def test_a_response_type_is_required() -> None:
    """RFC 6749 §3.1.1; missing it is another error than one we do not offer (§4.1.2.1)."""
    authorization.check_response_type(having(response_type="code"))
    with pytest.raises(InvalidRequest, match="response_type is missing"):
        authorization.check_response_type(having())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", set()),
        ("none", {"none"}),
        ("login consent", {"login", "consent"}),
        ("consent  login login", {"login", "consent"}),
        ("select_account", {"select_account"}),
    ],
)
def test_prompt_is_a_list_of_words(text: str, values: set[str]) -> None:
    assert authorization.prompt(having(prompt=text)) == values


@pytest.mark.parametrize("text", ["none login", "login none", "consent select_account none"])
def test_prompt_none_stands_alone(text: str) -> None:
    """§3.1.2.1: if `none` comes with any other value, an error is returned."""
    with pytest.raises(InvalidRequest, match="stands alone"):
        authorization.prompt(having(prompt=text))


@pytest.mark.parametrize("text", ["create", "Login", "login,consent", "login none-of-it"])
def test_a_prompt_that_we_do_not_know_is_not_passed_over(text: str) -> None:
    with pytest.raises(InvalidRequest, match="prompt is not one of"):
        authorization.prompt(having(prompt=text))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("3600", 3600), ("007", 7), ("2147483647", LONG_AGO), ("2147483648", LONG_AGO), ("9" * 4000, LONG_AGO)],
)  # fmt: skip
def test_max_age_is_a_number_of_seconds_however_long(text: str, seconds: int) -> None:
    """§3.1.2.1; 0 asks for a login now. What is longer than a lifetime asks for nothing more."""
    assert authorization.max_age(having(max_age=text)) == seconds


def test_without_max_age_any_login_is_fresh_enough() -> None:
    assert authorization.max_age(having()) is None


@pytest.mark.parametrize("text", ["-1", "+1", "1.5", "1e3", " 1", "1 ", "0x10", "１", "²", "an hour"])
def test_what_is_no_number_is_no_max_age(text: str) -> None:
    """Python would read some of these as numbers."""
    with pytest.raises(InvalidRequest, match="max_age"):
        authorization.max_age(having(max_age=text))


@given(st.integers(min_value=0))
def test_every_number_is_bounded(seconds: int) -> None:
    assert authorization.max_age(having(max_age=str(seconds))) == min(seconds, LONG_AGO)


def test_a_challenge_is_read_with_its_method() -> None:
    found = authorization.code_challenge(having(code_challenge=CHALLENGE, code_challenge_method="S256"))
    assert found == CHALLENGE
    assert authorization.code_challenge(having()) is None


@pytest.mark.parametrize("method", [None, "plain", "s256", "S512"])
def test_a_challenge_without_s256_is_refused(method: str | None) -> None:
    """RFC 7636 §4.3 would read a missing method as `plain`; RFC 9700 §2.1.1 wants none of it."""
    values = {"code_challenge": CHALLENGE} | ({"code_challenge_method": method} if method else {})
    with pytest.raises(InvalidRequest, match="code_challenge_method must be S256"):
        authorization.code_challenge(having(**values))


@pytest.mark.parametrize("challenge", [None, CHALLENGE[:-1], CHALLENGE + "=", "plain text"])
def test_a_method_without_a_challenge_is_refused(challenge: str | None) -> None:
    """A client that means to use it and does not is told at once, not at the token endpoint."""
    values = {"code_challenge_method": "S256"} | ({"code_challenge": challenge} if challenge else {})
    with pytest.raises(InvalidRequest, match="code_challenge must be a base64url SHA-256"):
        authorization.code_challenge(having(**values))


def test_what_is_carried_back_is_ascii_of_a_length() -> None:
    assert authorization.bounded(having(nonce="n" * 8), "nonce", 8) == "n" * 8
    assert authorization.bounded(having(), "nonce", 8) is None
    for value in ("n" * 9, "é"):
        with pytest.raises(InvalidRequest, match="nonce must be at most 8 ASCII characters"):
            authorization.bounded(having(nonce=value), "nonce", 8)


def test_the_level_is_that_of_acr_values() -> None:
    assert authorization.level(having(acr_values="urn:zhanhe:acr:level:3")) == 3
    assert authorization.level(having()) == 0


def test_a_request_shows_its_scopes_as_one_string_and_no_token() -> None:
    """The hint is a token of the person's; what is written of a request must not hold it."""
    asked = AuthorizationRequest(
        client_id="c-1",
        redirect_uri="https://app.test/callback",
        scopes=("openid", "phone"),
        nonce=None,
        code_challenge=CHALLENGE,
        prompt=frozenset(),
        max_age=None,
        acr_level=0,
        login_hint="",
        id_token_hint="eyJ.hint.secret",
    )
    assert asked.scope == "openid phone"
    assert "eyJ" not in repr(asked)
