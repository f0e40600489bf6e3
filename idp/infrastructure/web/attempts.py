"""What was sent twice is done once: the second of the same form within seconds gets the first one's answer.

On a slow line people tap again, and the browser gives the first request up. What it spent (a code, a challenge, a
login that waits) is spent, and its answer was thrown away. So each page gives its forms a name of their own, and what
came of sending one is kept for some seconds: for the browser whose cookie sent it, with the same fields, and for as
long as nothing else has changed the browser's cookies (docs/decisions/0020-a-form-sent-twice.md).
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial, wraps
from http.cookies import SimpleCookie

import orjson
import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.key_value import KeyValue, KeyValueUnavailable
from idp.infrastructure.vault import Unreadable
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.dispatch import Handler, Routes
from idp.infrastructure.web.site import Site

KEPT_SECONDS = 15
"""So long an answer may be had again."""
CLAIMED_SECONDS = 30
"""So long a worker that dies keeps others from doing what it began; no handler takes longer."""
LOOK_SECONDS = 0.1
MOST_LOOKS = 150
"""After so many, whoever waits for another worker does the thing itself: what is good once still guards it."""
MOST_BYTES = 256 * 1024
"""A longer answer (the copy of one's data) is not kept, but made again."""
TOO_MANY = 429
KIND = "attempt"
SEALED = "attempt.answer"
JAR = (names.SESSION, names.LOGIN, names.PHONE, names.QR, names.PRESENCE)
"""Cookies that say where the browser stands; language and mode do not."""
_RUNNING = b"running"
_GOOD_ONCE = "zhanhe.good_once"
_SENT_BEFORE = "zhanhe.sent_before"

log = structlog.get_logger(__name__)

Make = Callable[[], Awaitable[Response]]


def good_once(request: Request) -> None:
    """Say that the answer to this request is good once (a code): who sends the request again gets one of their own."""
    request.scope[_GOOD_ONCE] = True


def sent_before(request: Request) -> bool:
    """Whether the same was sent before and what it does is done, so that only an answer is wanted."""
    return bool(request.scope.get(_SENT_BEFORE))


@dataclass(frozen=True, slots=True)
class _Answer:
    """As it left, or status 0 for one that is to be made anew.

    `before` and `after` are digests of the browser's cookies without and with it.
    """

    before: str
    after: str
    status: int
    headers: list[tuple[bytes, bytes]] = field(repr=False)
    body: bytes = field(repr=False)

    def response(self) -> Response:
        """The same once more."""
        made = Response(self.body, self.status)
        made.raw_headers = list(self.headers)
        return made


class Attempts:
    """Whether in this worker or another one; where the key-value store is away, each request is by itself."""

    def __init__(self, site: Site, key_value: KeyValue) -> None:
        self._site = site
        self._key_value = key_value
        self._running: dict[str, asyncio.Future[_Answer | None]] = {}

    def guarded(self, routes: Routes) -> Routes:
        """The same routes; each form that is sent twice is handled once, and none without cookies."""
        return {
            path: {
                method: self._guarded(handler) if method == "POST" else handler
                for method, handler in methods.items()
            }
            for path, methods in routes.items()
        }

    async def once(self, request: Request, what: str, make: Make) -> Response:
        """What `make` makes for the first request of this browser about `what` (a one-time thing), for all."""
        return await self._once(request, self._of(request, what), make)

    async def earlier(self, request: Request, what: str) -> Response | None:
        """What `once` answered this browser about `what`, soon or already; None where nobody asked lately."""
        answer, name = None, self._of(request, what)
        with suppress(KeyValueUnavailable):
            for _ in range(MOST_LOOKS):
                found = await self._key_value.get(KIND, name)
                if found != _RUNNING:
                    answer = None if found is None else self._opened(name, found)
                    break
                await asyncio.sleep(LOOK_SECONDS)
        fits = answer is not None and answer.status and self._fits(request, answer)
        return answer.response() if answer is not None and fits else None

    def _guarded(self, handler: Handler) -> Handler:
        @wraps(handler)
        async def handle(request: Request) -> Response:
            if (answer := await self._site.without_cookies(request)) is not None:
                return answer
            sent = await self._site.sent(request)
            if sent is None:
                return await handler(request)
            return await self._once(request, self._name(sent), partial(handler, request))

        return handle

    async def _once(self, request: Request, name: str, make: Make) -> Response:
        while (running := self._running.get(name)) is not None:
            # Shielded: who gives up waiting must not end what others wait for.
            if (answer := await asyncio.shield(running)) is not None:
                return await self._again(request, answer, make)
        mine = self._running[name] = asyncio.get_running_loop().create_future()
        answer = None
        try:
            claimed, answer = await self._claim(name)
            if answer is not None:
                return await self._again(request, answer, make)
            try:
                response = await make()
            except BaseException:
                if claimed:
                    await self._release(name)
                raise
            answer = self._answer(request, response)
            if claimed:
                # Once the answer is on its way: whoever waits for it pays for the claim alone.
                response.background = BackgroundTask(self._keep, name, answer)
            return response
        finally:
            del self._running[name]
            mine.set_result(answer)

    async def _claim(self, name: str) -> tuple[bool, _Answer | None]:
        """True for the one who is to do it, or the answer to the other who did."""
        try:
            for _ in range(MOST_LOOKS):
                if await self._key_value.add(KIND, name, _RUNNING, CLAIMED_SECONDS):
                    return True, None
                found = await self._key_value.get(KIND, name)
                if found is not None and found != _RUNNING:
                    return False, self._opened(name, found)
                await asyncio.sleep(LOOK_SECONDS)
        except KeyValueUnavailable as error:
            log.warning("what is sent twice is done twice", reason=str(error))
        return False, None

    async def _keep(self, name: str, answer: _Answer | None) -> None:
        if answer is None:
            await self._release(name)
            return
        with suppress(KeyValueUnavailable):
            await self._key_value.put(KIND, name, self._sealed(name, answer), KEPT_SECONDS)

    async def _release(self, name: str) -> None:
        """Nothing came of it: whoever sends it again is the first."""
        with suppress(KeyValueUnavailable):
            await self._key_value.take(KIND, name)

    async def _again(self, request: Request, answer: _Answer, make: Make) -> Response:
        """The answer, unless the browser has gone elsewhere since (logged out, say): then it is another attempt."""
        if not self._fits(request, answer):
            return await make()
        if answer.status:
            return answer.response()
        request.scope[_SENT_BEFORE] = True
        return await make()

    def _fits(self, request: Request, answer: _Answer) -> bool:
        return self._jar(request.cookies) in (answer.before, answer.after)

    def _answer(self, request: Request, response: Response) -> _Answer | None:
        """What is worth keeping: neither a fault of ours, nor an answer that asks to come again."""
        body = getattr(response, "body", None)
        if response.status_code >= 500 or response.status_code == TOO_MANY:
            return None
        if not isinstance(body, bytes) or len(body) > MOST_BYTES:
            return None
        after = dict(request.cookies)
        for header, value in response.raw_headers:
            if header == b"set-cookie":
                _set(after, value.decode("latin-1"))
        jars = self._jar(request.cookies), self._jar(after)
        if request.scope.get(_GOOD_ONCE):
            return _Answer(*jars, 0, [], b"")
        return _Answer(*jars, response.status_code, list(response.raw_headers), body)

    def _sealed(self, name: str, answer: _Answer) -> bytes:
        """Whoever reads the store gets no session by it; under another name it is worth nothing."""
        head = {
            "name": name,
            "before": answer.before,
            "after": answer.after,
            "status": answer.status,
            "headers": [[part.decode("latin-1") for part in header] for header in answer.headers],
        }
        plain = orjson.dumps(head) + b"\n" + answer.body
        return self._site.vault.encrypt_bytes(SEALED, zlib.compress(plain, level=1))

    def _opened(self, name: str, sealed: bytes) -> _Answer | None:
        try:
            plain = zlib.decompress(self._site.vault.decrypt_bytes(SEALED, sealed))
        except Unreadable:
            return None
        first, _, body = plain.partition(b"\n")
        head = orjson.loads(first)
        if head["name"] != name:
            return None
        headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in head["headers"]]
        return _Answer(head["before"], head["after"], head["status"], headers, body)

    def _of(self, request: Request, what: str) -> str:
        return self._name(f"{self._site.browser(request)}\n{request.scope['path']}\n{what}")

    def _name(self, sent: str) -> str:
        return self._site.vault.token_hash(KIND, sent).hex()

    def _jar(self, cookies: Mapping[str, str]) -> str:
        held = "\n".join(cookies.get(self._site.cookies.name(short), "") for short in JAR)
        return self._site.vault.token_hash(KIND, f"jar\n{held}").hex()


def _set(cookies: dict[str, str], header: str) -> None:
    """As the browser will do with a Set-Cookie header of ours."""
    for name, morsel in SimpleCookie(header).items():
        if morsel["max-age"] == "0":
            cookies.pop(name, None)
        else:
            cookies[name] = morsel.value
