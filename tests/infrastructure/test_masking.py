"""What is left to be seen of personal data, and that there is one place for it."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.infrastructure.masking import (
    ends_shown,
    last_shown,
    masked_given_name,
    masked_name,
    masked_number,
)
from tests.architecture.sources import ROOT, name, python_files, tree

PLACE = "idp/infrastructure/masking.py"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("410411199001010015", "410***********0015"),
        ("13800000001", "138****0001"),
        ("E12345678", "E******78"),
        ("Ａ１２３", "****"),
        ("𠮷12345", "****45"),
        ("", ""),
        (None, ""),
    ],
)
def test_what_is_masked_is_masked_by_characters(text: str | None, expected: str) -> None:
    assert masked_number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("13800000001", "138****0001"), ("E1234567", "E12*4567"), ("E123456", "*******"), ("", ""), (None, "")],
)
def test_of_a_number_that_is_as_long_as_what_is_shown_of_it_nothing_is_shown(
    text: str | None, expected: str
) -> None:
    assert ends_shown(text) == expected


@pytest.mark.parametrize(("name", "shown"), [("张三", "*三"), ("王", "*"), ("", "*"), ("欧阳娜娜", "***娜")])
def test_a_name_is_shown_by_its_last_character(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(("name", "shown"), [("李四", "李*"), ("王", "王"), ("", ""), ("𠮷田太郎", "𠮷***")])
def test_a_name_without_the_given_name_is_shown_by_its_first_character(name: str, shown: str) -> None:
    assert masked_given_name(name) == shown


@pytest.mark.parametrize(("text", "shown"), [("E12345678", "*****5678"), ("1234", "1234"), ("", "")])
def test_people_recognise_their_number_by_its_end(text: str, shown: str) -> None:
    assert last_shown(text) == shown


@given(st.text(st.characters(blacklist_characters="*"), min_size=1))
def test_each_character_is_either_shown_where_it_stands_or_hidden(text: str) -> None:
    for shown in (masked_number(text), ends_shown(text), masked_name(text), masked_given_name(text)):
        assert len(shown) == len(text)
        assert all(seen in ("*", stood) for seen, stood in zip(shown, text, strict=True))


def test_nobody_else_puts_asterisks() -> None:
    made = [
        f"{name(path)}:{node.lineno}"
        for path in python_files()
        if path.is_relative_to(ROOT / "idp") and name(path) != PLACE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult)
        and any(isinstance(side, ast.Constant) and side.value == "*" for side in (node.left, node.right))
    ]
    assert made == []
