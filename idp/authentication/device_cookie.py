"""The device cookie: a name for a browser, sealed together with the accounts that logged in on it."""

from idp.infrastructure.foundation import Foundation
from idp.infrastructure.vault import Unreadable

PURPOSE = "device"
MOST_ACCOUNTS = 5
"""A family shares a computer; a service hall's is everybody's and soon forgets."""


class DeviceCookie:
    """Reads and makes the cookie's value."""

    def __init__(self, foundation: Foundation) -> None:
        self._vault = foundation.vault
        self._sources = foundation.sources

    def known(self, cookie: str | None, account_id: str | None) -> str | None:
        """The device's id if the account logged in on it before."""
        device_id, accounts = self._read(cookie)
        return device_id if account_id in accounts else None

    def renewed(self, cookie: str | None, account_id: str) -> tuple[str, str]:
        """The device's id, and the value that knows the account too."""
        device_id, accounts = self._read(cookie)
        device_id = device_id or self._sources.new_token(9)
        accounts = [account_id, *(other for other in accounts if other != account_id)][:MOST_ACCOUNTS]
        return device_id, self._vault.seal(PURPOSE, {"id": device_id, "accounts": accounts})

    def _read(self, cookie: str | None) -> tuple[str | None, list[str]]:
        if cookie is None:
            return None, []
        try:
            content = self._vault.unseal(PURPOSE, cookie)
        except Unreadable:
            return None, []
        return str(content["id"]), [str(account) for account in content.get("accounts", [])]
