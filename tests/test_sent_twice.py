"""Whatever form is sent twice is handled once: every POST of the provider, and who may have its answer again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.web.attempts import KEPT_SECONDS, Attempts
from idp.infrastructure.web.dispatch import Dispatcher, Handler, Routes
from idp.infrastructure.web.forms import FORM
from idp.server.routing import dispatcher
from tests.support.browserless import Browserless
from tests.support.inprocess import ISSUER, PASSWORD, Provider, provider
from tests.support.visits import CSRF_COOKIE, SESSION_COOKIE, person, signed_in, visitor

pytestmark = pytest.mark.anyio


@dataclass
class House:
    """A provider that counts how often each handler of a form is called, and what it is to do in its place."""

    provider: Provider
    dispatcher: Dispatcher
    handled: Counter[str]
    instead: dict[str, Handler] = field(default_factory=dict)

    @property
    def posts(self) -> list[str]:
        """Every path that takes a POST."""
        return [path for path, methods in self.dispatcher.routes.items() if "POST" in methods]

    async def send(self, someone: Browserless, path: str, **fields: str) -> httpx2.Response:
        """A form with these fields, with the cookies that the browser has now; it keeps none of the answer."""
        return await self.send_with(someone.cookie_header(), someone, path, **fields)

    async def send_with(
        self,
        cookies: str,
        someone: Browserless,
        path: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        /,
        **fields: str,
    ) -> httpx2.Response:
        """The same with cookies of another moment."""
        data = {"csrf": self.csrf(someone), "attempt": "page-1", **fields}
        transport = httpx2.ASGITransport(app=self.dispatcher, client=("198.51.100.7", 40000))
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER) as client:
            sent = {"accept": "text/html", **headers} | ({"cookie": cookies} if cookies else {})
            return await client.post(path, data=data, headers=sent)

    def csrf(self, someone: Browserless) -> str:
        """What our pages give this browser's forms."""
        secret = someone.client.cookies[CSRF_COOKIE]
        return self.provider.worker.base.vault.token_hash("csrf", secret).hex()


@pytest.fixture
async def house(anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    handled: Counter[str] = Counter()
    instead: dict[str, Handler] = {}
    guarded = Attempts.guarded

    def counted(path: str, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            handled[path] += 1
            await asyncio.sleep(0)
            return await instead.get(path, handler)(request)

        return handle

    def watched(self: Attempts, routes: Routes) -> Routes:
        counting = {
            path: {name: counted(path, each) if name == "POST" else each for name, each in methods.items()}
            for path, methods in routes.items()
        }
        return guarded(self, counting)

    monkeypatch.setattr(Attempts, "guarded", watched)
    async with provider(tmp_path, demo=True) as started:
        yield House(started, dispatcher(started.worker.house), handled, instead)


def seen(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that reaches the browser."""
    return answer.status_code, answer.content, answer.headers.multi_items()


async def inside(house: House, someone: Browserless) -> None:
    """Somebody who has seen a page of ours."""
    await someone.open("/login")


async def test_every_form_is_handled_once_however_often_it_is_tapped(house: House) -> None:
    username = await person(house.provider)
    assert len(house.posts) > 60
    for path in house.posts:
        async with signed_in(house.provider, username) as someone:
            await inside(house, someone)
            both = await asyncio.gather(*[house.send(someone, path, decision="x") for _ in range(3)])
            both.append(await house.send(someone, path, decision="x"))
            assert house.handled[path] == 1, path
            assert all(seen(each) == seen(both[0]) for each in both), path
            assert both[0].status_code < 500, path


async def test_a_browser_that_keeps_no_cookies_is_told_so_by_every_form(house: House) -> None:
    """And one that was closed since gets a cookie, and what is said of a form that has lapsed."""
    async with visitor(house.provider) as someone:
        await inside(house, someone)
        for path in house.posts:
            first = await house.send_with("", someone, path)
            assert first.status_code == 307, path
            assert first.headers["location"] == f"{path}?cookies=1"
            second = await house.send_with("", someone, first.headers["location"])
            assert second.status_code == 400
            assert "需要允许 Cookie" in second.text
            assert house.handled[path] == 0
            kept = f"{CSRF_COOKIE}={first.cookies[CSRF_COOKIE]}"
            lapsed = await house.send_with(kept, someone, first.headers["location"])
            assert lapsed.status_code < 500
            assert "需要允许 Cookie" not in lapsed.text
            assert house.handled[path] == 1


async def test_what_another_site_sends_changes_no_cookie_by_that(house: House) -> None:
    """A cross-site form brings none of our Lax cookies: the browser is not asked to begin with a new one."""
    async with visitor(house.provider) as someone:
        await inside(house, someone)
        for headers in ({"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}):
            answer = await house.send_with("", someone, "/login", headers)
            assert answer.status_code == 400


async def test_other_fields_another_page_another_address_are_other_attempts(house: House) -> None:
    async with signed_in(house.provider) as someone:
        await inside(house, someone)
        for number, fields in enumerate(
            [{"x": "1"}, {"x": "2"}, {}, {"attempt": "page-2"}, {"x": "1", "y": ""}], start=1
        ):
            for _ in range(2):
                await house.send(someone, "/me/mandates/decide", **fields)
            assert house.handled["/me/mandates/decide"] == number
        await house.send(someone, "/me/mandates/decide?id=1", x="1")
        assert house.handled["/me/mandates/decide"] == 6


async def test_a_page_without_a_name_is_handled_as_often_as_it_is_sent(house: House) -> None:
    """That of a release before this one, which may still be open in a browser."""
    async with signed_in(house.provider) as someone:
        await inside(house, someone)
        for number in (1, 2):
            await house.send(someone, "/me/mandates/decide", attempt="")
            assert house.handled["/me/mandates/decide"] == number


async def test_another_browser_does_not_get_the_answer(house: House) -> None:
    """Not with the same fields, not with the token of the first; nor the first one after somebody else came."""
    await person(house.provider, username="somebody")
    login = {"username": "somebody", "password": PASSWORD}
    async with visitor(house.provider) as one, visitor(house.provider) as other:
        for each in (one, other):
            await inside(house, each)
        first = await house.send(one, "/login", **login)
        assert first.status_code == 303
        stolen = await house.send(other, "/login", csrf=house.csrf(one), **login)
        assert stolen.status_code == 400
        theirs = await house.send(other, "/login", **login)
        assert house.handled["/login"] == 3
        sessions = {each.cookies[SESSION_COOKIE] for each in (first, theirs)}
        assert len(sessions) == 2
        assert SESSION_COOKIE not in stolen.cookies


async def test_the_answer_is_for_the_browser_as_it_was_or_as_the_answer_made_it(house: House) -> None:
    await person(house.provider, username="first")
    login = {"username": "first", "password": PASSWORD}
    async with visitor(house.provider) as someone, signed_in(house.provider) as another:
        await inside(house, someone)
        before = someone.cookie_header()
        first = await house.send(someone, "/login", **login)
        session = first.cookies[SESSION_COOKIE]
        after = f"{before}; {SESSION_COOKIE}={session}"
        again = [await house.send_with(cookies, someone, "/login", **login) for cookies in (before, after)]
        assert [seen(each) for each in again] == [seen(first)] * 2
        assert house.handled["/login"] == 1
        # Somebody else has logged in here since: nobody is put back into the first one's session.
        elsewhere = f"{before}; {SESSION_COOKIE}={another.client.cookies[SESSION_COOKIE]}"
        other = await house.send_with(elsewhere, someone, "/login", **login)
        assert house.handled["/login"] == 2
        assert other.cookies[SESSION_COOKIE] != session


async def test_it_is_kept_for_seconds(house: House) -> None:
    async with signed_in(house.provider) as someone:
        await inside(house, someone)
        for seconds, number in ((KEPT_SECONDS - 1, 1), (2, 2)):
            await house.send(someone, "/me/mandates/decide")
            house.provider.clock.forward(seconds)
            await house.send(someone, "/me/mandates/decide")
            assert house.handled["/me/mandates/decide"] == number


async def test_a_wrong_guess_tapped_twice_counts_once_and_another_guess_counts(house: House) -> None:
    await person(house.provider, username="owner")
    async with visitor(house.provider) as someone:
        await inside(house, someone)
        for number in range(1, 4):
            wrong = {"username": "owner", "password": f"wrong {number}"}
            for _ in range(2):
                assert (await house.send(someone, "/login", **wrong)).status_code == 401
            assert house.handled["/login"] == number


@pytest.mark.parametrize(
    ("broken", "status"),
    [(RuntimeError("a fault"), 500), (DatabaseUnavailable("gone"), 503), (KeyValueUnavailable("gone"), 503)],
)
async def test_where_nothing_came_of_it_the_next_one_is_the_first(
    house: House, broken: Exception, status: int
) -> None:
    async def breaks(request: Request) -> Response:
        raise broken

    path = "/me/mandates/decide"
    async with signed_in(house.provider) as someone:
        await inside(house, someone)
        house.instead[path] = breaks
        assert {(await house.send(someone, path)).status_code for _ in range(2)} == {status}
        del house.instead[path]
        assert (await house.send(someone, path)).status_code < 500
        assert house.handled[path] == 3


async def test_who_is_asked_to_wait_may_come_again(house: House) -> None:
    async def too_many(request: Request) -> Response:
        return Response(status_code=429)

    async with signed_in(house.provider) as someone:
        await inside(house, someone)
        house.instead["/login"] = too_many
        await house.send(someone, "/login")
        del house.instead["/login"]
        assert (await house.send(someone, "/login")).status_code != 429


async def test_it_is_done_to_the_end_though_the_browser_has_gone(house: House) -> None:
    """A second tap ends the first request; the second waits for what comes of the first."""
    await person(house.provider, username="hasty")
    fields = {"attempt": "page-1", "username": "hasty", "password": PASSWORD}
    async with visitor(house.provider) as someone:
        await inside(house, someone)
        body = httpx2.QueryParams({"csrf": house.csrf(someone), **fields})
        headers = [(b"content-type", FORM.encode()), (b"cookie", someone.cookie_header().encode())]
        first = asyncio.create_task(gone(house.dispatcher, headers, str(body).encode()))
        second = await house.send(someone, "/login", **fields)
        await first
        assert second.status_code == 303
        assert house.handled["/login"] == 1


async def test_what_is_kept_tells_nobody_who_reads_the_store(house: House) -> None:
    await person(house.provider, username="private")
    async with visitor(house.provider) as someone:
        await inside(house, someone)
        answer = await house.send(someone, "/login", username="private", password=PASSWORD)
    entries = house.provider.worker.base.key_value._entries  # type: ignore[attr-defined]
    kept = {key: value for (kind, key), (value, _) in entries.items() if kind == "attempt"}
    assert len(kept) == 1
    for text in (answer.cookies[SESSION_COOKIE], "private", PASSWORD, "/login"):
        assert text.encode() not in b"".join([*kept.values(), *map(str.encode, kept)])
    # Nor is it an answer to anything else for whoever can write there.
    async with visitor(house.provider) as thief:
        await inside(house, thief)
        await house.send(thief, "/login", username="x", password="y")
        [name] = {key for kind, key in entries if kind == "attempt"} - set(kept)
        moved = next(iter(kept.values()))
        await house.provider.worker.base.key_value.put("attempt", name, moved, KEPT_SECONDS)
        swapped = await house.send(thief, "/login", username="x", password="y")
        assert swapped.status_code == 401
        assert SESSION_COOKIE not in swapped.cookies


async def gone(app: Dispatcher, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """A request whose sender has left by the time of the answer, as the server tells it: there is nobody to send to."""
    pieces: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pieces.pop() if pieces else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        """Whoever it was for has gone."""

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/login",
        "raw_path": b"/login",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"id.test"), *headers],
        "client": ("198.51.100.7", 40000),
        "server": ("id.test", 443),
    }
    await app(scope, receive, send)
