"""Fills the texts of a profile: {name} and {name|filter|filter}. Nothing is evaluated, no value is read twice."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

_PLACE = re.compile(r"\{([a-z_][A-Za-z0-9_.]*)((?:\|[a-z0-9]+)*)\}")
"""A name in braces; the braces of JSON never look like it, because a quotation mark follows them."""

FILTERS: Mapping[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "lower": str.lower,
    "md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    "sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "upper": str.upper,
    "url": lambda text: quote(text, safe=""),
}


class UnknownName(Exception):
    """A template asks for a value or a filter that there is not; the text is the name."""


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text with every place filled; raises UnknownName. What a value brings is not looked at again."""

    def replace(found: re.Match[str]) -> str:
        try:
            text = values[found[1]]
            for name in found[2].split("|")[1:]:
                text = FILTERS[name](text)
        except KeyError as error:
            raise UnknownName(str(error.args[0])) from error
        return text

    return _PLACE.sub(replace, template)


def fill_all(content: Any, values: Mapping[str, str]) -> Any:
    """The same for every text within a JSON value."""
    if isinstance(content, str):
        return fill(content, values)
    if isinstance(content, Mapping):
        return {name: fill_all(value, values) for name, value in content.items()}
    if isinstance(content, list):
        return [fill_all(value, values) for value in content]
    return content


def names(content: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every name a template or a JSON value of templates asks for, with its filters."""
    if isinstance(content, str):
        for found in _PLACE.finditer(content):
            yield found[1], tuple(found[2].split("|")[1:])
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from names(value)
    elif isinstance(content, list):
        for value in content:
            yield from names(value)
