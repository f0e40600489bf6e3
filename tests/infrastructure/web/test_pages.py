import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jinja2 import UndefinedError

import idp
from idp.infrastructure.translations import CHINESE, LANGUAGES, Translations
from idp.infrastructure.web.pages import (
    FORM_POST_HEADERS,
    FORM_POST_SCRIPT,
    PAGE_HEADERS,
    SCRIPT_HEADERS,
    STATIC_HEADERS,
    TEMPLATES,
    Pages,
)
from idp.infrastructure.web.switches import Switches
from idp.relying_parties.scopes import OF_PERSONS
from idp.sign_on.scope_texts import SCOPE_TEXTS, scope_items

HOUSE = Path(next(iter(idp.__path__)))
ROOMS = sorted(HOUSE.glob("*/templates"))
HOSTILE = "\"'><script>alert(1)</script>{{ 7*7 }}%(x)s"
COMMON = {
    "csrf": "token",
    "continue_": "sealed",
    "switches": Switches("?elder=1", [(tag, name, "/p") for tag, name in LANGUAGES.items()], once=False),
}
SOMEBODY = {
    "name": "张三",
    "username": "zhangsan",
    "level": 2,
    "level_text": "已核对",
    "systems": [("门户", "https://a/", "今天")],
    "principal": None,
}
CONTEXTS: dict[str, dict[str, Any]] = {
    "consent.html": {
        "action": "/consent", "system": "门户", "client_uri": None, "name_masked": "*三",
        "items": [("姓名", "您的姓名")],
    },
    "logout.html": {"action": "/logout", "name_masked": "*三", "system": None},
    "form_post.html": {"action": "https://a/callback", "fields": [("code", "c"), ("iss", "i")], "system": "门户"},
    "error.html": {"title": "出错了", "message": "请重试", "detail_code": "A1", "actions": [("首页", "/")]},
    "overview.html": {
        **SOMEBODY, "here": "/", "logout_action": "/end_session", "signed_in_at": "今天", "principal": "示例公司",
        "acting_href": "/acting", "matters": [("请留意", "去看看", "/me/security")],
    },
}  # fmt: skip
SHAPES: list[tuple[str, dict[str, Any]]] = []
"""What a page looks like in other cases: its template, and what of its context is changed."""
for path in sorted((Path(__file__).parent / "contexts").glob("*.py")):  # a file per area
    area = import_module(f"tests.infrastructure.web.contexts.{path.stem}")
    CONTEXTS |= area.CONTEXTS
    SHAPES += getattr(area, "SHAPES", [])
SHOWN = [*((template, {}) for template in CONTEXTS), *SHAPES]
SHOWN_IDS = [" ".join([template, *map(str, changed)]) for template, changed in SHOWN]
OF_THE_CODE = {"why"}
"""What no person and no other system writes: the code chooses it from a list of its own."""


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages(ROOMS, Translations())


def render(pages: Pages, template: str, lang: str = CHINESE, **changed: Any) -> str:
    """A page with its ordinary context, some of it changed."""
    return pages.render(template, lang=lang, **{**COMMON, **CONTEXTS[template], **changed})


class Elements(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def named(self, tag: str) -> Iterator[dict[str, str | None]]:
        """The attributes of each element of a name."""
        return (attributes for name, attributes in self.all if name == tag)

    def field(self, name: str) -> dict[str, str | None]:
        """The one input of a name."""
        (found,) = [attributes for attributes in self.named("input") if attributes["name"] == name]
        return found


def test_every_context_is_of_a_page_that_there_is() -> None:
    """A page builds on another template, and none builds on it; what builds on nothing is a part of others."""
    texts = {
        path.name: path.read_text("utf-8") for room in [*ROOMS, TEMPLATES] for path in room.glob("*.html")
    }
    built_on = {name: re.findall(r'{% extends "(.+?)" %}', text) for name, text in texts.items()}
    layouts = {layout for names in built_on.values() for layout in names}
    assert layouts == {"base.html", "centre.html", "counter_base.html", "counter_find.html"}
    assert CONTEXTS.keys() == {name for name, names in built_on.items() if names} - layouts


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("template", "changed"), SHOWN, ids=SHOWN_IDS)
def test_a_page_names_its_language_and_title_and_has_one_heading(
    pages: Pages, template: str, changed: dict[str, Any], lang: str
) -> None:
    page = render(pages, template, lang, **changed)
    elements = Elements(page)
    assert next(elements.named("html"))["lang"] == lang
    title = re.search(r"<title>(.+?) · (.+)</title>", page)
    assert title is not None
    assert title[2] == ("湛河统一身份认证与用户中心" if lang == CHINESE else "Zhanhe Unified Identity")
    assert len(list(elements.named("h1"))) == 1
    assert next(elements.named("a"))["href"] == "#main"
    assert [attributes["id"] for attributes in elements.named("main")] == ["main"]


@pytest.mark.parametrize("template", CONTEXTS)
def test_a_page_reaches_for_nothing_outside_and_has_no_inline_style(pages: Pages, template: str) -> None:
    elements = Elements(render(pages, template))
    fetched = [attributes.get("src") for _, attributes in elements.all if "src" in attributes]
    fetched += [attributes["href"] for attributes in elements.named("link")]
    assert fetched
    assert all(url in pages.static_files() or (url or "").startswith("data:image/") for url in fetched)
    assert not [tag for tag, attributes in elements.all if tag == "style" or "style" in attributes]
    assert not [name for _, attributes in elements.all for name in attributes if name.startswith("on")]


@pytest.mark.parametrize(("template", "changed"), SHOWN, ids=SHOWN_IDS)
@pytest.mark.parametrize("error", [False, True], ids=["", "error"])
def test_ids_are_unique_and_references_lead_to_them(
    pages: Pages, template: str, changed: dict[str, Any], error: bool
) -> None:
    changes = {"error": "错误"} if error and "error" in CONTEXTS[template] else {}
    elements = Elements(render(pages, template, **changed | changes))
    ids = [attributes["id"] for _, attributes in elements.all if "id" in attributes]
    assert len(ids) == len(set(ids))
    for name in ("for", "aria-describedby", "aria-labelledby"):
        for _, attributes in elements.all:
            assert set((attributes.get(name) or "").split()) <= set(ids)


@pytest.mark.parametrize(("template", "changed"), SHOWN, ids=SHOWN_IDS)
def test_every_field_is_hidden_or_labelled(pages: Pages, template: str, changed: dict[str, Any]) -> None:
    elements = Elements(render(pages, template, **changed))
    labelled = {attributes["for"] for attributes in elements.named("label")}
    fields = [each for name in ("input", "select", "textarea") for each in elements.named(name)]
    assert {attributes["id"] for attributes in fields if attributes.get("type") != "hidden"} == labelled


@pytest.mark.parametrize(
    "template", ["login.html", "otp.html", "consent.html", "logout.html", "overview.html"]
)
def test_every_form_of_ours_is_a_post_with_a_csrf_token(pages: Pages, template: str) -> None:
    elements = Elements(render(pages, template))
    assert [attributes["method"] for attributes in elements.named("form")] == ["post"]
    assert elements.field("csrf")["value"] == "token"


@pytest.mark.parametrize(("template", "changed"), SHOWN, ids=SHOWN_IDS)
def test_every_form_names_the_attempt(pages: Pages, template: str, changed: dict[str, Any]) -> None:
    """A form that forgot it would be handled as often as it is tapped."""
    elements = Elements(render(pages, template, **{"attempt": "this page", **changed}))
    ours = [] if template == "form_post.html" else list(elements.named("form"))
    assert {each["method"] for each in ours} <= {"post"}
    for name, value in (("csrf", "token"), ("attempt", "this page")):
        found = [each["value"] for each in elements.named("input") if each.get("name") == name]
        assert found == [value] * len(ours), name


def test_the_form_for_another_system_holds_its_fields_and_no_csrf_token(pages: Pages) -> None:
    elements = Elements(render(pages, "form_post.html"))
    assert [attributes["action"] for attributes in elements.named("form")] == ["https://a/callback"]
    assert [attributes["name"] for attributes in elements.named("input")] == ["code", "iss"]
    assert [attributes["type"] for attributes in elements.named("button")] == ["submit"]


@pytest.mark.parametrize(("template", "changed"), SHOWN, ids=SHOWN_IDS)
def test_what_others_wrote_stays_text(pages: Pages, template: str, changed: dict[str, Any]) -> None:
    context = CONTEXTS[template] | changed
    hostile = {key: hostile_within(value) for key, value in context.items() if key not in OF_THE_CODE}
    hostile |= {key: HOSTILE for key in ("system", "error", "username") if key in CONTEXTS[template]}
    page = render(pages, template, csrf=HOSTILE, **changed | hostile)
    assert "<script>alert" not in page
    shown = unquote(page)  # some of it stands in addresses
    if not changed:  # what a page looks like in other cases may be without any
        assert "alert(1)" in shown
        assert "7*7" in shown
    assert not [name for _, attributes in Elements(page).all for name in attributes if "script" in name]


def hostile_within(value: Any) -> Any:
    """The same, with every text in it replaced."""
    match value:
        case str():
            return HOSTILE
        case dict():
            return {key: hostile_within(each) for key, each in value.items()}
        case list() | set():
            return type(value)(map(hostile_within, value))
        case tuple():
            return tuple(map(hostile_within, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{each.name: hostile_within(getattr(value, each.name)) for each in fields(value)}
            )
    return value


def test_an_address_of_a_system_is_a_link_only_if_it_is_a_web_address(pages: Pages) -> None:
    assert 'href="https://a/"' in render(pages, "consent.html", client_uri="https://a/")
    assert "javascript:" not in render(pages, "consent.html", client_uri="javascript:alert(1)")


def test_the_fields_of_the_login_tell_the_browser_what_they_are(pages: Pages) -> None:
    login, otp = Elements(render(pages, "login.html")), Elements(render(pages, "otp.html"))
    assert login.field("username")["autocomplete"] == "username"
    assert login.field("password")["autocomplete"] == "current-password"
    assert login.field("password")["type"] == "password"
    assert "value" not in login.field("password")
    assert otp.field("otp")["autocomplete"] == "one-time-code"
    assert otp.field("otp")["inputmode"] == "numeric"


def test_an_error_is_text_announced_and_tied_to_its_fields(pages: Pages) -> None:
    page = render(pages, "login.html", username="zhangsan", error="用户名或密码不正确。")
    elements = Elements(page)
    assert [(each.get("id"), each["role"]) for each in elements.named("div") if "role" in each] == [
        ("error", "alert")
    ]
    for name in ("username", "password"):
        assert elements.field(name)["aria-invalid"] == "true"
        assert elements.field(name)["aria-describedby"] == "error"
    assert "<title>错误：" in page
    assert elements.field("username")["value"] == "zhangsan"


def test_having_to_wait_makes_no_field_invalid(pages: Pages) -> None:
    page = render(pages, "login.html", username="zhangsan", error="尝试次数过多", retry_after=301)
    assert "aria-invalid" not in page
    assert "请等待约 6 分钟。" in page
    assert "请等待 59 秒。" in render(
        pages, "login.html", username="zhangsan", error="尝试次数过多", retry_after=59
    )


def test_nobody_logged_in_is_offered_the_login(pages: Pages) -> None:
    page = render(pages, "start.html")
    assert 'href="/login"' in page
    assert "<form" not in page


def test_a_context_that_lacks_something_is_refused(pages: Pages) -> None:
    with pytest.raises(UndefinedError, match="name_masked"):
        pages.render("logout.html", lang=CHINESE, **COMMON, action="/", system=None)


def test_two_templates_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text("", "utf-8")
    with pytest.raises(ValueError, match=r"two templates are named base\.html"):
        Pages([tmp_path], Translations())


def test_the_url_of_a_static_file_changes_with_its_content(tmp_path: Path, pages: Pages) -> None:
    (tmp_path / "site.css").write_text("a{}", "utf-8")
    (tmp_path / "emblem.svg").write_text("<svg/>", "utf-8")
    other = Pages(ROOMS, Translations(), tmp_path)
    assert other.static("site.css") != pages.static("site.css")
    assert other.static_files()[other.static("site.css")] == (b"a{}", "text/css; charset=utf-8")
    assert re.fullmatch(r"/static/site\.[0-9a-f]{12}\.css", other.static("site.css"))
    assert "immutable" in STATIC_HEADERS["Cache-Control"]


def test_pages_allow_no_script_and_form_post_allows_only_its_own(pages: Pages) -> None:
    assert "script-src" not in PAGE_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in PAGE_HEADERS["Content-Security-Policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", render(pages, "form_post.html"))
    assert script == FORM_POST_SCRIPT
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert FORM_POST_HEADERS["Content-Security-Policy"].endswith(f"script-src 'sha256-{digest}'")
    assert [name for name in CONTEXTS if "<script>" in render(pages, name)] == ["form_post.html"]
    with_file = {name for name in CONTEXTS if "<script src" in render(pages, name)}
    assert with_file == {"passkey.html", "qr.html", "security_passkey.html"}
    assert "script-src 'self'; connect-src 'self'" in SCRIPT_HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("headers", [PAGE_HEADERS, FORM_POST_HEADERS, SCRIPT_HEADERS])
def test_no_policy_restricts_where_a_form_leads(headers: dict[str, str]) -> None:
    assert "form-action" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_every_scope_about_a_person_is_explained() -> None:
    assert SCOPE_TEXTS.keys() == set(OF_PERSONS)


def test_a_business_scope_is_shown_by_its_name_after_the_known_ones() -> None:
    titles = [title for title, _ in scope_items(["credit:read", "phone", "openid"], str.strip)]
    assert titles == ["您的账号标识", "手机号码", "credit:read"]
