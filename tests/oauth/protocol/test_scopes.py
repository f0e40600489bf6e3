"""Scopes, held against a registration and against what was granted (RFC 6749 §3.3, §6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol.errors import InvalidScope
from idp.oauth.protocol.scopes import narrowed, requested

REGISTERED = frozenset({"openid", "profile", "phone"})
NAMES = st.lists(st.sampled_from(["openid", "profile", "phone", "email", "a:b/c", "!"]), min_size=1)


def test_the_order_of_the_request_is_kept_and_repetition_is_not() -> None:
    """§3.3: the order does not matter, and each string adds once."""
    assert requested("phone openid phone", REGISTERED, "") == ("phone", "openid")


def test_what_the_client_is_not_registered_for_is_left_out() -> None:
    """§3.3: the server may ignore a part of it, and says in the answer what was issued."""
    assert requested("openid email phone", REGISTERED, "") == ("openid", "phone")


def test_where_nothing_is_left_or_nothing_may_be_left_out_it_is_an_error() -> None:
    for text, strict in (("email", False), ("openid email", True)):
        with pytest.raises(InvalidScope) as refused:
            requested(text, REGISTERED, "", strict=strict)
        assert refused.value.description == "scope is more than this client is registered for"
        assert refused.value.detail == "not registered: email"


@pytest.mark.parametrize("text", [None, ""])
def test_without_a_scope_the_default_is_meant(text: str | None) -> None:
    """§3.3: a request without it has a default, or fails."""
    assert requested(text, REGISTERED, "openid profile") == ("openid", "profile")
    with pytest.raises(InvalidScope, match="malformed"):
        requested(text, REGISTERED, "")


@pytest.mark.parametrize(
    "text",
    [
        " openid",
        "openid ",
        "openid  phone",
        "openid\tphone",
        'open"id',
        "open\\id",
        "openïd",
        "x" * 101,
        "\x7f",
    ],
    ids=repr,
)
def test_a_scope_is_of_the_characters_of_the_standard(text: str) -> None:
    """§3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), with one blank between two; the length is our bound."""
    with pytest.raises(InvalidScope, match="malformed"):
        requested(text, REGISTERED | {text}, "openid")


@pytest.mark.parametrize("name", ["!", "#", "[", "]", "~", "x" * 100])
def test_the_bounds_of_the_characters_are_within(name: str) -> None:
    assert requested(name, frozenset({name}), "") == (name,)


@given(NAMES, st.booleans())
def test_never_more_than_is_registered_and_nothing_that_was_not_asked(names: list[str], strict: bool) -> None:
    try:
        given_ = requested(" ".join(names), REGISTERED, "", strict=strict)
    except InvalidScope:
        assert not set(names) <= REGISTERED
        return
    assert set(given_) == set(names) & REGISTERED
    assert len(given_) == len(set(given_))
    assert not strict or set(names) <= REGISTERED


def test_a_refresh_without_a_scope_means_all_that_was_granted() -> None:
    """§6: if omitted, it is treated as equal to what the person granted."""
    assert narrowed(None, ("openid", "phone"), REGISTERED) == ("openid", "phone")


def test_a_refresh_may_ask_for_less_and_never_for_more() -> None:
    """§6: it must not include any scope that was not granted."""
    assert narrowed("phone", ("openid", "phone"), REGISTERED) == ("phone",)
    with pytest.raises(InvalidScope, match="more than was granted"):
        narrowed("openid profile", ("openid", "phone"), REGISTERED)


def test_what_was_left_out_at_first_is_left_out_at_each_refresh() -> None:
    """Some libraries repeat what they are configured with."""
    assert narrowed("openid email", ("openid",), REGISTERED) == ("openid",)
    with pytest.raises(InvalidScope):
        narrowed("openid email", ("openid",), REGISTERED, strict=True)


def test_what_was_granted_stays_so_when_the_registration_has_shrunk() -> None:
    assert narrowed("openid email", ("openid", "email"), frozenset({"openid"})) == ("openid", "email")


@given(NAMES, NAMES)
def test_a_refresh_is_a_part_of_what_was_granted(names: list[str], granted: list[str]) -> None:
    try:
        left = narrowed(" ".join(names), tuple(granted), REGISTERED)
    except InvalidScope:
        return
    assert set(left) <= set(granted)
