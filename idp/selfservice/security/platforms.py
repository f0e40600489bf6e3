"""Platforms above us, as a person knows them."""

from collections.abc import Mapping

from idp.infrastructure.translations import CHINESE

Titles = Mapping[str, tuple[str, str]]
"""Platforms by the name of their profile: title in Chinese and in English."""


def platform_title(language: str, platforms: Titles, name: str) -> str:
    """The title in a language; one that we do not know speaks for itself."""
    chinese, english = platforms.get(name, (name, name))
    return chinese if language == CHINESE else english
