"""Levels as authentication context class references (OpenID Connect Core §2, §3.1.2.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oauth.protocol import acr

VALUES = st.sampled_from([*acr.LEVELS, "0", "phr", "urn:zhanhe:acr:level:5", "urn:zhanhe:acr:level:"])


def test_the_levels_are_uris_that_nobody_else_means() -> None:
    assert [acr.of_level(level) for level in range(5)] == [
        "urn:zhanhe:acr:level:0",
        "urn:zhanhe:acr:level:1",
        "urn:zhanhe:acr:level:2",
        "urn:zhanhe:acr:level:3",
        "urn:zhanhe:acr:level:4",
    ]


@pytest.mark.parametrize("level", range(5))
def test_a_level_that_is_asked_for_is_the_one_that_is_claimed(level: int) -> None:
    assert acr.asked_level(acr.of_level(level)) == level


def test_of_several_any_is_enough() -> None:
    """They are in order of preference, and voluntary: the least demanding of them meets the request."""
    assert acr.asked_level("urn:zhanhe:acr:level:4 urn:zhanhe:acr:level:2") == 2
    assert acr.asked_level("urn:zhanhe:acr:level:2 urn:zhanhe:acr:level:4") == 2


@pytest.mark.parametrize("asked", [None, "", " ", "urn:zhanhe:acr:level:9", "URN:ZHANHE:ACR:LEVEL:3", "3"])
def test_what_is_no_level_of_ours_asks_for_nothing(asked: str | None) -> None:
    assert acr.asked_level(asked) == 0


@given(st.lists(VALUES))
def test_neither_their_order_nor_what_we_do_not_know_matters(values: list[str]) -> None:
    known = [acr.LEVELS.index(value) for value in values if value in acr.LEVELS]
    assert acr.asked_level(" ".join(values)) == min(known, default=0)
    assert acr.asked_level(" ".join(values)) == acr.asked_level("  ".join(reversed(values)))
