"""A factor taken away by its owner."""

import re

from tests.support.browserless import Browserless, Page
from tests.support.visits import page

HOME = "/me/security"


async def removal(someone: Browserless, kind: str = "") -> Page:
    """Press "remove" beside the first factor and then the button."""
    shown = page(await someone.open(HOME))
    links = re.findall(r'href="(/me/security/remove\?[^"]*)"', shown.text)
    form = page(await someone.open(links[0])).form_with("id")
    assert form is not None
    return page(await someone.submit(form))
