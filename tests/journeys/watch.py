"""Watches what a browser does on every page: it reaches this machine only, and no page breaks its own rules."""

from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response

HERE = ("127.0.0.1", "localhost")
_NOT_LOADED = "Failed to load resource"
"""Said of pages that are answers to mistakes, too; what else is not loaded is seen by its response."""


class Watch:
    """What was found wrong so far, in all tabs of a browser."""

    def __init__(self, context: BrowserContext) -> None:
        self.findings: list[str] = []
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.findings.append(f"script: {error.error}"))

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.hostname not in HERE:
            self.findings.append(f"outside: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.findings.append(f"{response.status}: {response.url}")
        if response.status >= 500:
            self.findings.append(f"{response.status}: {urlsplit(response.url).path}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_NOT_LOADED):
            self.findings.append(f"console: {message.text}")
