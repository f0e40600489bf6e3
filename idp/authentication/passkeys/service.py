"""Passkeys: made on the page of one's own account, used as the whole login or to strengthen a session."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from ipaddress import ip_address
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import orjson

from idp.accounts.authenticator_store import PASSKEY, AuthenticatorStore, NewAuthenticator
from idp.accounts.model import Account, AccountState
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.authentication.passkeys.apps import app_of
from idp.infrastructure.foundation import Foundation
from idp.sessions.model import HARDWARE_KEY, MULTIPLE, SOFTWARE_KEY, USER_PRESENT, Caller

KIND = "passkey"
CHALLENGE_BYTES = 32
CHALLENGE_SECONDS = 300
MOST_CHARACTERS = 16_384
NAME = "湛河统一身份认证"


@dataclass(frozen=True, slots=True)
class Asked:
    """A ceremony that was begun: the token that finds it again, and the options for the browser as JSON."""

    token: str
    options: str


@dataclass(frozen=True, slots=True)
class Proven:
    """Somebody used a passkey of an account."""

    account: Account
    amr: tuple[str, ...]


class _Refused(Exception):
    """The answer proves nothing; the reason is for the audit record."""

    def __init__(self, account_id: str | None, reason: str) -> None:
        super().__init__(reason)
        self.account_id = account_id
        self.reason = reason


class Passkeys:
    """Ceremonies (WebAuthn §7): each has one challenge, for one browser, and is answered once."""

    def __init__(self, foundation: Foundation, issuer: str, apps: Sequence[str] = ()) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._store = AuthenticatorStore(foundation.vault)
        self._refusals = Refusals(foundation)
        self._origins = (issuer, *(app_of(app).origin for app in apps))
        self._host = urlsplit(issuer).hostname or ""

    @property
    def available(self) -> bool:
        """Whether browsers make passkeys for us: they need a name, an address is none (WebAuthn §5.1.2)."""
        try:
            ip_address(self._host)
        except ValueError:
            return bool(self._host)
        return False

    async def offer(self, account_id: str, username: str, browser: str) -> Asked:
        """Begin to make a passkey for an account."""
        library = await _library()
        challenge = self._sources.new_bytes(CHALLENGE_BYTES)
        known = await self._ids(account_id)
        user = self._handle(account_id)
        options = library.creation_options(self._party(library), user, username, challenge, known)
        return Asked(await self._begin("create", browser, account_id, challenge), options)

    async def made(self, token: str, answer: str, browser: str, account_id: str) -> NewAuthenticator | None:
        """The passkey that the browser made, to be added; None when the answer proves nothing."""
        begun = await self._take("create", token, browser)
        if begun is None or begun["account_id"] != account_id or len(answer) > MOST_CHARACTERS:
            return None
        library = await _library()
        try:
            key = library.created(self._party(library), bytes.fromhex(begun["challenge"]), answer)
        except library.NotProven:
            return None
        secret = orjson.dumps({**asdict(key), "user": self._handle(account_id).hex()}).decode()
        return NewAuthenticator(PASSKEY, secret, lookup=self._lookup(key.id), step=key.count)

    async def ask(self, browser: str, account_id: str | None = None) -> Asked:
        """Begin to log somebody in: anybody, or to confirm one account."""
        library = await _library()
        challenge = self._sources.new_bytes(CHALLENGE_BYTES)
        known = await self._ids(account_id) if account_id else []
        options = library.request_options(self._party(library), challenge, known)
        return Asked(await self._begin("get", browser, account_id, challenge), options)

    async def proven(self, token: str, answer: str, browser: str, caller: Caller) -> Proven | None:
        """Whose passkey was used; None, recorded, when the answer proves nothing."""
        begun = await self._take("get", token, browser)
        if begun is None or len(answer) > MOST_CHARACTERS:
            return None
        try:
            return await self._proven(begun, answer)
        except _Refused as refused:
            detail = {"reason": refused.reason}
            line = AuditEvent(
                event=EventType.LOGIN_FAILED,
                account_id=refused.account_id,
                address=caller.address,
                detail=detail,
            )
            self._refusals.note(line)
            return None

    async def _proven(self, begun: dict[str, Any], answer: str) -> Proven:
        library = await _library()
        try:
            lookup = self._lookup(library.claimed_id(answer))
        except library.NotProven:
            raise _Refused(None, "passkey") from None
        found = await self._database.read(lambda: self._store.by_lookup(lookup))
        if found is None:
            raise _Refused(None, "passkey")
        passkey, security_version = found
        account_id = passkey.account_id
        if passkey.kind != PASSKEY or begun["account_id"] not in (None, account_id):
            raise _Refused(None, "passkey")
        key = orjson.loads(self._store.secret(passkey))
        challenge = bytes.fromhex(begun["challenge"])
        try:
            use = library.used(self._party(library), challenge, answer, key["public_key"])
        except library.NotProven:
            raise _Refused(account_id, "passkey") from None
        # The name that it was made under: a merge may have brought it to another account.
        made_for = bytes.fromhex(key["user"]) if "user" in key else self._handle(account_id)
        if use.user not in (None, b"", made_for):
            raise _Refused(account_id, "passkey")
        now = self._sources.now()
        if not await self._database.write(lambda: self._store.count_up(passkey.id, use.count, now)):
            raise _Refused(account_id, "passkey_counter")  # WebAuthn §6.1.1: maybe a copy
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        if account is None or account.state != AccountState.ACTIVE:
            raise _Refused(account_id, "state")
        if account.security_version != security_version:
            raise _Refused(account_id, "changed")  # it may be this passkey that is gone
        possession = SOFTWARE_KEY if key["synced"] else HARDWARE_KEY
        return Proven(account, (possession, USER_PRESENT, MULTIPLE))  # the device verified its user too

    async def _begin(self, purpose: str, browser: str, account_id: str | None, challenge: bytes) -> str:
        token = self._sources.new_token(32)
        value = {
            "purpose": purpose,
            "browser": browser,
            "account_id": account_id,
            "challenge": challenge.hex(),
        }
        await self._key_value.put(KIND, self._key(token), orjson.dumps(value), CHALLENGE_SECONDS)
        return token

    async def _take(self, purpose: str, token: str, browser: str) -> dict[str, Any] | None:
        value = await self._key_value.take(KIND, self._key(token))
        begun: dict[str, Any] = {} if value is None else orjson.loads(value)
        return begun if (begun.get("purpose"), begun.get("browser")) == (purpose, browser) else None

    async def _ids(self, account_id: str) -> list[str]:
        owned = await self._database.read(lambda: self._store.of_account(account_id))
        return [orjson.loads(self._store.secret(each))["id"] for each in owned if each.kind == PASSKEY]

    def _party(self, library: ModuleType) -> Any:
        return library.Party(self._host, NAME, self._origins)

    def _handle(self, account_id: str) -> bytes:
        """The name of an account for its passkeys: says nothing of the person (WebAuthn §14.6.1)."""
        return self._vault.token_hash("passkey.user", account_id)

    def _lookup(self, credential_id: str) -> bytes:
        return self._store.lookup(f"{PASSKEY}:{credential_id}")

    def _key(self, token: str) -> str:
        return self._vault.token_hash(KIND, token).hex()


async def _library() -> ModuleType:
    """Loaded by the first who needs it, beside the event loop: it takes longer than our whole start."""
    return await asyncio.to_thread(import_module, "idp.authentication.passkeys.ceremonies")
