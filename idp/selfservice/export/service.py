"""A copy of all that is kept about a person, for the person (个人信息保护法 art. 45); no secrets among it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from idp.accounts import store as fields
from idp.accounts.model import Account
from idp.accounts.real_names.corrections import Corrections
from idp.accounts.real_names.service import RealNames
from idp.accounts.store import AccountStore
from idp.audit.model import EVENTS, AuditEvent, AuditRecord, EventType
from idp.audit.store import AuditStore
from idp.authentication.factors.service import Factors
from idp.federation.model import LinkHistory
from idp.infrastructure.beijing import moment_of
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.organizations.roles import Roles
from idp.selfservice.events.store import EventStore
from idp.selfservice.events.texts import TITLES
from idp.selfservice.export.model import KeptGrant, KeptMandate, KeptSession
from idp.selfservice.export.store import ExportStore
from idp.selfservice.systems.service import Systems
from idp.sessions.model import Owner

FORMAT = "zhanhe-account-export/1"
MOST_EVENTS = 10_000
MOST_A_DAY = 10
DAY = 86_400
Say = Callable[..., str]
Copy = dict[str, Any]
"""JSON: sections, each an object or a list of objects; instants as ISO 8601 in Beijing time."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the person asked for, and what rooms keep that this one does not look into: links, requests."""

    corrections: Corrections
    links: Callable[[str], Transaction[Sequence[LinkHistory]]]
    counter: Callable[[str], Transaction[Sequence[object]]]


class TooOften(Exception):
    """Enough copies for one day."""


class Export:
    """Reads every room's part. What is read for others (secrets, keyed hashes, internal ids) is left out."""

    def __init__(
        self,
        foundation: Foundation,
        real_names: RealNames,
        factors: Factors,
        roles: Roles,
        systems: Systems,
        elsewhere: Elsewhere,
    ) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._store = ExportStore()
        self._events = EventStore()
        self._audit = AuditStore(foundation.sources)
        self._real_names = real_names
        self._factors = factors
        self._roles = roles
        self._systems = systems
        self._elsewhere = elsewhere

    async def of_account(self, owner: Owner, say: Say) -> Copy:
        """The copy, and a line in the record that it was made. Raises TooOften."""
        account_id = owner.account_id
        if await self._key_value.increment("exports", account_id, DAY) > MOST_A_DAY:
            raise TooOften
        line = AuditEvent(
            event=EventType.ACCOUNT_EXPORTED,
            account_id=account_id,
            session_id=owner.session_id,
            address=owner.caller.address,
        )
        await self._database.add(self._audit.record(line))

        def look() -> Transaction[Copy | None]:
            account = yield from self._accounts.by_id(account_id)
            if account is None:
                return None
            return {
                "account": self._account(account),
                "merged_accounts": _each(
                    (yield from self._store.merged(account_id)), "username", "created_at"
                ),
                "sessions": [_session(each) for each in (yield from self._store.sessions(account_id))],
                "devices": _each((yield from self._store.devices(account_id)), *_DEVICE),
                "grants": [self._grant(each) for each in (yield from self._store.grants(account_id))],
                "links": _each((yield from self._elsewhere.links(account_id)), *_LINK),
                "counter_requests": _each((yield from self._elsewhere.counter(account_id)), *_REQUEST),
                "organizations": _each((yield from self._store.organizations(account_id)), *_ORGANIZATION),
                "mandates": [
                    _mandate(each, account_id) for each in (yield from self._store.mandates(account_id))
                ],
                "events": [
                    self._event(each, account_id, say)
                    for each in (yield from self._events.all(account_id, MOST_EVENTS))
                ],
            }

        found = await self._database.read(look)
        if found is None:
            raise LookupError("a session of no account")
        return {
            "format": FORMAT,
            "made_at": _iso(self._sources.now()),
            **await self._more(account_id),
            **found,
        }

    async def _more(self, account_id: str) -> Copy:
        history = await self._real_names.history(account_id)
        factors = await self._factors.of_account(account_id)
        corrections = await self._elsewhere.corrections.of_account(account_id)
        return {
            "account": {},  # the first section, filled with the others
            "real_name_records": [_of(each, *_RECORD) for each in history],
            "factors": [_of(each, "kind", "label", "created_at", "last_used_at") for each in factors],
            "roles": [_of(each, "role", "division") for each in await self._roles.of_account(account_id)],
            "consents": [
                _of(each, "client_id", "name", "consented_at", "first_used_at", "last_used_at")
                | {"scope": " ".join(each.scopes)}
                for each in await self._systems.of_account(account_id)
            ],
            "corrections": [
                _of(each, "wanted", "state", "asked_at", "answer", "decided_at") for each in corrections
            ],
        }

    def _account(self, account: Account) -> Copy:
        reveal = self._accounts.reveal
        return {
            **_of(account, "id", "username", "name", "real_name_level", "certificate_type"),
            "certificate_number": reveal(fields.CERTIFICATE, account.certificate_number),
            "birth_date": reveal(fields.BIRTH_DATE, account.birth_date),
            "phone": reveal(fields.PHONE, account.phone),
            "email": reveal(fields.EMAIL, account.email),
            "address": reveal(fields.ADDRESS, account.address),
            **_of(account, "phone_verified_at", "language", "login_choices", "state", "closes_at"),
            "elder_mode": account.elder_mode,
            "has_password": bool(account.password_hash),
            **_of(account, "created_at", "updated_at"),
        }

    def _grant(self, grant: KeptGrant) -> Copy:
        return {
            "name": self._systems.name(grant.client_id),
            **_of(grant, "client_id", "scope", "created_at", "expires_at", "revoked_at"),
            "principal": grant.principal.name if grant.principal else None,
        }

    def _event(self, line: AuditRecord, account_id: str, say: Say) -> Copy:
        event = EventType(line.event) if line.event in EVENTS else None  # a later release has recorded others
        own = line.actor in (None, account_id)
        return {
            "at": _iso(line.at),
            "event": line.event,
            "title": say(TITLES[event]) if event and event in TITLES else None,
            "system": self._systems.name(line.client_id),
            "address": line.address if own else None,
            "by_owner": own,
        }


_RECORD = ("level", "method", "source", "verified_at", "expires_at", "ended_at", "end_reason")
_SESSION = (
    "address", "user_agent", "amr", "created_at", "authenticated_at", "last_seen_at", "ended_at",
)  # fmt: skip
_DEVICE = ("user_agent", "address", "first_seen_at", "last_seen_at", "trusted_until", "forgotten_at")
_LINK = ("profile", "kind", "level", "linked_at", "last_seen_at", "ended_at", "end_reason")
_REQUEST = ("kind", "state", "begun_at", "decided_at", "division")
_ORGANIZATION = ("name", "unified_social_credit_code", "kind", "state", "represented_since")
_MANDATE = ("relation", "role", "state", "valid_from", "valid_until", "created_at", "ended_at", "end_reason")


def _session(session: KeptSession) -> Copy:
    shown = _of(session, *_SESSION)
    return shown | {"principal": session.principal.name if session.principal else None}


def _mandate(mandate: KeptMandate, account_id: str) -> Copy:
    return {
        "given": mandate.principal_account_id == account_id,
        "principal": mandate.principal_name,
        "unified_social_credit_code": mandate.unified_social_credit_code,
        "agent": mandate.agent_name,
        **_of(mandate, *_MANDATE),
        "systems": list(mandate.systems),
        "items": list(mandate.items),
    }


def _each(found: Iterable[object], *names: str) -> list[Copy]:
    return [_of(each, *names) for each in found]


def _of(each: object, *names: str) -> Copy:
    return {name: _value(name, getattr(each, name)) for name in names}


def _value(name: str, value: Any) -> Any:
    return _iso(value) if isinstance(value, float) and name.endswith(_INSTANTS) else value


_INSTANTS = ("_at", "_from", "_until", "_since")


def _iso(instant: float) -> str:
    return moment_of(int(instant)).isoformat()


def as_json(copy: Copy) -> bytes:
    """The copy as a file."""
    return orjson.dumps(copy, option=orjson.OPT_INDENT_2)


def sections(copy: Copy) -> Iterable[tuple[str, list[Copy]]]:
    """The parts of a copy for reading, each as a list."""
    for name, part in copy.items():
        if isinstance(part, dict):
            yield name, [part]
        elif isinstance(part, list):
            yield name, part
