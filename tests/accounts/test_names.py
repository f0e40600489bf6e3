"""Names as people have them, typed as people type them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.invalid import InvalidAccount
from idp.accounts.names import MOST_CHARACTERS, InvalidName, normalized_name, same_name
from idp.infrastructure.gb18030 import STANDARD

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
        "𠮷祥", "\U00030ede明", "\U000323af生", "葛\U000e0100城", "ﾔﾏﾀﾞ", "ﬁ", "王一〇", "ئابدۇرېھىم",
        "བསྟན་འཛིན", "张" * MOST_CHARACTERS,
    ],
)  # fmt: skip
def test_a_name_stays_what_it_is(name: str) -> None:
    assert normalized_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\ufeff张三", "张三"), ("张\u200b三", "张三"), ("张\u202e三", "张三"), ("张　三", "张三"), ("张 三", "张三"),
        ("\ue863洋", "䶮洋"), ("\ue816", "\U00020087"), ("\ue864", "\u9fbb"), ("ＯＵ　ＹＡＮＧ", "OU YANG"),
        ("O’Brien", "O'Brien"), ("Jean‐Paul", "Jean-Paul"), ("张三\u3164", "张三"), ("欧 阳 娜 娜", "欧阳娜娜"),
    ],
)  # fmt: skip
def test_however_it_is_typed_it_is_one_name(text: str, name: str) -> None:
    assert normalized_name(text) == name
    assert same_name(text, name)


def test_every_private_character_of_the_old_standard_has_the_place_of_the_new_one() -> None:
    for lead, trails in ((0xFE, (*range(0x50, 0x7F), *range(0x80, 0xA1))),):
        for place, trail in enumerate(trails):
            of_python = bytes((lead, trail)).decode(
                "gb18030"
            )  # the edition of 2000 with the corrections of 2005
            ours = chr(STANDARD[0xE815 + place])
            if of_python < "\ue000":
                assert ours == of_python
            assert unicodedata.category(ours) in ("Lo", "So")
    assert len(set(STANDARD.values())) == len(STANDARD) == 81


def test_composed_and_decomposed_letters_are_one() -> None:
    assert normalized_name(unicodedata.normalize("NFD", "JOSÉ")) == "JOSÉ"


def test_blanks_are_made_equal() -> None:
    assert normalized_name("  MARIA \u3000 SILVA ") == "MARIA SILVA"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "·",
        "123",
        "张\x00三",
        "张" * 51,
        "\ue000",
        "a\x7fb",
        "张三（注销）",
        "张三(已故)",
        "王*",
        "?某",
        "□三",
        "张😀",
        "👍",
        "<b>张三</b>",
        "张三2",
        "①张",
        "张&三",
        "张_三",
        "\u3164",
        "\u200b",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidName) as refused:
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
