"""Parameters as they come over the wire (RFC 6749 §3.1, §3.2, Appendix B)."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol.errors import InvalidRequest
from idp.oauth.protocol.parameters import MOST_BYTES, MOST_FIELDS, VALUE_LENGTH, Parameters, parse

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


def test_a_form_is_decoded() -> None:
    """Appendix B: UTF-8, then application/x-www-form-urlencoded."""
    assert parse(b"a=1&b=%E5%BC%A0+%E4%B8%89&c=x%2By") == {"a": "1", "b": "张 三", "c": "x+y"}
    assert parse(b"") == {}


def test_a_parameter_without_a_value_is_absent() -> None:
    """§3.1: parameters sent without a value must be treated as if they were omitted."""
    assert parse(b"state=&nonce&scope=openid") == {"scope": "openid"}
    with pytest.raises(InvalidRequest, match="state is missing"):
        parse(b"state=").require("state")


def test_a_parameter_that_came_twice_has_no_value() -> None:
    """§3.1: parameters must not be included more than once; which of two was meant nobody knows."""
    found = parse(b"state=a&state=b&state=c&nonce=n")
    assert found == {"nonce": "n"}
    assert found.doubled == {"state"}
    with pytest.raises(InvalidRequest) as refused:
        found.check()
    assert refused.value.description == "state was sent more than once"


def test_what_means_nothing_to_us_may_come_as_often_as_it_likes() -> None:
    """§3.1: unrecognised parameters must be ignored."""
    found = parse(b"utm=a&utm=b")
    found.check()
    assert found == {}


def test_of_what_is_carried_back_a_fault_may_be_left_to_another_check() -> None:
    found = parse(b"state=a&state=b")
    found.check(unless=frozenset({"state"}))


@pytest.mark.parametrize("value", ["a%00b", "a%0Ab", "a%0D%0Ab", "a%7Fb", "%09"])
def test_control_characters_are_refused_whatever_the_parameter(value: str) -> None:
    """They split headers and lines of logs."""
    for name in ("state", "utm"):
        found = parse(f"{name}={value}".encode())
        assert found == {}
        with pytest.raises(InvalidRequest, match=f"{name} was sent too long or with control characters"):
            found.check()


def test_a_value_has_a_length() -> None:
    assert len(parse(b"state=" + b"a" * VALUE_LENGTH)["state"]) == VALUE_LENGTH
    with pytest.raises(InvalidRequest, match="too long"):
        parse(b"state=" + b"a" * (VALUE_LENGTH + 1)).check()


def test_a_request_has_a_length() -> None:
    parse(b"a" * MOST_BYTES)
    with pytest.raises(InvalidRequest, match="the request is too long"):
        parse(b"a" * (MOST_BYTES + 1))


@pytest.mark.parametrize("value", ["x", "%20"])
def test_a_request_has_a_number_of_fields(value: str) -> None:
    """The same with and without something to decode."""
    fields = [f"f{number}={value}" for number in range(MOST_FIELDS + 1)]
    assert len(parse("&".join(fields[:-1]).encode())) == MOST_FIELDS
    with pytest.raises(InvalidRequest):
        parse("&".join(fields).encode())


@pytest.mark.parametrize(
    "raw", ["状态=x".encode(), b"state=\xff", b"state=%FF", b"state=%C0%AF", b"state=%ED%A0%80"]
)
def test_what_is_not_utf_8_is_refused_and_not_repaired(raw: bytes) -> None:
    """Appendix B; overlong forms and lone surrogates are no UTF-8 (RFC 3629 §3)."""
    with pytest.raises(InvalidRequest, match="not valid form-encoded UTF-8") as refused:
        parse(raw)
    assert refused.value.detail == "UnicodeDecodeError"


@pytest.mark.parametrize("name", ["<script>", "x" * 41, "状态", "a b"])
def test_a_name_that_somebody_made_up_is_not_repeated_to_them(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Parameters([(name, "\n")]).check()
    assert refused.value.description == "a parameter was sent too long or with control characters"


@given(st.dictionaries(TEXTS, TEXTS, max_size=20))
def test_what_a_client_encodes_is_what_we_read(fields: dict[str, str]) -> None:
    found = parse(urlencode(fields).encode())
    found.check()
    assert found == fields


@given(st.text(st.sampled_from("ab=&;% +#?/2x"), max_size=40))
def test_the_short_way_reads_what_the_long_way_reads(text: str) -> None:
    """Without anything to decode it is split by hand; parse_qsl is the measure."""
    try:
        expected = Parameters(parse_qsl(text, keep_blank_values=True, errors="strict"))
    except ValueError:
        return
    found = parse(text.encode())
    assert (found, found.doubled, found.malformed) == (expected, expected.doubled, expected.malformed)


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    try:
        found = parse(raw)
    except InvalidRequest:
        return
    assert all(found.values())
    assert found.keys().isdisjoint(found.doubled | found.malformed)
