"""Devices from which somebody logs in: noted at each login, told of when new, trusted for a while, forgotten."""

from typing import Protocol

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.sweeping import in_steps
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _
from idp.sessions.device_store import DeviceStore
from idp.sessions.model import Caller, KnownDevice

TRUST_SECONDS = 30 * 86_400
UNKNOWN_BROWSER = "?"
NEW_DEVICE = _("您的账号刚刚在新设备（%(device)s）上登录。如果不是您本人，请立即修改密码。")
NEW_UNKNOWN_DEVICE = _("您的账号刚刚在一台新设备上登录。如果不是您本人，请立即修改密码。")


class Notice(Protocol):
    """`Notices.everywhere`: tells a person something that concerns the account, within a transaction."""

    def __call__(self, account: Account, text: str, **values: object) -> Transaction[None]:
        """See `idp.accounts.contacts.notices`."""
        ...


class Devices:
    """What an account knows of the devices that its owner uses."""

    def __init__(self, foundation: Foundation, notice: Notice | None = None) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._audit = AuditStore(foundation.sources)
        self._store = DeviceStore()
        self._accounts = AccountStore(foundation.vault)
        self._notice = notice

    def seen(self, account: Account, caller: Caller) -> Transaction[bool]:
        """Note a login from a device; True when its owner is told of a new one (the first of all is no news)."""
        if caller.device_id is None:
            return False
        account_id, now = account.id, self._sources.now()
        new = yield from self._store.seen(
            caller.device_id, account_id, caller.user_agent, caller.address, now
        )
        if not new or self._notice is None:
            return False
        name = browser_name(caller.user_agent)
        text = NEW_UNKNOWN_DEVICE if name == UNKNOWN_BROWSER else NEW_DEVICE
        yield from self._notice(account, text, device=name)
        return True

    async def of_account(self, account_id: str) -> list[KnownDevice]:
        """The devices of an account, latest first."""
        return await self._database.read(lambda: self._store.of_account(account_id))

    async def is_trusted(self, account_id: str, device_id: str | None) -> bool:
        """Whether the account asked for no second factor on this device, and that not too long ago."""
        if device_id is None:
            return False
        now = self._sources.now()
        return await self._database.read(lambda: self._store.is_trusted(account_id, device_id, now))

    def trusted(self, account_id: str, caller: Caller) -> Transaction[bool]:
        """Ask for no second factor on the caller's device for TRUST_SECONDS; False where it is not known.

        Part of the transaction in which the session begins that shows the second factor: it holds the account, so that
        no trust is given behind the back of what takes all trust away.
        """
        if caller.device_id is None:
            return False
        until = self._sources.now() + TRUST_SECONDS
        trusted = yield from self._store.trust(account_id, caller.device_id, until)
        if trusted:
            yield self._audit.record(
                AuditEvent(event=EventType.DEVICE_TRUSTED, account_id=account_id, address=caller.address)
            )
        return trusted

    def distrust(self, account_id: str) -> Transaction[int]:
        """Ask for the second factor on every device again, as after a change of password or factors."""
        return (yield from self._store.distrust(account_id))

    async def forget(self, account_id: str, device_id: str, caller: Caller) -> bool:
        """Forget a device: no trust, and news when it comes back."""
        line = AuditEvent(event=EventType.DEVICE_FORGOTTEN, account_id=account_id, address=caller.address)

        def work() -> Transaction[bool]:
            yield self._accounts.raised(account_id)
            forgotten = yield from self._store.forget(account_id, device_id, self._sources.now())
            if forgotten:
                yield self._audit.record(line)
            return forgotten

        return await self._database.write(work)

    async def purge(self, before: float) -> int:
        """Delete what nobody has logged in from since an instant, name and address with it; how many there were."""
        background = self._database.background
        return await in_steps(lambda: background.write(lambda: self._store.purge(before)))

    async def forget_others(self, account_id: str, keep: str | None, caller: Caller) -> int:
        """Forget every device but the one in use; how many there were."""

        def work() -> Transaction[int]:
            yield self._accounts.raised(account_id)
            number = yield from self._store.forget_others(account_id, keep or "", self._sources.now())
            if number:
                line = AuditEvent(
                    event=EventType.DEVICE_FORGOTTEN,
                    account_id=account_id,
                    address=caller.address,
                    detail={"devices": number},
                )
                yield self._audit.record(line)
            return number

        return await self._database.write(work)


_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("QQBrowser", "QQ Browser"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Xiaomi Browser"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """What a person would call the browser and the machine: Chrome · Windows. Nothing is promised about it."""
    found = [
        next((name for sign, name in table if sign in user_agent), "") for table in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(part for part in found if part) or UNKNOWN_BROWSER
