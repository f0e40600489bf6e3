"""The switches in the header of every page: the other languages, and the elder mode."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from idp.infrastructure.translations import LANGUAGES
from idp.infrastructure.web import cookies as names

LANGUAGE = "ui_locales"
SWITCHES = (LANGUAGE, names.ELDER, "done")
"""Parameters of an address that its switches leave out; `done` would repeat an old notice."""
CARRIED = {"continue_": "continue", "ticket": "ticket"}
"""What a page knows of what the person came for, and the parameter by which its path is told."""
HAS_GET = "zhanhe.has_get"
"""In the scope: whether the path can also be opened with GET; the dispatcher knows."""


@dataclass(frozen=True, slots=True)
class Switches:
    """Links: the page in the other mode, and in each language as (tag, label, address).

    `once`: what the page shows is gone when it is left, so that the links open another tab.
    """

    elder: str
    languages: list[tuple[str, str, str]]
    once: bool


def switches(request: Request, elder: bool, context: Mapping[str, Any]) -> Switches:
    """For a page with this context. All addresses are of the page itself, or of a path that we know."""
    base, query = _here(request, context)

    def to(name: str, value: str) -> str:
        return f"{base}?{urlencode([*query, (name, value)])}"

    other_mode = to(names.ELDER, "0" if elder else "1")
    languages = [(lang, label, to(LANGUAGE, lang)) for lang, label in LANGUAGES.items()]
    return Switches(other_mode, languages, once=bool(context.get("once")))


def _here(request: Request, context: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Where this page is opened with GET: relative, so that no path (//elsewhere) can lead away from us.

    A page that answers a form says itself where it begins (`again`, a path of ours); else it is the form's own path
    with what the person came for, or the start page where that path only takes forms.
    """
    if request.method in ("GET", "HEAD"):
        return "", [pair for pair in request.query_params.multi_items() if pair[0] not in SWITCHES]
    if again := context.get("again"):
        path, _, query = str(again).partition("?")
        return path, parse_qsl(query)
    if not request.scope.get(HAS_GET):
        return "/", []
    return "", [(name, str(context[known])) for known, name in CARRIED.items() if context.get(known)]
