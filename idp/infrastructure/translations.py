"""The languages of the pages: Chinese texts are the keys, locale/LANGUAGE/*.po hold the others, a file per area."""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.pofile import read_po

CHINESE = "zh-CN"
ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {CHINESE: "中文", ENGLISH: "English"}
"""BCP 47 tag → the language's own name; the first is the language of the source texts and the default."""

LOCALE = Path(__file__).parent / "locale"

MOST_CHARACTERS = 500
"""As much of a header or parameter as is looked at; a person's list of languages is far shorter."""

_TAGS: Mapping[str, str] = {"zh-cn": CHINESE, "zh": CHINESE, "en": ENGLISH}
"""What a wanted tag may match, written as babel compares it; zh-Hant and en-GB find their language."""


def mark(text: str) -> str:
    """Mark a text in a table for translation, usually imported as `_`; whoever shows it translates it."""
    return text


class Translations:
    """Texts in every language, read once."""

    def __init__(self, directory: Path = LOCALE) -> None:
        self._catalogs: dict[str, dict[str, str]] = {CHINESE: {}}
        for path in sorted(directory.glob("*/*.po")):
            self._catalogs.setdefault(path.parent.name, {}).update(_texts(path))

    def gettext(self, lang: str, text: str, **values: object) -> str:
        """The text in a language, its %(name)s filled in; what has no translation stays Chinese."""
        translated = self._catalogs.get(lang, {}).get(text, text)
        return translated % values if values else translated


def negotiate(ui_locales: str | None, cookie: str | None, accept_language: str | None) -> str:
    """The language to answer in: asked for (OpenID Connect Core §3.1.2.1), kept, the browser's, or Chinese."""
    return _negotiated(*((text or "")[:MOST_CHARACTERS] for text in (ui_locales, cookie, accept_language)))


@lru_cache(maxsize=1024)
def _negotiated(ui_locales: str, cookie: str, accept_language: str) -> str:
    wanted = [*ui_locales.split(), *cookie.split(), *_by_quality(accept_language)]
    found = negotiate_locale(wanted, list(_TAGS), sep="-")
    return _TAGS[found.lower()] if found else CHINESE


def _by_quality(header: str) -> list[str]:
    """The languages of an Accept-Language header, best first (RFC 9110 §12.5.4); what is malformed is left out."""
    weighted = []
    for part in header.split(","):
        tag, _, parameter = part.partition(";")
        quality = _quality(parameter)
        if tag.strip() and quality > 0:
            weighted.append((-quality, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda item: item[0])]


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return quality if 0 < quality <= 1 else 0.0


@cache
def _texts(path: Path) -> Mapping[str, str]:
    with path.open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    return {
        message.id: message.string
        for message in catalog
        if isinstance(message.id, str) and isinstance(message.string, str) and message.id and message.string
    }
