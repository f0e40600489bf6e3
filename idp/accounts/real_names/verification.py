"""Proves who the owner of an account is: counts the attempt, asks the authority once, keeps the proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from idp.accounts.control import NOTHING, ProvenControl
from idp.accounts.model import Account, AccountState
from idp.accounts.names import normalized_name, same_name
from idp.accounts.real_names.authority import Authority, AuthorityUnavailable
from idp.accounts.real_names.certificates import birth_date_of, checked_number, is_under_fourteen, stored_type
from idp.accounts.real_names.proof import NotRecorded, Proof
from idp.accounts.real_names.service import RealNames
from idp.accounts.store import CERTIFICATE, PHONE, AccountStore
from idp.accounts.verifiers.interface import IdentityClaim, Verifier
from idp.accounts.verifiers.network_identity import SUCCESS, Mode, client_call
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.beijing import day_of
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.vault import Unreadable

NETWORK_IDENTITY = "network_identity"
START_SECONDS = 300
OWN_TRIES, MOST_OWN = 2, 20
"""So many tries a day has each account at the first number that it tries, and all accounts together at one number."""
_BIZ_SEQ_BYTES = 16  # 32 letters and digits, as published


class NoSuchAccount(Exception):
    """There is no account of this id."""


class NotVerifiedReason(StrEnum):
    """Why somebody was not verified, as a word for pages and the audit record."""

    MISMATCH = "mismatch"
    OTHER_IDENTITY = "other-identity"
    NO_PHONE = "no-phone"
    UNDER_FOURTEEN = "under-fourteen"
    TYPE = "type"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Verified:
    """It is proved; the account's level from now on."""

    level: int


@dataclass(frozen=True, slots=True)
class NotVerified:
    """It is not."""

    why: NotVerifiedReason


@dataclass(frozen=True, slots=True)
class Duplicate:
    """It is proved, and the person has an account that proved it as strongly. Nothing is said about that one."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The authority did not answer; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many attempts; the seconds to wait."""

    retry_after: int


Outcome = Verified | NotVerified | Duplicate | Unavailable | Throttled


@dataclass(frozen=True, slots=True)
class VerificationLimits:
    """Attempts in a window: by one account, and for one certificate whoever tries."""

    by_account: int = 5
    account_seconds: int = 3600
    of_certificate: int = 8
    certificate_seconds: int = 86_400


class Verification:
    """`authorities` are those that settings name; a method without one is not offered."""

    def __init__(
        self,
        foundation: Foundation,
        real_names: RealNames,
        verifiers: Sequence[Verifier],
        authorities: Mapping[str, Authority],
        limits: VerificationLimits | None = None,
    ) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._real_names = real_names
        self._verifiers = {verifier.method: verifier for verifier in verifiers}
        self._authorities = authorities
        self._limits = limits or VerificationLimits()

    @property
    def offered(self) -> dict[str, Verifier]:
        """The methods that can be used here, by name."""
        return {name: self._verifiers[name] for name in self._authorities if name in self._verifiers}

    async def account(self, account_id: str) -> Account:
        """The account; raises NoSuchAccount."""
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        if account is None:
            raise NoSuchAccount
        return account

    def identity(self, account: Account) -> IdentityClaim | None:
        """Name and certificate on the account, if it has a certificate."""
        number = self._accounts.reveal(CERTIFICATE, account.certificate_number)
        if number is None or account.certificate_type is None:
            return None
        return IdentityClaim(account.name, account.certificate_type, number)

    def claim(self, name: str, certificate_type: str, certificate_number: str) -> IdentityClaim:
        """What was typed, by the rules; raises InvalidAccount."""
        today = day_of(self._sources.now())
        number = checked_number(certificate_type, certificate_number, today)
        return IdentityClaim(normalized_name(name), stored_type(certificate_type).value, number)

    async def verify(
        self, account_id: str, method: str, claim: IdentityClaim, address: str, shown: ProvenControl = NOTHING
    ) -> Outcome:
        """Have a claim verified by a method, once; `shown` is what the person has shown of the account."""
        verifier = self.offered.get(method)
        if verifier is None:
            return Unavailable()
        if wait := await self._admit(account_id, claim):
            await self._refuse(account_id, method, "throttled", address)
            return Throttled(wait)
        account = await self.account(account_id)
        claim, why = self._judged(account, claim, verifier)
        if why is not None:
            return await self._refuse(account_id, method, why, address)
        try:
            proof = await verifier.check(claim, self._authorities[method])
        except AuthorityUnavailable:
            return Unavailable()
        if proof is None:
            return await self._refuse(account_id, method, NotVerifiedReason.MISMATCH, address)
        return await self._keep(account_id, proof, address, shown)

    async def start(self, account_id: str, mode: Mode, claim: IdentityClaim) -> dict[str, str]:
        """Begin with the network identity: what the app is to be called with. Good once, for this account."""
        biz_seq = self._sources.new_bytes(_BIZ_SEQ_BYTES).hex()
        content = {
            "account": account_id,
            "mode": mode.value,
            "name": claim.name,
            "type": claim.certificate_type,
            "number": claim.certificate_number,
        }
        sealed = self._vault.seal(NETWORK_IDENTITY, content).encode()
        await self._key_value.put(NETWORK_IDENTITY, self._hashed(biz_seq), sealed, START_SECONDS)
        return client_call(self._authorities[NETWORK_IDENTITY], biz_seq, mode)

    async def finish(
        self, account_id: str, answer: Mapping[str, str], address: str, shown: ProvenControl = NOTHING
    ) -> Outcome:
        """What the app brought back: `bizSeq`, `resultCode`, `idCardAuthData`, `certPwdData`. Spends the number."""
        sealed = await self._key_value.take(NETWORK_IDENTITY, self._hashed(answer.get("bizSeq", "")))
        try:
            begun = self._vault.unseal(NETWORK_IDENTITY, (sealed or b"").decode())
        except Unreadable:
            return NotVerified(NotVerifiedReason.LAPSED)
        if begun["account"] != account_id:
            return await self._refuse(account_id, NETWORK_IDENTITY, NotVerifiedReason.LAPSED, address)
        if answer.get("resultCode") != SUCCESS:
            return NotVerified(NotVerifiedReason.CANCELLED)
        claim = IdentityClaim(
            begun["name"],
            begun["type"],
            begun["number"],
            answer={
                "bizSeq": answer["bizSeq"],
                "authMode": begun["mode"],
                "idCardAuthData": answer.get("idCardAuthData", ""),
                "certPwdData": answer.get("certPwdData", ""),
            },
        )
        return await self.verify(account_id, NETWORK_IDENTITY, claim, address, shown)

    def _judged(
        self, account: Account, claim: IdentityClaim, verifier: Verifier
    ) -> tuple[IdentityClaim, NotVerifiedReason | None]:
        """The claim with what the account adds to it, and what speaks against asking at all."""
        known = self.identity(account) if account.real_name_level else None
        if known is not None:
            same = known.certificate_number == claim.certificate_number
            if not same or not same_name(known.name, claim.name):
                return claim, NotVerifiedReason.OTHER_IDENTITY
            claim = replace(claim, name=known.name, certificate_type=known.certificate_type)
        if account.state != AccountState.ACTIVE:
            return claim, NotVerifiedReason.CLOSED
        if claim.certificate_type not in verifier.types:
            return claim, NotVerifiedReason.TYPE
        born = birth_date_of(claim.certificate_type, claim.certificate_number)
        today = day_of(self._sources.now())
        if born is not None and is_under_fourteen(born, today):
            return claim, NotVerifiedReason.UNDER_FOURTEEN
        phone = None if account.phone_verified_at is None else self._accounts.reveal(PHONE, account.phone)
        if verifier.needs_phone and phone is None:
            return claim, NotVerifiedReason.NO_PHONE
        return replace(claim, phone=phone), None

    async def _keep(self, account_id: str, proof: Proof, address: str, shown: ProvenControl) -> Outcome:
        def work() -> Transaction[int | NotRecorded]:
            return (yield from self._real_names.record(account_id, proof, address=address, shown=shown))

        outcome: int | NotRecorded
        try:
            outcome = await self._database.write(work)
        except Conflict:
            outcome = NotRecorded.ALREADY_VERIFIED
        match outcome:
            case NotRecorded.ALREADY_VERIFIED:
                await self._refuse(account_id, proof.method, "duplicate", address)
                await self._real_names.contested(account_id, proof)
                return Duplicate()
            case NotRecorded.OTHER_IDENTITY:
                return await self._refuse(account_id, proof.method, NotVerifiedReason.OTHER_IDENTITY, address)
            case NotRecorded.NO_SUCH_ACCOUNT:
                raise NoSuchAccount
            case level:
                # From here on the account is this person's, so that its attempts find out nothing of others.
                await self._key_value.take("real_name_account", self._hashed(account_id))
                return Verified(level)

    async def _admit(self, account_id: str, claim: IdentityClaim) -> int:
        """Count the attempt before anything is looked at: 0 when it may go on, else the seconds to wait."""
        limits, mine = self._limits, self._hashed(account_id)
        number = self._hashed(f"{claim.certificate_type}:{claim.certificate_number}")
        count = await self._key_value.increment("real_name_account", mine, limits.account_seconds)
        if count > limits.by_account:
            return limits.account_seconds
        if await self._is_own(account_id, number):
            return 0
        count = await self._key_value.increment("real_name_certificate", number, limits.certificate_seconds)
        return limits.certificate_seconds if count > limits.of_certificate else 0

    async def _is_own(self, account_id: str, number: str) -> bool:
        """Whether a try is one that strangers do not use up: few, and of one number a day for each account.

        Whoever knows somebody's number would else keep that person from being verified, day after day, with two
        telephones; now it takes more than ten each day. Names are still guessed at by nobody with any number of them.
        """
        seconds, mine = self._limits.certificate_seconds, self._hashed(account_id)
        await self._key_value.add("real_name_first", mine, number.encode(), seconds)
        if await self._key_value.get("real_name_first", mine) != number.encode():
            return False
        if await self._key_value.increment("real_name_own", mine, seconds) > OWN_TRIES:
            return False
        return await self._key_value.increment("real_name_owners", number, seconds) <= MOST_OWN

    async def _refuse(self, account_id: str, method: str, why: str, address: str) -> NotVerified:
        detail = {"method": method, "reason": str(why)}
        line = AuditEvent(
            event=EventType.REAL_NAME_REFUSED, account_id=account_id, address=address, detail=detail
        )
        await self._database.add(self._audit.record(line))
        return (
            NotVerified(why)
            if isinstance(why, NotVerifiedReason)
            else NotVerified(NotVerifiedReason.MISMATCH)
        )

    def _hashed(self, text: str) -> str:
        return self._vault.token_hash("real_name", text).hex()
