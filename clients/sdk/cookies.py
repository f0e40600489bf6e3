"""The system's cookies: their names, their attributes, and sealed ones that nobody else can read or make."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from hmac import digest

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import Request
from starlette.responses import Response

from clients.sdk.core.authorization import TRANSACTION_SECONDS, Transaction

MOST_LOGINS = 6
"""Logins side by side in one browser; more tabs drop the oldest, so that the Cookie header stays short."""
_LOGIN = re.compile(r"login-[0-9a-f]{16}")
_SEAL = {"alg": "dir", "enc": "A256GCM"}


class Cookies:
    """Host-only, HttpOnly, Lax, and with TLS Secure and __Host- (RFC 6265bis §4.1.3)."""

    def __init__(self, name: str, secret: str, *, secure: bool) -> None:
        self._secure = secure
        self._start = f"__Host-{name}-" if secure else f"{name}-"
        self._key = OctKey.import_key(
            digest(secret.encode(), b"sealed cookies of " + name.encode(), "sha256")
        )

    def session_id(self, request: Request) -> str | None:
        """The session id the browser brought."""
        return request.cookies.get(self._start + "session")

    def set_session_id(self, response: Response, value: str) -> None:
        """Keep a session id until the browser closes; the store decides how long it is good for."""
        self._set(response, "session", value, None)

    def clear_session_id(self, response: Response) -> None:
        """Forget the session id."""
        self._clear(response, self._start + "session")

    def keep_transaction(self, request: Request, response: Response, transaction: Transaction) -> None:
        """Remember a login under way, beside those of other tabs."""
        others = sorted(self._transactions(request), key=lambda pair: pair[1].started_at if pair[1] else 0)
        for name, _ in others[: max(0, len(others) - MOST_LOGINS + 1)]:
            self._clear(response, name)
        self._set(response, _login(transaction.state), self._sealed(asdict(transaction)), TRANSACTION_SECONDS)

    def transaction(self, request: Request, state: str) -> Transaction | None:
        """The login under way that a state belongs to."""
        name = self._start + _login(state)
        return dict(self._transactions(request)).get(name)

    def drop_transaction(self, response: Response, state: str) -> None:
        """The login has come to its end."""
        self._clear(response, self._start + _login(state))

    def keep_logout(self, response: Response, state: str) -> None:
        """Remember that the browser was sent away to log out."""
        self._set(response, "logout", state, TRANSACTION_SECONDS)

    def logout(self, request: Request) -> str | None:
        """The state of the logout the browser was sent away with."""
        return request.cookies.get(self._start + "logout")

    def drop_logout(self, response: Response) -> None:
        """The browser is back from logging out."""
        self._clear(response, self._start + "logout")

    def _transactions(self, request: Request) -> Iterator[tuple[str, Transaction | None]]:
        for name, value in request.cookies.items():
            if name.startswith(self._start) and _LOGIN.fullmatch(name.removeprefix(self._start)):
                yield name, self._opened(value)

    def _sealed(self, content: dict[str, object]) -> str:
        return jwe.encrypt_compact(_SEAL, json.dumps(content), self._key, algorithms=list(_SEAL.values()))

    def _opened(self, value: str) -> Transaction | None:
        try:
            box = jwe.decrypt_compact(value, self._key, algorithms=list(_SEAL.values()))
            return Transaction(**json.loads(box.plaintext or b""))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None  # another secret's, another version's, or made up

    def _set(self, response: Response, short: str, value: str, seconds: int | None) -> None:
        response.set_cookie(
            self._start + short, value, max_age=seconds, secure=self._secure, httponly=True, samesite="lax"
        )

    def _clear(self, response: Response, name: str) -> None:
        response.delete_cookie(name, secure=self._secure, httponly=True, samesite="lax")


def _login(state: str) -> str:
    return "login-" + sha256(state.encode()).hexdigest()[:16]
