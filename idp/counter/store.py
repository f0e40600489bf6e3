"""The table of what one member of staff began at the counter and another has to confirm."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson

from idp.accounts.store import CERTIFICATE, PHONE
from idp.counter import request_statements as statements
from idp.counter.model import (
    Concerned,
    CounterClaim,
    CounterRequest,
    OpenRequest,
    RefusedRequest,
    RequestKind,
    RequestState,
)
from idp.counter.request_tables import counter_concerned, counter_requests
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.database.interface import first, first_as
from idp.infrastructure.database.statement import Call
from idp.infrastructure.vault import Vault

__all__ = ["CounterStore", "counter_concerned", "counter_requests"]

CONTENT = "counter_requests.content"


class CounterStore:
    """One statement per method."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(
        self, new: CounterRequest, since: float, concerned: Sequence[Concerned] = ()
    ) -> Transaction[bool]:
        """Note a request and whom it is about; False where one of its kind is open."""
        key = _key(new)
        yield statements.FREE(the_key=key, since=since)
        if not (yield self._added(new, key)):
            return False
        for number, each in enumerate(concerned):
            yield statements.ADD_CONCERNED(request_id=new.id, number=number, **asdict(each))
        return True

    def is_one_of(self, concerned: Sequence[Concerned], staff_id: str) -> Transaction[bool]:
        """Whether a member of staff is somebody whom a request would be about: asked before it is noted."""
        for each in concerned:
            call = statements.IS_CONCERNED(
                the_account=each.account_id, the_index=each.certificate_index, the_staff=staff_id
            )
            if (yield call):
                return True
        return False

    def is_about(self, request_id: str, staff_id: str) -> Transaction[bool]:
        """Whether a request is about a member of staff, by any of its sides."""
        return bool((yield statements.IS_ABOUT(the_id=request_id, the_staff=staff_id)))

    def is_same(self, account_id: str, staff_id: str) -> Transaction[bool]:
        """Whether two accounts are of one person as far as the record tells."""
        return bool((yield statements.IS_SAME(the_account=account_id, the_staff=staff_id)))

    def _added(self, new: CounterRequest, key: str) -> Call:
        return statements.ADD(
            id=new.id,
            kind=new.kind.value,
            account_id=new.account_id,
            content=self._vault.encrypt_bytes(CONTENT, orjson.dumps(new.claim.to_json())),
            state=new.state.value,
            begun_by=new.begun_by,
            begun_at=new.begun_at,
            decided_by=new.decided_by,
            decided_at=new.decided_at,
            division=new.division,
            open_key=key,
        )

    def kind(self, request_id: str) -> Transaction[RequestKind | None]:
        """What a request asks for."""
        row = first((yield statements.KIND(the_id=request_id)))
        return None if row is None else RequestKind(row["kind"])

    def confirm(
        self, request_id: str, staff_id: str, since: float, now: float
    ) -> Transaction[CounterRequest | None]:
        """Confirm a request that another began; the request for the one who did."""
        call = statements.CONFIRM(the_id=request_id, the_staff=staff_id, since=since, now=now)
        return first_as(self._request_of, (yield call))

    def refuse(self, request_id: str, staff_id: str, now: float) -> Transaction[RefusedRequest | None]:
        """Refuse, take back or stop a request that has not taken effect."""
        row = first((yield statements.REFUSE(the_id=request_id, the_staff=staff_id, now=now, nothing=b"")))
        if row is None:
            return None
        yield statements.FORGET_CONCERNED(the_id=request_id)
        return RefusedRequest(request_id, row["account_id"], row["kind"])

    def due(self, since: float) -> Transaction[list[str]]:
        """The recoveries that have waited long enough."""
        return [row["id"] for row in (yield statements.DUE(since=since))]

    def ripe(self, request_id: str, since: float) -> Transaction[CounterRequest | None]:
        """Claim a recovery that has waited long enough, of two who are still in office; it for whoever did."""
        return first_as(self._request_of, (yield statements.RIPE(the_id=request_id, since=since)))

    def give_up(self, request_id: str, now: float) -> Transaction[RefusedRequest | None]:
        """Refuse a recovery that cannot take effect any more."""
        row = first((yield statements.GIVE_UP(the_id=request_id, now=now, nothing=b"")))
        if row is None:
            return None
        yield statements.FORGET_CONCERNED(the_id=request_id)
        return RefusedRequest(request_id, row["account_id"], row["kind"])

    def put_back(self, request: CounterRequest) -> Call:
        """The call that lets a request wait on as it did before it was claimed in this transaction."""
        return statements.PUT_BACK(
            the_id=request.id,
            the_state=request.state.value,
            decider=request.decided_by,
            the_instant=request.decided_at,
            the_key=_key(request),
        )

    def wipe(self, request_id: str) -> Transaction[None]:
        """Wipe what was claimed, and whom it was about: the request has taken effect."""
        yield statements.WIPE(the_id=request_id, nothing=b"")
        yield statements.FORGET_CONCERNED(the_id=request_id)

    def withdraw(self, kind: RequestKind, account_id: str, now: float) -> Transaction[list[str]]:
        """Refuse everything of a kind about a person that has not taken effect; the ids."""
        asked = statements.WITHDRAW(the_account=account_id, the_kind=kind.value, now=now, nothing=b"")
        ids = [row["id"] for row in (yield asked)]
        for request_id in ids:
            yield statements.FORGET_CONCERNED(the_id=request_id)
        return ids

    def lapse(self, since: float, now: float) -> Transaction[list[RefusedRequest]]:
        """Refuse what was begun before an instant and confirmed by nobody."""
        rows = yield statements.LAPSE(since=since, now=now, nothing=b"")
        for row in rows:
            yield statements.FORGET_CONCERNED(the_id=row["id"])
        return [RefusedRequest(row["id"], row["account_id"], row["kind"]) for row in rows]

    def place(self, staff_id: str) -> Transaction[str | None]:
        """The division in which a member of staff works; of several, the first of the narrowest."""
        row = first((yield statements.PLACE(the_staff=staff_id)))
        return None if row is None else str(row["division"])

    def open(self, since: float, staff_id: str | None) -> Transaction[list[OpenRequest]]:
        """What waits for a decision or for its time, oldest first: of one's divisions, or (None) of all."""
        return [self._open_of(row) for row in (yield statements.OPEN(since=since, the_staff=staff_id))]

    def is_waiting(self, account_id: str, since: float) -> Transaction[bool]:
        """Whether something about a person is not decided yet."""
        return bool((yield statements.OF_ACCOUNT(the_account=account_id, since=since)))

    def forget(self, account_id: str) -> Transaction[None]:
        """End and wipe everything about a person."""
        yield statements.FORGET_ALL_CONCERNED(the_account=account_id)
        yield statements.FORGET(the_account=account_id, nothing=b"")

    def _claim_of(self, row: Row) -> CounterClaim:
        return CounterClaim.from_json(orjson.loads(self._vault.decrypt_bytes(CONTENT, row["content"])))

    def _request_of(self, row: Row) -> CounterRequest:
        return CounterRequest(
            id=row["id"],
            kind=RequestKind(row["kind"]),
            account_id=row["account_id"],
            state=RequestState(row["state"]),
            begun_by=row["begun_by"],
            begun_at=row["begun_at"],
            claim=self._claim_of(row),
            decided_by=row["decided_by"],
            decided_at=row["decided_at"],
            division=row["division"],
        )

    def _open_of(self, row: Row) -> OpenRequest:
        number, phone = row["certificate_number"], row["phone"]
        return OpenRequest(
            id=row["id"],
            kind=RequestKind(row["kind"]),
            account_id=row["account_id"],
            state=RequestState(row["state"]),
            begun_by=row["begun_by"],
            begun_at=row["begun_at"],
            claim=self._claim_of(row),
            decided_by=row["decided_by"],
            decided_at=row["decided_at"],
            division=row["division"],
            name=row["name"],
            username=row["username"],
            real_name_level=row["real_name_level"],
            certificate_type=row["certificate_type"],
            certificate_number=None if number is None else self._vault.decrypt(CERTIFICATE, number),
            phone=None if phone is None else self._vault.decrypt(PHONE, phone),
            begun_by_name=row["begun_by_name"],
        )


def _key(request: CounterRequest) -> str:
    """By what the database knows that one like it is open: a child has two guardians, a person several accounts."""
    about = request.claim.guardian_id or request.claim.subject
    return ":".join(filter(None, (request.kind.value, request.account_id, about)))
