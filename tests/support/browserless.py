"""A person without a browser: follows redirects, fills our plain HTML forms, ends at the redirect URI."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2

MOST_STEPS = 12


@dataclass(slots=True)
class Form:
    """A form as the page shows it: hidden and visible fields with their values, and its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def in_tabs(self, number: int) -> "list[Form]":
        """The same form as so many tabs have it: each opened it for itself, so each is an attempt of its own."""
        tabs = [{**self.fields, "attempt": f"tab {each}"} for each in range(number)]
        return [Form(self.action, self.method, fields, self.buttons) for fields in tabs]


@dataclass(frozen=True, slots=True)
class Page:
    """What the person sees."""

    url: str
    status: int
    text: str
    forms: tuple[Form, ...]

    def form_with(self, name: str) -> Form | None:
        """The first form that has a field or a button of this name."""
        for form in self.forms:
            if name in form.fields or any(button == name for button, _ in form.buttons):
                return form
        return None


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the provider sent the browser: the relying party's address and the parameters it got."""

    url: str
    parameters: dict[str, str]
    method: str = "GET"

    @property
    def full_url(self) -> str:
        """The address with its parameters, as an OAuth client wants it."""
        return str(httpx2.URL(self.url, params=self.parameters))


class Stuck(AssertionError):
    """The page is not one this login expects, e.g. an error page or the same form again."""

    def __init__(self, page: Page) -> None:
        super().__init__(f"stuck at {page.url} (status {page.status}):\n{page.text[:2000]}")
        self.page = page


class Browserless:
    """One browser: a cookie jar and the habit of following redirects as long as they stay on the provider."""

    def __init__(
        self,
        origin: str,
        *,
        verify: ssl.SSLContext | bool = True,
        headers: Mapping[str, str] | None = None,
        client: httpx2.AsyncClient | None = None,
    ) -> None:
        self.origin = origin.rstrip("/")
        self.client = client or httpx2.AsyncClient(
            verify=verify,
            follow_redirects=False,
            trust_env=False,
            timeout=30,
            headers={"accept": "text/html", "accept-language": "zh-CN", **(headers or {})},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the browser; its cookies are gone."""
        await self.client.aclose()

    async def open(self, url: str) -> Page | Callback:
        """Type an address (absolute, or a path on the provider)."""
        return await self._follow(await self.client.get(urljoin(self.origin + "/", url)))

    async def submit(self, form: Form, **fields: str) -> Page | Callback:
        """Fill fields of a form and send it; a button is pressed by giving its name and value."""
        data = {**form.fields, **fields}
        if form.method == "GET":
            return await self._follow(await self.client.get(form.action, params=data))
        # Browsers send Origin with every POST; the provider may insist on it.
        headers = {"origin": self.origin}
        return await self._follow(await self.client.post(form.action, data=data, headers=headers))

    async def log_in(
        self, url: str, username: str, password: str, otp: str | None = None, decision: str = "allow"
    ) -> Callback:
        """Open an authorization request and do what its pages ask for until the browser leaves the provider.

        Raises Stuck on any page that is not a login, a one-time password or a consent, or that comes back.
        """
        answers = {"username": username, "password": password}
        done: set[str] = set()
        here = await self.open(url)
        for _ in range(MOST_STEPS):
            if isinstance(here, Callback):
                return here
            asked, form = _question(here)
            if form is None or asked in done or (asked == "otp" and otp is None):
                raise Stuck(here)
            done.add(asked)
            if asked == "password":
                here = await self.submit(form, **answers)
            elif asked == "otp":
                here = await self.submit(form, otp=otp or "")
            else:
                here = await self.submit(form, decision=decision)
        raise AssertionError("the login never ends")

    async def log_out(self, url: str) -> Page | Callback:
        """Open an end-session address and confirm."""
        here = await self.open(url)
        form = here.form_with("decision") if isinstance(here, Page) else None
        return here if form is None else await self.submit(form, decision="logout")

    def cookie_header(self) -> str:
        """The cookies that go with every path, for a client that sends its own bytes."""
        everywhere = [cookie for cookie in self.client.cookies.jar if cookie.path == "/"]
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in everywhere)

    async def _follow(self, response: httpx2.Response) -> Page | Callback:
        for _ in range(MOST_STEPS):
            if not response.has_redirect_location:
                return self._page(response)
            target = urljoin(str(response.url), response.headers["location"])
            if not self._is_ours(target):
                parts = urlsplit(target)
                parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
                return Callback(parts._replace(query="", fragment="").geturl(), parameters)
            response = await self.client.get(target)
        raise AssertionError("the redirects never end")

    def _page(self, response: httpx2.Response) -> Page | Callback:
        forms = forms_of(response)
        for form in forms:
            # form_post: the page posts itself to the relying party.
            if form.method == "POST" and not self._is_ours(form.action):
                return Callback(form.action, form.fields, "POST")
        return Page(str(response.url), response.status_code, response.text, forms)

    def _is_ours(self, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" == self.origin


def forms_of(response: httpx2.Response) -> tuple[Form, ...]:
    """The forms of an HTML page; none where it is something else."""
    reader = _FormReader(str(response.url))
    if response.headers.get("content-type", "").startswith("text/html"):
        reader.feed(response.text)
    return tuple(reader.forms)


def _question(page: Page) -> tuple[str, Form | None]:
    for name in ("password", "otp", "decision"):
        form = page.form_with(name)
        if form is not None:
            return name, form
    return "", None


class _FormReader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._base = base
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self._base, attributes.get("action") or self._base)
            self._open = Form(action, attributes.get("method", "get").upper())
            self.forms.append(self._open)
        elif self._open is not None and tag in ("input", "button") and attributes.get("name"):
            self._add(self._open, tag, attributes)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    @staticmethod
    def _add(form: Form, tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("type", "submit" if tag == "button" else "text").lower()
        name, value = attributes["name"], attributes.get("value", "")
        if kind == "submit":
            form.buttons.append((name, value))
        elif kind not in ("checkbox", "radio") or "checked" in attributes:
            form.fields[name] = value or ("on" if kind in ("checkbox", "radio") else "")
