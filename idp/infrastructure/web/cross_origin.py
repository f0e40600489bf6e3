"""Cross-origin resource sharing (Fetch standard §3.3): which pages of other origins may read which answers."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

REQUEST_HEADERS = "authorization, content-type"
EXPOSED_HEADERS = "www-authenticate, retry-after"
"""What a page must read to know why it was refused, and when to come again; the safelisted ones need no mention."""
PREFLIGHT_SECONDS = 600
_VARY = (b"vary", b"origin")


@dataclass(frozen=True, slots=True)
class CrossOrigin:
    """Lets pages of some origins read some paths, never with credentials: no cookie comes along or is looked at."""

    paths: Mapping[str, Collection[str]]
    """Path → methods. The path alone, and everything below it where it ends with a slash."""
    admits: Callable[[str], bool]
    """Whether an origin, as a browser writes it, may read them."""

    def methods(self, path: str) -> Collection[str] | None:
        """The methods of a path that is shared; None for every other one."""
        found = self.paths.get(path)
        if found is not None:
            return found
        return next(
            (methods for base, methods in self.paths.items() if base[-1] == "/" and path.startswith(base)),
            None,
        )

    async def preflight(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the question that a browser asks before the request; False where it is none to be answered here."""
        names = {name for name, _ in scope["headers"]}
        methods = self.methods(scope["path"])
        if methods is None or scope["method"] != "OPTIONS" or b"access-control-request-method" not in names:
            return False
        headers = {
            "access-control-allow-methods": ", ".join(methods),
            "access-control-allow-headers": REQUEST_HEADERS,
            "access-control-max-age": str(PREFLIGHT_SECONDS),
            "cache-control": "no-store",
        }
        await Response(status_code=204, headers=headers)(scope, receive, send)
        return True

    def shared(self, scope: Scope, send: Send) -> Send | None:
        """The same messages, readable by the page that asks; None where it may not read them.

        Without `Origin` nothing is looked up: servers and people's own pages send none.
        """
        sent = [value for name, value in scope["headers"] if name == b"origin"]
        if (
            len(sent) != 1
            or self.methods(scope["path"]) is None
            or not self.admits(sent[0].decode("latin-1"))
        ):
            return None
        added = [
            (b"access-control-allow-origin", sent[0]),
            (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
        ]

        async def readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *added]
                message = {**message, "headers": headers if _VARY in headers else [*headers, _VARY]}
            await send(message)

        return readable
