"""Renders the pages: templates read at start, static files under names that carry their content, security headers."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FunctionLoader, StrictUndefined
from jinja2.bccache import Bucket

from idp.infrastructure.translations import Translations

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"
STATIC_PATH = "/static/"

CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

FORM_POST_SCRIPT = "document.forms[0].submit()"
"""The one script inside a page: it sends the form of response_mode=form_post without a click."""

_CSP = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    # No form-action: Chrome holds it against the redirects after a post too, and those lead from our login
    # and consent forms to the registered system (w3c/webappsec-csp#8).
}
_SCRIPT_HASH = b64encode(hashlib.sha256(FORM_POST_SCRIPT.encode()).digest()).decode()


def _policy(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())


PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _policy(_CSP),
    # Our addresses carry authorization requests: others learn nothing of them (RFC 9700 §4.2), while our own
    # forms keep a real Origin header, which no-referrer would turn into "null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # browsers without frame-ancestors (RFC 9700 §4.16)
    "Cache-Control": "no-store",
}
"""For every page."""

FORM_POST_HEADERS: Mapping[str, str] = {
    **PAGE_HEADERS,
    "Content-Security-Policy": _policy({**_CSP, "script-src": f"'sha256-{_SCRIPT_HASH}'"}),
    # The system that receives the form may check that it came from us: our origin, without the address.
    "Referrer-Policy": "strict-origin",
}
"""For form_post.html, in place of PAGE_HEADERS."""

SCRIPT_HEADERS: Mapping[str, str] = {
    **PAGE_HEADERS,
    "Content-Security-Policy": _policy({**_CSP, "script-src": "'self'", "connect-src": "'self'"}),
}
"""For the few pages that bring a script of ours (passkeys, a scan, counting down), in place of PAGE_HEADERS."""

STATIC_HEADERS: Mapping[str, str] = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}
"""For static files: a changed file has another URL, so a copy never grows stale."""


class _Compiled(BytecodeCache):
    """What this process has compiled: the templates are the same for every worker that it builds."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Called by Jinja before it compiles; the checksum is that of the source."""
        code = self._code.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Called by Jinja after it compiled."""
        self._code[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class Pages:
    """All templates and static files, read when it is made."""

    def __init__(
        self,
        template_dirs: Sequence[Path],
        translations: Translations,
        static_dir: Path = STATIC,
        **facts: object,
    ) -> None:
        """`facts` are known to every template, as `idle_minutes`: how long a login lasts without a request."""
        self._translations = translations
        self._static = {path.name: _static_file(path) for path in sorted(static_dir.iterdir())}
        directories = list(dict.fromkeys([TEMPLATES, *template_dirs]))
        # Read now, so that pages stay those of this program; compiled when first shown, which takes longer.
        templates = _read_templates(directories)
        self._environment = Environment(
            loader=FunctionLoader(templates.get),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=_COMPILED,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "static": self.static,
            "elder": False,
            "switches": None,
            "attempt": "",
            "presence": None,
        }
        self._environment.globals |= {"idle_minutes": None, **facts}
        self._environment.filters["spoken"] = spoken
        self._environment.globals["form_post_script"] = FORM_POST_SCRIPT

    def render(self, template: str, *, lang: str, **context: Any) -> str:
        """A page in a language; raises jinja2.UndefinedError when the context lacks what the template names."""
        gettext = partial(self._translations.gettext, lang)
        return self._environment.get_template(template).render(context, lang=lang, _=gettext)

    def static(self, name: str) -> str:
        """The URL path of a static file."""
        return self._static[name][0]

    def static_files(self) -> dict[str, tuple[bytes, str]]:
        """URL path → content and content type of every static file; serve them with STATIC_HEADERS."""
        return {url: (content, content_type) for url, content, content_type in self._static.values()}


def spoken(code: str) -> str:
    """A code as it is read out: character by character, not as one large number."""
    return " ".join(character for character in code if not character.isspace())


def _static_file(path: Path) -> tuple[str, bytes, str]:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return f"{STATIC_PATH}{path.stem}.{digest}{path.suffix}", content, CONTENT_TYPES[path.suffix]


def _read_templates(directories: Iterable[Path]) -> dict[str, tuple[str, str, None]]:
    """Name → source and file; two rooms with a template of one name are refused, since one would never be shown."""
    found: dict[str, tuple[str, str, None]] = {}
    for directory in directories:
        for path in sorted(directory.glob("*.html")):
            if path.name in found:
                raise ValueError(f"two templates are named {path.name}: {found[path.name][1]}, {path}")
            found[path.name] = path.read_text("utf-8"), str(path), None
    return found
