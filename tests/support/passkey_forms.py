"""The pages on which a passkey is made and used, filled by an authenticator in software."""

import html
import re
from typing import Any

import httpx2

from tests.support.browserless import Browserless, Form
from tests.support.inprocess import ISSUER
from tests.support.passkey import Authenticator
from tests.support.visits import page

ADD, LOGIN = "/me/security/passkey", "/login/passkey"


def authenticator(**changes: Any) -> Authenticator:
    """An authenticator for this provider."""
    return Authenticator(**{"origin": ISSUER, "rp_id": "id.test", **changes})


async def asked(someone: Browserless, path: str) -> tuple[Form, str]:
    """The form of a ceremony and what it asks of the browser."""
    shown = page(await someone.open(path))
    form = shown.form_with("ceremony")
    assert form is not None, shown.text
    options = re.search(r'data-options="([^"]*)"', shown.text)
    assert options is not None
    return form, html.unescape(options[1])


async def made(someone: Browserless, key: Authenticator, **fields: str) -> httpx2.Response:
    """Send the form on which a passkey is made."""
    form, options = await asked(someone, ADD)
    data = {**form.fields, "credential": key.create(options), **fields}
    return await someone.client.post(ADD, data=data)


async def used(someone: Browserless, key: Authenticator, path: str = LOGIN, **fields: str) -> httpx2.Response:
    """Send the form on which a passkey is used."""
    form, options = await asked(someone, path)
    return await someone.client.post(LOGIN, data={**form.fields, "credential": key.get(options), **fields})
