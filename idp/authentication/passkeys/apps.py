"""Android apps that use passkeys for us: what they call themselves, and how the domain vouches for them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.web.dispatch import Routes

ASSET_LINKS = "/.well-known/assetlinks.json"


@dataclass(frozen=True, slots=True)
class AndroidApp:
    """A package, and the SHA-256 fingerprint of the certificate that it is signed with, as its tools print it."""

    package: str
    fingerprint: str

    @property
    def origin(self) -> str:
        """What the system says in place of a web page's origin."""
        digest = bytes.fromhex(self.fingerprint.replace(":", ""))
        return "android:apk-key-hash:" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def app_of(text: str) -> AndroidApp:
    """The app of a setting that was found good, package=AA:BB:…"""
    package, _sign, fingerprint = text.partition("=")
    return AndroidApp(package, fingerprint)


def asset_links(apps: Sequence[str]) -> Routes:
    """The document by which a domain vouches for apps (Digital Asset Links); no path without any."""
    content = orjson.dumps(
        [
            {
                "relation": ["delegate_permission/common.get_login_creds"],
                "target": {
                    "namespace": "android_app",
                    "package_name": app.package,
                    "sha256_cert_fingerprints": [app.fingerprint],
                },
            }
            for app in map(app_of, apps)
        ]
    )

    async def show(request: Request) -> Response:
        return Response(content, media_type="application/json", headers={"cache-control": "max-age=3600"})

    return {ASSET_LINKS: {"GET": show}} if apps else {}
