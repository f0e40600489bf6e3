"""The measured paths, each a script that one connection repeats; the same ones run against both servers."""

from collections.abc import Callable, Generator
from urllib.parse import urlencode

from tests.bench.generator import Answer, Script, Wrong
from tests.bench.target import CODE_VERIFIER, FORM, Target, basic

TOKENS_PER_CONNECTION = 4

Step = Generator[bytes, Answer, bytes]


def client_credentials(target: Target, cookie: str) -> Script:
    """One access token (JWT, ES256) for the client itself."""
    fields = {"grant_type": "client_credentials", **target.client_credentials}
    request = target.post(target.endpoints.token, fields, target.client)
    while True:
        answer = yield request
        answer.expect(200, b'"access_token":"eyJ')


def authorize(target: Target, cookie: str) -> Script:
    """The authorization endpoint with a session and consent: a redirect with a code."""
    request = target.get(target.authorize_path(target.api), cookie=cookie)
    while True:
        _code(target, (yield request))


def code(target: Target, cookie: str) -> Script:
    """Authorization request and code exchange; both requests are counted."""
    while True:
        yield from _tokens(target, cookie)


def refresh(target: Target, cookie: str) -> Script:
    """One rotation after the other in this connection's own family."""
    token = yield from _tokens(target, cookie, member=b"refresh_token")
    make = _form_with(target, {"grant_type": "refresh_token", **target.api}, "refresh_token")
    while True:
        answer = yield make(token)
        answer.expect(200, b'"access_token":"eyJ')
        successor = answer.member(b"refresh_token")
        if successor == token:
            raise Wrong("the refresh token was not rotated")
        token = successor


def userinfo(target: Target, cookie: str) -> Script:
    """Claims of the person, with a few tokens in turn."""
    tokens = yield from _pool(target, cookie)
    requests = [_userinfo(target, token) for token in tokens]
    while True:
        for request in requests:
            (yield request).expect(200, b'"sub":"')


def introspect(target: Target, cookie: str) -> Script:
    """A resource server asks about tokens, a few in turn."""
    tokens = yield from _pool(target, cookie)
    requests = [
        target.post(
            target.endpoints.introspect,
            {"token": token.decode(), "token_type_hint": "access_token"},
            target.resource_server,
        )
        for token in tokens
    ]
    while True:
        for request in requests:
            (yield request).expect(200, b'"active":true')


def discovery(target: Target, cookie: str) -> Script:
    """The metadata document."""
    request = target.get(target.endpoints.discovery)
    while True:
        (yield request).expect(200, b'"issuer":"')


def sign_on(target: Target, cookie: str) -> Script:
    """What one login at a system costs: authorization, code exchange, userinfo with the new token."""
    while True:
        token = yield from _tokens(target, cookie, for_api=False)
        answer = yield _userinfo(target, token)
        answer.expect(200, b'"sub":"')


def own_pages(target: Target, cookie: str) -> Script:
    """What people look at of their own: the overview, their logins, what happened."""
    requests = [target.get(path, cookie=cookie) for path in ("/", "/me/sessions", "/me/events")]
    while True:
        for request in requests:
            (yield request).expect(200, b"/end_session")


PATHS: dict[str, Callable[[Target, str], Script]] = {
    "client_credentials": client_credentials,
    "authorize": authorize,
    "code": code,
    "refresh": refresh,
    "userinfo": userinfo,
    "introspect": introspect,
    "discovery": discovery,
    "sign_on": sign_on,
}
OF_PEOPLE: dict[str, Callable[[Target, str], Script]] = {
    **{path: PATHS[path] for path in ("authorize", "code", "refresh")},
    "own_pages": own_pages,
}
"""What `--scale` looks at, beside the logins: nothing of it may depend on how many people there are."""


def _code(target: Target, answer: Answer) -> bytes:
    """The code out of a redirect to the client (302 or 303)."""
    location = answer.location
    start = location.find(b"code=")
    if answer.status not in (302, 303) or start < 0 or not location.startswith(target.redirect_uri.encode()):
        raise Wrong(f"no code: status {answer.status}, location {location!r}, body {answer.body[:500]!r}")
    end = location.find(b"&", start)
    return location[start + 5 : end if end > 0 else None]


def _tokens(target: Target, cookie: str, *, for_api: bool = True, member: bytes = b"access_token") -> Step:
    """A whole code flow; gives one member of the token response."""
    api = target.api if for_api else {}
    ask = target.get(target.authorize_path(api), cookie=cookie)
    make = _form_with(
        target,
        {
            "grant_type": "authorization_code",
            "redirect_uri": target.redirect_uri,
            "code_verifier": CODE_VERIFIER,
            **api,
        },
        "code",
    )
    answer = yield make(_code(target, (yield ask)))
    answer.expect(200, b'"id_token":"eyJ')
    return answer.member(member)


def _pool(target: Target, cookie: str) -> Generator[bytes, Answer, list[bytes]]:
    tokens = []
    for _ in range(TOKENS_PER_CONNECTION):
        tokens.append((yield from _tokens(target, cookie, for_api=False)))
    return tokens


def _userinfo(target: Target, token: bytes) -> bytes:
    return target.get(target.endpoints.userinfo, authorization=f"Bearer {token.decode()}")


def _form_with(target: Target, fields: dict[str, str], last: str) -> Callable[[bytes], bytes]:
    """Builds token requests of which only the last field changes, without encoding the others again."""
    fixed = f"{urlencode(fields)}&{last}=".encode()
    headers = {"authorization": basic(target.client), "content-type": FORM}
    head = target.head("POST", target.endpoints.token, headers)

    def make(value: bytes) -> bytes:
        return b"%bcontent-length: %d\r\n\r\n%b%b" % (head, len(fixed) + len(value), fixed, value)

    return make
