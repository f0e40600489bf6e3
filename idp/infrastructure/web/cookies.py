"""Our cookies: host-only, HttpOnly, Lax, and with the __Host- prefix wherever there is TLS."""

from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.typed import is_readable

SESSION = "session"
LOGIN = "login"
CSRF = "csrf"
DEVICE = "device"
LANGUAGE = "language"
ELDER = "elder"
METHOD = "method"
QR = "qr"
PHONE = "phone"
PRESENCE = "presence"


class Cookies:
    """Reads and sets cookies by their short names."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._prefix = "__Host-zhanhe-" if secure else "zhanhe-"

    def name(self, short: str) -> str:
        """The name on the wire."""
        return self._prefix + short

    def get(self, request: Request, short: str) -> str | None:
        """The value; None without one, and where it is none of ours: it can be written so that a NUL comes of it."""
        value = request.cookies.get(self.name(short))
        return value if value is not None and is_readable(value) else None

    def set(self, response: Response, short: str, value: str, seconds: int | None = None) -> None:
        """Set a cookie for some seconds, or until the browser closes."""
        response.set_cookie(
            self.name(short),
            value,
            max_age=seconds,
            secure=self._secure,
            httponly=True,
            samesite="lax",
            path="/",
        )

    def clear(self, response: Response, short: str) -> None:
        """Remove a cookie."""
        response.delete_cookie(self.name(short), secure=self._secure, httponly=True, samesite="lax", path="/")
