"""Names as people have them, typed as people type them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.invalid import InvalidAccount
from idp.accounts.names import MOST_CHARACTERS, normalized_name, same_name

DOTS = "•‧∙・･．。●⸱⋅·\u0387."


@pytest.mark.parametrize("dot", DOTS)
def test_every_dot_between_letters_becomes_the_one_that_is_prescribed(dot: str) -> None:
    assert normalized_name(f"阿卜杜拉{dot}买买提") == "阿卜杜拉·买买提"
    assert normalized_name(f"阿{dot}卜{dot}买") == "阿·卜·买"


@pytest.mark.parametrize("dot", "•・。·")
def test_blanks_around_a_dot_go(dot: str) -> None:
    assert normalized_name(f"阿卜杜拉 {dot}\u3000买买提") == "阿卜杜拉·买买提"


@pytest.mark.parametrize(
    "name",
    [
        "张三", "旺", "OU YANG", "MARIA JOSÉ SILVA", "O'Brien-Smith", "J. Smith", "Martin Luther King Jr.",
        "𠮷祥", "\U00030ede明", "\U000323af生", "葛\U000e0100城", "ﾔﾏﾀﾞ", "ﬁ", "①张", "张" * MOST_CHARACTERS,
    ],
)  # fmt: skip
def test_a_name_stays_what_it_is(name: str) -> None:
    assert normalized_name(name) == name


def test_composed_and_decomposed_letters_are_one() -> None:
    assert normalized_name(unicodedata.normalize("NFD", "JOSÉ")) == "JOSÉ"


def test_blanks_are_made_equal() -> None:
    assert normalized_name("  MARIA \u3000 SILVA ") == "MARIA SILVA"


@pytest.mark.parametrize(
    "text", ["", "   ", "·", "123", "张\x00三", "张\u202e三", "张\u200b三", "张" * 51, "\ue000", "a\x7fb"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidAccount) as refused:
        normalized_name(text)
    assert len(text.strip()) < 2 or text not in str(refused.value)


@given(st.text(max_size=60))
def test_a_normalized_name_is_normal(text: str) -> None:
    try:
        name = normalized_name(text)
    except InvalidAccount:
        return
    assert normalized_name(name) == name
    assert 1 <= len(name) <= MOST_CHARACTERS
    assert unicodedata.is_normalized("NFC", name)


def test_names_are_compared_without_case() -> None:
    assert same_name("Maria Silva", "MARIA SILVA")
    assert not same_name("张三", "张叁")
