"""Platforms above us, as a person knows them."""

from collections.abc import Mapping

from starlette.requests import Request

from idp.infrastructure.translations import CHINESE
from idp.infrastructure.web.site import Site

Titles = Mapping[str, tuple[str, str]]
"""Platforms by the name of their profile: title in Chinese and in English."""


def platform_title(site: Site, request: Request, platforms: Titles, name: str) -> str:
    """The title in the language of a request; one that we do not know speaks for itself."""
    chinese, english = platforms.get(name, (name, name))
    return chinese if site.language(request) == CHINESE else english
