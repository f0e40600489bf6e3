"""Logging in: by password, passkey or picture, and the second factor."""

from idp.authentication.passkey_pages import PasskeyPages
from idp.authentication.qr_pages import QrPages
from idp.authentication.routes import LoginPages
from idp.infrastructure.web.dispatch import Routes
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    site, entrance, authentication = worker.site, worker.entrance, worker.authentication
    passkeys = PasskeyPages(site, entrance, authentication, worker.passkeys, worker.throttle)
    pictures = QrPages(site, entrance, authentication, worker.qr_logins, worker.throttle, worker.attempts)
    return {
        **LoginPages(site, entrance, authentication).routes(),
        **passkeys.routes(),
        **pictures.routes(),
    }
