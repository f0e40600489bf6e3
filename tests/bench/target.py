"""What the scripts need to know of a server under test, and how they write its requests."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from tests.support.instance import Client

# RFC 7636 appendix B: a constant is enough, both servers do the same work for it.
CODE_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
_DIGEST = hashlib.sha256(CODE_VERIFIER.encode()).digest()
CODE_CHALLENGE = base64.urlsafe_b64encode(_DIGEST).rstrip(b"=").decode()
FORM = "application/x-www-form-urlencoded"


def basic(client: Client) -> str:
    """RFC 6749 §2.3.1: form-encoded, then Basic."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Paths on the server."""

    authorize: str
    token: str
    userinfo: str
    introspect: str
    discovery: str = "/.well-known/openid-configuration"


@dataclass(slots=True)
class Target:
    """One server, its client, and the browsers that are logged in."""

    name: str
    host: str
    port: int
    endpoints: Endpoints
    client: Client
    resource_server: Client
    redirect_uri: str
    scope: str
    pid: int
    # What makes the access token a JWT for an API; without it the token is good for /userinfo.
    api: Mapping[str, str] = field(default_factory=dict)
    client_credentials: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    def authorize_path(self, extra: Mapping[str, str] | None = None) -> str:
        """A complete authorization request."""
        parameters = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": "ZGlzdHJpY3Qgc3RhdGU",
            "nonce": "bm9uY2Ugb2YgdGhlIGJlbmNo",
            "code_challenge": CODE_CHALLENGE,
            "code_challenge_method": "S256",
            **(extra or {}),
        }
        return f"{self.endpoints.authorize}?{urlencode(parameters)}"

    def get(self, path: str, **headers: str) -> bytes:
        """The bytes of a GET."""
        return self.head("GET", path, headers) + b"\r\n"

    def post(self, path: str, fields: Mapping[str, str], client: Client) -> bytes:
        """The bytes of a form POST by a client."""
        body = urlencode(fields).encode()
        headers = {"authorization": basic(client), "content-type": FORM, "content-length": str(len(body))}
        return self.head("POST", path, headers) + b"\r\n" + body

    def head(self, method: str, path: str, headers: Mapping[str, str]) -> bytes:
        """Request line and headers, without the empty line that ends them."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in {**self.headers, **headers}.items()]
        return ("\r\n".join(lines) + "\r\n").encode()
