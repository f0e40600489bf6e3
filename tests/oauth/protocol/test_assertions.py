"""The claims of a client assertion, one by one (RFC 7523 §3)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol.assertions import CLOCK_SECONDS, JTI_LENGTH, LEEWAY_SECONDS, fault, longest_life

NOW = 1_900_000_000.0
CLIENT, ISSUER, ENDPOINT = "c-1", "https://id.test", "https://id.test/token"
LONGEST = longest_life()
ABSENT: Any = ...


def judged(**changes: Any) -> str | None:
    """What is wrong with claims in good order, but for the changes."""
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW + 60, "jti": "one", **changes}
    present = {name: value for name, value in claims.items() if value is not ABSENT}
    return fault(present, CLIENT, (ISSUER, ENDPOINT), NOW, LONGEST)


def test_claims_in_good_order_have_no_fault() -> None:
    assert judged() is None
    assert judged(aud=ENDPOINT) is None


@pytest.mark.parametrize(
    "changes",
    [{"iss": "c-2"}, {"sub": "c-2"}, {"iss": "c-2", "sub": "c-2"}, {"iss": ABSENT}, {"sub": ABSENT}],
    ids=repr,
)
def test_issuer_and_subject_are_the_client(changes: dict[str, Any]) -> None:
    """§3 rules 1 and 2.B."""
    assert judged(**changes) == "iss and sub must both be the client_id"


@pytest.mark.parametrize(
    "audience",
    [
        ABSENT,
        "",
        "https://other.test",
        f"{ISSUER}/",
        ISSUER.upper(),
        [ISSUER],
        [ISSUER, "https://other.test"],
    ],
    ids=repr,
)
def test_the_audience_is_this_server_alone(audience: Any) -> None:
    """§3 rule 3, compared as strings (RFC 3986 §6.2.1); and no list, which another of its members could use here."""
    assert judged(aud=audience) == "aud is not ours alone"


@pytest.mark.parametrize("expires_at", [ABSENT, None, "1900000060", True, [NOW]], ids=repr)
def test_an_assertion_says_when_it_ends(expires_at: Any) -> None:
    """§3 rule 4; a NumericDate is a JSON number (RFC 7519 §2)."""
    assert judged(exp=expires_at) == "exp is missing or no number"


def test_an_assertion_has_ended_at_the_second_that_it_names() -> None:
    """RFC 7519 §4.1.4: on or after it, it must not be accepted; there is no leeway, `exp` is long after its use."""
    assert judged(exp=NOW) == "expired"
    assert judged(exp=NOW + 0.001) is None


def test_an_end_that_is_unreasonably_far_away_is_refused() -> None:
    """§3 rule 4 allows that: what is remembered against replay is so remembered for minutes, not for years."""
    assert LONGEST == 300 + CLOCK_SECONDS
    assert judged(exp=NOW + LONGEST) is None
    assert judged(exp=NOW + LONGEST + 1) == f"exp is more than {LONGEST} seconds ahead"
    assert longest_life(3600) == 3600 + CLOCK_SECONDS


@pytest.mark.parametrize("since", ["1900000000", True, None], ids=repr)
def test_a_beginning_is_a_number_where_there_is_one(since: Any) -> None:
    """§3 rule 5."""
    assert judged(nbf=since) == "nbf is no number"
    assert judged(nbf=ABSENT) is None


def test_a_clock_may_be_a_little_ahead() -> None:
    """RFC 7519 §4.1.5: some small leeway for clock skew."""
    assert judged(nbf=NOW + LEEWAY_SECONDS) is None
    assert judged(nbf=NOW + LEEWAY_SECONDS + 1) == "nbf is in the future"


@pytest.mark.parametrize("jti", [ABSENT, None, "", 7, "x" * (JTI_LENGTH + 1), "a\0b"], ids=repr)
def test_an_assertion_has_a_name_by_which_it_is_used_once(jti: Any) -> None:
    """§3 rule 7, which we demand; OpenID Connect Core §9 does."""
    assert judged(jti=jti) == "jti is missing or malformed"
    assert judged(jti="x" * JTI_LENGTH) is None


@given(
    st.dictionaries(
        st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "jti"]),
        st.none()
        | st.booleans()
        | st.floats()
        | st.integers()
        | st.text()
        | st.lists(st.text(), max_size=2)
        | st.dictionaries(st.text(), st.text(), max_size=1),
    )
)
def test_whatever_json_holds_is_judged_and_breaks_nothing(claims: dict[str, Any]) -> None:
    """Claims are judged before their signature says that they are of a client at all."""
    assert fault(claims, CLIENT, (ISSUER,), NOW, LONGEST) is not None
