"""Authorization responses (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode)."""

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol.errors import AccessDenied
from idp.oauth.protocol.responses import ResponseMode, failure, success, with_query

ISSUER = "https://id.test"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def test_a_code_travels_with_the_state_and_with_whose_it_is() -> None:
    """RFC 6749 §4.1.2; RFC 9207 §2: `iss`, so that a client with several servers knows which has answered."""
    assert success("the code", "the state", ISSUER) == {
        "code": "the code",
        "state": "the state",
        "iss": ISSUER,
    }


def test_an_error_travels_as_a_code_does() -> None:
    """RFC 6749 §4.1.2.1; RFC 9207 §2: in error responses too."""
    assert failure(AccessDenied("the person said no", detail="at consent"), "the state", ISSUER) == {
        "error": "access_denied",
        "error_description": "the person said no",
        "state": "the state",
        "iss": ISSUER,
    }


def test_there_is_no_state_where_none_was_sent() -> None:
    """RFC 6749 §4.1.2: required if it was present in the request, and then the exact value."""
    assert "state" not in success("c", None, ISSUER)
    assert "state" not in failure(AccessDenied("no"), None, ISSUER)


def test_the_query_of_an_address_is_kept() -> None:
    """RFC 6749 §3.1.2: it must be retained when parameters are added."""
    assert with_query("https://a.test/cb", {"code": "x"}) == "https://a.test/cb?code=x"
    assert with_query("https://a.test/cb?tenant=1", {"code": "x"}) == "https://a.test/cb?tenant=1&code=x"
    assert with_query("test.app:/cb", {"code": "x"}) == "test.app:/cb?code=x"


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=5), st.sampled_from(["", "?tenant=1"]))
def test_what_is_added_arrives_and_moves_nothing_else(parameters: dict[str, str], query: str) -> None:
    """No value, not even the client's own state, ends the query, adds a parameter or becomes a fragment."""
    parts = urlsplit(with_query(f"https://a.test/cb{query}", parameters))
    assert (parts.netloc, parts.path, parts.fragment) == ("a.test", "/cb", "")
    arrived = parse_qsl(parts.query, strict_parsing=True, keep_blank_values=True)
    assert arrived == [*parse_qsl(query[1:]), *parameters.items()]


def test_no_mode_puts_anything_into_a_fragment() -> None:
    """RFC 9700 §4.3.1: the code stays out of what scripts and referrers can see."""
    assert set(ResponseMode) == {"query", "form_post"}
