"""Logging in by a picture: the computer shows it, a device that is logged in scans it and says yes.

Against a picture that somebody else put before the person (QRLjacking): the approving page shows where the login
was begun, and asks for the number that stands on the computer's screen, once, among three.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum

import orjson

from idp.accounts.model import Account, AccountState
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.authentication.model import Choice, chosen
from idp.infrastructure.foundation import Foundation
from idp.sessions.model import MULTIPLE, QR_CODE, Caller, Session
from idp.sessions.service import Sessions

BEGUN = "qr"
SCANNED = "qr_scanned"
DECIDED = "qr_decided"
LIFETIME_SECONDS = 120
CHOICES = 3
NUMBERS = range(10, 100)


class QrState(StrEnum):
    """How far it has come."""

    CREATED = "created"
    SCANNED = "scanned"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class QrShown:
    """What the computer shows: the id in the picture, the number to compare, until when."""

    id: str
    number: int
    choices: tuple[int, ...]
    browser: str
    address: str
    user_agent: str
    begun_at: float

    @property
    def ends_at(self) -> float:
        """When it is over."""
        return self.begun_at + LIFETIME_SECONDS


@dataclass(frozen=True, slots=True)
class Approved:
    """Somebody said yes.

    `vouched`: their own login had shown a second factor. The new one has not, and does not claim it.
    """

    account: Account = field(repr=False)
    vouched: bool
    amr: tuple[str, ...] = (QR_CODE,)


class QrLogins:
    """Each record is made once and never changed; what comes first counts (KeyValue.add, KeyValue.take)."""

    def __init__(self, foundation: Foundation, sessions: Sessions) -> None:
        self._sessions = sessions
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)

    async def begin(self, browser: str, caller: Caller) -> QrShown:
        """A new picture for a browser."""
        shown = QrShown(
            id=self._sources.new_token(18),
            number=(numbers := self._numbers())[0],
            choices=tuple(sorted(numbers)),
            browser=browser,
            address=caller.address,
            user_agent=caller.user_agent[:200],
            begun_at=self._sources.now(),
        )
        await self._key_value.put(BEGUN, self._key(shown.id), orjson.dumps(asdict(shown)), LIFETIME_SECONDS)
        return shown

    async def find(self, qr_id: str) -> QrShown | None:
        """The login that a picture stands for; None when it is over."""
        return _read(await self._key_value.get(BEGUN, self._key(qr_id)))

    async def state(self, qr_id: str, browser: str) -> QrState:
        """How far it has come, for the browser that began it."""
        shown = await self.find(qr_id)
        if shown is None or shown.browser != browser:
            return QrState.EXPIRED
        decided = await self._key_value.get(DECIDED, self._key(qr_id))
        if decided is not None:
            return QrState.APPROVED if orjson.loads(decided)["approved"] else QrState.REFUSED
        scanned = await self._key_value.get(SCANNED, self._key(qr_id))
        return QrState.CREATED if scanned is None else QrState.SCANNED

    async def scan(self, qr_id: str, session: Session) -> QrShown | None:
        """Somebody opened the picture's address: theirs from now on. None when it is over or another's.

        A login that came by picture lets no other in: one would follow another for ever.
        """
        shown = await self.find(qr_id)
        if shown is None or QR_CODE in session.amr:
            return None
        account_id = session.account_id.encode()
        await self._key_value.add(SCANNED, self._key(qr_id), account_id, LIFETIME_SECONDS)
        theirs = await self._key_value.get(SCANNED, self._key(qr_id)) == account_id
        decided = await self._key_value.get(DECIDED, self._key(qr_id))
        return shown if theirs and decided is None else None

    async def decide(self, qr_id: str, session: Session, number: int | None, caller: Caller) -> bool | None:
        """Approve with the number on the computer's screen, or refuse with none.

        True when approved; a wrong number refuses for good. None when there is nothing to decide any more.
        """
        shown = await self.scan(qr_id, session)
        if shown is None:
            return None
        approved = number == shown.number and not await self._declines(session.account_id)
        value = {
            "approved": approved,
            "account_id": session.account_id,
            "session_id": session.id,
            "security_version": session.security_version,
            "mfa": MULTIPLE in session.amr,
        }
        if not await self._key_value.add(DECIDED, self._key(qr_id), orjson.dumps(value), LIFETIME_SECONDS):
            return None
        event = EventType.QR_LOGIN_APPROVED if approved else EventType.QR_LOGIN_REFUSED
        detail = {"of": shown.address, "number": number == shown.number}
        await self._database.add(
            self._audit.record(
                AuditEvent(
                    event=event,
                    account_id=session.account_id,
                    session_id=session.id,
                    address=caller.address,
                    detail=detail,
                )
            )
        )
        return approved

    async def take(self, qr_id: str, browser: str) -> Approved | None:
        """The approval, for the browser that began, once, and only while the login lives that gave it."""
        if await self.state(qr_id, browser) is not QrState.APPROVED:
            return None
        if _read(await self._key_value.take(BEGUN, self._key(qr_id))) is None:
            return None
        decided = await self._key_value.take(DECIDED, self._key(qr_id))
        if decided is None:
            return None
        content = orjson.loads(decided)
        account_id: str = content["account_id"]
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        if account is None or account.state != AccountState.ACTIVE:
            return None
        if account.security_version != content["security_version"]:
            return None
        if content["session_id"] not in {each.id for each in await self._sessions.of_account(account_id)}:
            return None
        return Approved(account, vouched=content["mfa"])

    async def _declines(self, account_id: str) -> bool:
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        return account is None or Choice.NO_QR in chosen(account.login_choices)

    def _numbers(self) -> list[int]:
        """Different numbers; the first is the one on the screen."""
        numbers: list[int] = []
        while len(numbers) < CHOICES:
            drawn = int.from_bytes(self._sources.new_bytes(4)) % len(NUMBERS) + NUMBERS[0]
            if drawn not in numbers:
                numbers.append(drawn)
        return numbers

    def _key(self, qr_id: str) -> str:
        return self._vault.token_hash(BEGUN, qr_id).hex()


def _read(value: bytes | None) -> QrShown | None:
    if value is None:
        return None
    fields = orjson.loads(value)
    return QrShown(**{**fields, "choices": tuple(fields["choices"])})
