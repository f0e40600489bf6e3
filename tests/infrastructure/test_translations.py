import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import PoFileError, read_po
from hypothesis import given
from hypothesis import strategies as st

import idp
from idp.infrastructure.translations import CHINESE, ENGLISH, LANGUAGES, LOCALE, Translations, negotiate

SOURCES = Path(next(iter(idp.__path__)))
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {"gettext": (2,), "say": (1,), "said": (1,), "translate": (2,)}
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def extracted() -> set[str]:
    """Every text that templates and Python sources mark for translation."""
    options = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(SOURCES, METHODS, options, keywords=KEYWORDS)
    return {text for _, _, text, _, _ in found if isinstance(text, str)}


def english() -> dict[str, str]:
    """The English texts of all areas; a text stands in one of them."""
    texts: dict[str, str] = {}
    for path in sorted((LOCALE / "en").glob("*.po")):
        with path.open("rb") as file:
            area = {str(message.id): str(message.string) for message in read_po(file, abort_invalid=True)}
        area.pop("", None)
        assert texts.keys() & area.keys() == set(), path.name
        texts |= area
    return texts


def test_every_text_has_an_english_translation() -> None:
    translated = {text for text, translation in english().items() if translation.strip()}
    assert extracted() - translated == set()


def test_no_translation_has_lost_its_text() -> None:
    assert english().keys() - extracted() == set()


def test_the_texts_of_routes_templates_and_tables_are_all_found() -> None:
    assert {"用户名或密码不正确。", "用户名 / 手机号 / 证件号码", "持续访问", "回到首页"} <= extracted()


def test_every_text_is_chinese_and_no_translation_is() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    assert [text for text in extracted() if not han.search(text)] == []
    assert [text for text in english().values() if han.search(text)] == []


def test_a_translation_keeps_the_placeholders() -> None:
    for text, translation in english().items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(translation)), text


def test_a_text_is_translated_and_filled_in() -> None:
    translations = Translations()
    assert translations.gettext(ENGLISH, "返回 %(system)s", system="政务服务网") == "Back to 政务服务网"
    assert translations.gettext(CHINESE, "返回 %(system)s", system="政务服务网") == "返回 政务服务网"


def test_a_text_without_a_translation_stays_chinese() -> None:
    assert Translations().gettext(ENGLISH, "没有译文 100%") == "没有译文 100%"


def test_a_broken_catalog_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "core.po").write_text("nothing of a catalog\n", "utf-8")
    with pytest.raises(PoFileError, match="misformatted"):
        Translations(tmp_path)


@pytest.mark.parametrize(
    ("ui_locales", "cookie", "accept_language", "expected"),
    [
        (None, None, None, CHINESE),
        ("", "", "", CHINESE),
        ("en", "zh-CN", "zh-CN", ENGLISH),
        ("fr-CA en-GB zh", None, None, ENGLISH),
        (None, "en", "zh-CN,zh;q=0.9", ENGLISH),
        (None, "tlh", "en-US,en;q=0.9", ENGLISH),
        (None, None, "zh-Hant-TW,en;q=0.5", CHINESE),
        (None, None, "zh", CHINESE),
        (None, None, "en;q=0.3, zh;q=0.8", CHINESE),
        (None, None, "en;q=0, fr", CHINESE),
        (None, None, "EN-us", ENGLISH),
        (None, None, "de, *;q=0.5", CHINESE),
        ("zh-cn", None, "en", CHINESE),
        (None, None, "x" * 100_000 + ",en", CHINESE),
        (None, None, "en;q=nan,zh;q=inf", CHINESE),
        (None, None, "en;level=1", CHINESE),
    ],
)
def test_the_language_is_the_one_asked_for_then_kept_then_the_browsers_then_chinese(
    ui_locales: str | None, cookie: str | None, accept_language: str | None, expected: str
) -> None:
    assert negotiate(ui_locales, cookie, accept_language) == expected


@given(st.text(), st.text(), st.text())
def test_whatever_is_sent_the_language_is_one_of_ours(
    ui_locales: str, cookie: str, accept_language: str
) -> None:
    assert negotiate(ui_locales, cookie, accept_language) in LANGUAGES
