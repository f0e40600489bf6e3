"""The unified social credit code, against python-stdnum and the rules of GB 32100."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from idp.infrastructure.typed import credit_code
from idp.organizations.model import (
    LegalPersonKind,
    MandateRefused,
    Principal,
    Scope,
    checked_code,
    checked_scope,
)
from idp.organizations.protocol.credit_code import (
    ALPHABET,
    check_character,
    is_valid,
    kind_of,
    organisation_code_is_valid,
)

CODE = "91410411MA0000007X"
digits = st.text("0123456789", min_size=8, max_size=8)
letters = st.text(ALPHABET, min_size=9, max_size=9)


@given(digits, letters)
def test_a_code_with_the_right_check_character_is_valid_and_no_other(front: str, back: str) -> None:
    right = check_character(front + back)
    assert right == uscc.calc_check_digit(front + back)
    for character in ALPHABET:
        code = front + back + character
        assert is_valid(code) == uscc.is_valid(code) == (character == right)


@given(st.text(max_size=20))
def test_what_stdnum_refuses_and_is_no_rural_code_is_refused(text: str) -> None:
    if is_valid(text) and text[:2].isdigit():
        assert uscc.is_valid(text)


@given(digits, letters, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(front: str, back: str, place: int, other: str) -> None:
    body = front + back
    code = body + check_character(body)
    if code[place] != other:
        assert not is_valid(code[:place] + other + code[place + 1 :])


def test_codes_of_rural_collectives_begin_with_a_letter() -> None:
    body = "N2410411MF0000013"
    assert is_valid(body + check_character(body))
    assert not uscc.is_valid(body + check_character(body))


@pytest.mark.parametrize(
    "typed",
    [
        "91410411ma0000007x",
        "９１４１０４１１ＭＡ００００００７Ｘ",
        " 9141 0411-MA00 0000 7X\u200b",
        "91410411MA0000007X",
    ],
)
def test_width_case_and_blanks_do_not_matter(typed: str) -> None:
    assert credit_code(typed) == checked_code(typed) == CODE


@pytest.mark.parametrize(
    "wrong", ["", "91410411MA00000070", "91410411MI0000007X", CODE + "0", CODE[:-1], "I" * 18, "١" * 18]
)
def test_what_is_no_code_is_refused(wrong: str) -> None:
    with pytest.raises(MandateRefused):
        checked_code(wrong)


def test_the_organisation_code_has_a_check_of_its_own() -> None:
    assert organisation_code_is_valid(CODE)
    assert not organisation_code_is_valid(CODE[:16] + "8" + CODE[17:])
    assert not organisation_code_is_valid("short")


@pytest.mark.parametrize(
    ("front", "kind"),
    [
        ("91", 2),
        ("93", 2),
        ("92", 6),
        ("12", 3),
        ("51", 4),
        ("52", 4),
        ("53", 4),
        ("11", 5),
        ("13", 6),
        ("N2", 6),
    ],
)
def test_the_first_two_characters_suggest_the_kind(front: str, kind: int) -> None:
    assert LegalPersonKind(kind_of(front + CODE[2:])) is LegalPersonKind(str(kind))


def test_a_principal_comes_back_from_its_text() -> None:
    principal = Principal("legal_person", "1", "湛河", CODE, "agent", "2", ("a", "b"), ("x",), 3.5)
    assert Principal.from_json(principal.to_json()) == principal


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_a_scope_within_another_is_never_wider(inner: list[str], outer: list[str]) -> None:
    try:
        found = Scope(tuple(inner)).within(Scope(tuple(outer)))
    except MandateRefused:
        return
    assert not outer or (found.systems and set(found.systems) <= set(outer))


def test_a_scope_keeps_its_limits() -> None:
    with pytest.raises(MandateRefused):
        checked_scope(Scope(items=("x" * 65,)), 0.0)
    with pytest.raises(MandateRefused):
        checked_scope(Scope(systems=tuple(map(str, range(51)))), 0.0)
    with pytest.raises(MandateRefused):
        checked_scope(Scope(valid_until=0.0), 0.0)
    for odd in ("", " ", "a b", "a\x00", "a\n"):  # dropped, it would leave nothing, which means everything
        for scope in (Scope(systems=(odd,)), Scope(items=(odd,))):
            with pytest.raises(MandateRefused):
                checked_scope(scope, 0.0)
    assert checked_scope(Scope(("a", "a"), ("x",)), 0.0) == Scope(("a",), ("x",))
