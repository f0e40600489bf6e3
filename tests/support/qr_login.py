"""A login by QR code: the computer that shows the code, and the phone that reads it."""

import re
from urllib.parse import urlencode

import httpx2

from tests.support.browserless import Browserless, Page
from tests.support.visits import page

COOKIE = "__Host-zhanhe-qr"


async def begin(computer: Browserless) -> tuple[str, int]:
    """What stands on the computer's screen: the id in the picture, and the number."""
    shown = page(await computer.open("/login/qr"))
    number = re.search(r'class="number">(\d+)<', shown.text)
    assert number is not None, shown.text
    return computer.client.cookies[COOKIE], int(number[1])


async def scan(phone: Browserless, qr_id: str) -> Page:
    """The page that the phone comes to."""
    return page(await phone.open(f"/qr?{urlencode({'id': qr_id})}"))


async def decide(phone: Browserless, shown: Page, decision: str) -> Page:
    """Press a button there."""
    form = shown.form_with("decision")
    assert form is not None, shown.text
    return page(await phone.submit(form, decision=decision))


async def state(computer: Browserless) -> str:
    """What the computer is told while it waits."""
    return str((await computer.client.get("/login/qr/state")).json()["state"])


async def go_on(computer: Browserless) -> httpx2.Response:
    """The computer asks again for its page."""
    return await computer.client.get("/login/qr")
