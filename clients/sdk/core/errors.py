"""What can go wrong at a login.

LoginError
├── InvalidResponse   an answer in the browser that does not belong to a login of ours
├── InvalidToken      a JWT that must not be believed
│   └── UnknownKey    … because the key it names is not (yet) known
├── Refused           the provider said no, with an OAuth error code
└── Unavailable       the provider could not be asked, or not now
"""


class LoginError(Exception):
    """A login, refresh or logout that did not succeed; `detail` is safe to log."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidResponse(LoginError):
    """An authorization response that is expired, foreign, doubled or mixed up."""


class InvalidToken(LoginError):
    """A token that fails a check; the detail names the check, never the token."""


class UnknownKey(InvalidToken):
    """The key a token names is not in the key set at hand; a fresh key set may have it."""


class Refused(LoginError):
    """The provider's refusal; `error` is the code of RFC 6749 §4.1.2.1, §5.2 or of OpenID Connect."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error


class Unavailable(LoginError):
    """The provider did not answer, or said that it cannot serve now."""
