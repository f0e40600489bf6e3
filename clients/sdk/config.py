"""What makes one system different from another in the eyes of the SDK."""

import re
from dataclasses import dataclass, field

from clients.sdk.core.metadata import Registration

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True)
class SystemConfig:
    """One system. `name` begins its cookies' names: systems on one host and several ports share a cookie jar.

    `url` is the system's public origin, `secret` the key of its cookies, `level` what its login asks for.
    """

    name: str
    url: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    secret: str = field(repr=False)
    scope: str = "openid profile"
    level: int = 0
    home: str = "/"
    skip: tuple[str, ...] = ("/static/", "/health")

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("name: a-z, 0-9 and -, beginning with a letter")
        if self.url.endswith("/") or self.url.count("/") != 2:
            raise ValueError("url: an origin such as https://credit.example, without a path")

    @property
    def secure(self) -> bool:
        """Whether browsers reach the system by TLS."""
        return self.url.startswith("https:")

    @property
    def registration(self) -> Registration:
        """What the provider must know of the system."""
        return Registration(
            issuer=self.issuer,
            client_id=self.client_id,
            redirect_uri=f"{self.url}/callback",
            post_logout_redirect_uri=f"{self.url}/",
            scope=self.scope,
        )
