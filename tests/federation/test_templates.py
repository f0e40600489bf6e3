"""Texts of profiles are filled, never evaluated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.federation.profiles.templates import UnknownName, fill, fill_all, names


def test_names_and_filters_are_filled_in() -> None:
    assert fill("{host}/x?a={a|upper}", {"host": "https://p.test", "a": "b"}) == "https://p.test/x?a=B"


def test_json_around_a_place_is_left_alone() -> None:
    text = fill(
        '{"appMark":"{app}","params":"{\\"ticket\\":\\"{ticket|json}\\"}"}', {"app": "a", "ticket": "t"}
    )
    assert json.loads(json.loads(text)["params"]) == {"ticket": "t"}


def test_what_a_value_brings_is_not_looked_at_again() -> None:
    assert fill("{ticket}", {"ticket": "{secret}", "secret": "s"}) == "{secret}"


@pytest.mark.parametrize("template", ["{nobody}", "{a|nothing}"])
def test_an_unknown_name_or_filter_is_an_error(template: str) -> None:
    with pytest.raises(UnknownName):
        fill(template, {"a": "b"})


@given(st.text())
def test_a_ticket_cannot_break_out_of_json(ticket: str) -> None:
    document = json.loads(fill('{"ticket":"{ticket|json}"}', {"ticket": ticket}))
    assert document == {"ticket": ticket}


def test_every_text_of_a_json_value_is_filled() -> None:
    assert fill_all({"a": ["{x}", 1, None], "b": {"c": "{x}"}}, {"x": "y"}) == {
        "a": ["y", 1, None],
        "b": {"c": "y"},
    }


def test_the_names_of_a_template_are_listed_with_their_filters() -> None:
    assert list(names({"a": "{x|md5|upper}", "b": ["{y}"]})) == [("x", ("md5", "upper")), ("y", ())]
