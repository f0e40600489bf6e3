"""`idp doctor` on the registered systems."""

from collections.abc import AsyncIterator, Iterator

from idp.infrastructure.findings import Checks, Finding
from idp.infrastructure.foundation import Foundation
from idp.relying_parties.service import Registry


async def _of_stores(settings: object, base: Foundation) -> AsyncIterator[Finding]:
    registry = Registry(base)
    await registry.load()
    for finding in clients(registry):
        yield finding


CHECKS = Checks(of_stores=_of_stores)


def clients(registry: Registry) -> Iterator[Finding]:
    """What was registered with less than the default, and what by a release that knows more."""
    for client_id in registry.unreadable:
        yield Finding(
            "client", False, f"{client_id} was registered by another release, and cannot be read here"
        )
    for entry in registry.all():
        if entry.ignored:
            says = f"{entry.client.client_name} is registered with what this release does not know: "
            yield Finding("client", True, says + ", ".join(entry.ignored))
        loosened = entry.client.loosened()
        if loosened and not entry.disabled:
            says = f"{entry.client.client_name} is registered with {', '.join(loosened)}"
            yield Finding("client", True, says)
