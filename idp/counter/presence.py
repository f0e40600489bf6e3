"""Pages for a person who is present: registering, verifying, recovering; with a code where there is a phone."""

from dataclasses import dataclass

from starlette.responses import Response

from idp.accounts.contacts.phones import checked_phone
from idp.accounts.model import InvalidAccount
from idp.accounts.names import normalized_name
from idp.accounts.real_names.certificate_texts import TYPE_TEXTS
from idp.accounts.real_names.certificates import CertificateType, checked_number, stored_type
from idp.authentication.visitor import Pages, Visitor
from idp.counter.code_pages import code_path
from idp.counter.codes import CounterCodes, Errand
from idp.counter.guard import Staff, StaffGuard
from idp.counter.model import DRAFT_SECONDS, CounterClaim, CounterPerson, CounterRefusal, RequestKind
from idp.counter.routes import HOME, KINDS, reason_of, said
from idp.counter.service import Counter
from idp.counter.texts import REFUSALS, STATES
from idp.infrastructure.masking import ends_shown
from idp.infrastructure.translations import mark as _
from idp.infrastructure.vault import Unreadable
from idp.infrastructure.web.pictures import qr_code
from idp.organizations.divisions import Divisions

REGISTER, VERIFY, RECOVER = "/counter/register", "/counter/verify", "/counter/recover"
TEMPLATES = {
    REGISTER: "counter_register.html",
    VERIFY: "counter_verify.html",
    RECOVER: "counter_recover.html",
}
DRAFT = "counter.draft"
ERRANDS = {REGISTER: _("登记账号"), VERIFY: KINDS[RequestKind.VERIFY], RECOVER: KINDS[RequestKind.RECOVER]}
"""What the message with the code calls it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What waited in the page until the phone was confirmed."""

    claim: CounterClaim
    account_id: str
    code_id: str
    sealed: str


class PresencePages:
    """Handlers of /counter/register, /counter/verify, /counter/recover and the codes between."""

    def __init__(
        self, guard: StaffGuard, counter: Counter, codes: CounterCodes, divisions: Divisions
    ) -> None:
        self._guard = guard
        self._counter = counter
        self._codes = codes
        self._divisions = divisions

    def routes(self) -> Pages:
        """Path → method → handler."""
        act = self._guard.act
        return {
            REGISTER: {"GET": self._guard.show(self.show), "POST": act(self.register)},
            f"{REGISTER}/code": {"POST": act(self.register_code)},
            VERIFY: {"GET": self._guard.show(self.show), "POST": act(self.verify)},
            f"{VERIFY}/code": {"POST": act(self.verify_code)},
            RECOVER: {"GET": self._guard.show(self.show), "POST": act(self.recover)},
            f"{RECOVER}/code": {"POST": act(self.recover_code)},
        }

    async def show(self, staff: Staff) -> Response:
        """The empty form."""
        return self._page(staff, staff.path)

    async def register(self, staff: Staff, fields: dict[str, str]) -> Response:
        """The person's facts; where there is a phone, a code goes to it first."""
        try:
            claim = _claim(fields, phone=True)
            if claim.phone is not None:
                return await self._send(staff, REGISTER, staff, claim)
            await self._counter.register(staff.id, claim)
        except (CounterRefusal, InvalidAccount) as error:
            return self._page(staff, REGISTER, error=_word(error), claim=_typed(fields))
        return staff.redirect(f"{HOME}?done=registered")

    async def register_code(self, staff: Staff, fields: dict[str, str]) -> Response:
        """The person gave the right code: the phone is theirs."""
        try:
            draft = self._draft(REGISTER, staff, fields)
            if not await self._right_code(draft, fields):
                return await self._not_yet(staff, REGISTER, draft, fields)
            await self._counter.register(staff.id, draft.claim)
        except (CounterRefusal, InvalidAccount) as error:
            return self._page(staff, REGISTER, error=_word(error))
        return staff.redirect(f"{HOME}?done=registered")

    async def verify(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Find the person, confirm their phone, then ask a colleague to confirm."""
        found = await self._found(staff, fields)
        if found is None or fields.get("step") == "find":
            error = None if found else "not-found"
            return self._page(staff, VERIFY, error=error, found=found)
        try:
            claim = _claim(fields, phone=True)
            if claim.phone is not None:
                return await self._send(staff, VERIFY, staff, claim, found.id)
            await self._counter.ask(RequestKind.VERIFY, found.id, staff.id, claim)
        except (CounterRefusal, InvalidAccount) as error:
            return self._page(staff, VERIFY, error=_word(error), claim=_typed(fields), found=found)
        return staff.redirect(f"{HOME}?done=asked")

    async def verify_code(self, staff: Staff, fields: dict[str, str]) -> Response:
        """The phone is theirs."""
        return await self._asked(staff, fields, RequestKind.VERIFY, VERIFY)

    async def recover(self, staff: Staff, fields: dict[str, str]) -> Response:
        """Find the person, confirm the new phone, then ask a colleague to confirm."""
        found = await self._found(staff, fields)
        if found is None or fields.get("step") == "find":
            error = None if found else "not-found"
            return self._page(staff, RECOVER, error=error, found=found)
        try:
            claim = _claim(fields, phone=True)
            if claim.phone is not None:
                return await self._send(staff, RECOVER, staff, claim, found.id)
            await self._counter.ask(RequestKind.RECOVER, found.id, staff.id, claim)
        except (CounterRefusal, InvalidAccount) as error:
            return self._page(staff, RECOVER, error=_word(error), claim=_typed(fields), found=found)
        return staff.redirect(f"{HOME}?done=asked")

    async def recover_code(self, staff: Staff, fields: dict[str, str]) -> Response:
        """The new phone is theirs."""
        return await self._asked(staff, fields, RequestKind.RECOVER, RECOVER)

    async def _asked(self, staff: Staff, fields: dict[str, str], kind: RequestKind, path: str) -> Response:
        """With the right code on to the colleague who confirms."""
        try:
            draft = self._draft(path, staff, fields)
            if not await self._right_code(draft, fields):
                return await self._not_yet(staff, path, draft, fields)
            await self._counter.ask(kind, draft.account_id, staff.id, draft.claim)
        except (CounterRefusal, InvalidAccount) as error:
            return self._page(staff, path, error=_word(error))
        return staff.redirect(f"{HOME}?done=asked")

    async def _found(self, staff: Staff, fields: dict[str, str]) -> CounterPerson | None:
        if fields.get("step") == "find":
            return await self._counter.find(fields.get("identifier", ""), staff.id, reason_of(fields))
        return await self._counter.by_id(fields.get("account", ""), staff.id)

    async def _send(
        self, visitor: Visitor, path: str, staff: Staff, claim: CounterClaim, account_id: str = ""
    ) -> Response:
        """A code to the phone; until it comes back, what was typed waits sealed in the page."""
        # Whether another account has the phone is said once the code came back: to nobody who does not hold it.
        hall = self._divisions.name(max(staff.divisions, key=len))  # of several, the narrowest
        caller, errand = staff.caller, Errand(hall, ERRANDS[path])
        code_id = await self._codes.send(errand, claim.phone or "", caller, elder=claim.elder_mode)
        if code_id is None:
            raise CounterRefusal("wait")
        content = claim.to_json() | {
            "account": account_id,
            "staff": staff.id,
            "errand": path,
            "code_id": code_id,
            "until": staff.site.sources.now() + DRAFT_SECONDS,
        }
        sealed = staff.site.vault.seal(DRAFT, content)
        return await self._code_page(staff, path, Draft(claim, account_id, code_id, sealed))

    async def _right_code(self, draft: Draft, fields: dict[str, str]) -> bool:
        """Whether the code that staff typed is right, or else the person typed it; to look only uses up nothing."""
        if fields.get("step") == "look":
            return False
        if "code" in fields:
            return await self._codes.check(draft.code_id, fields["code"])
        return await self._codes.take(draft.code_id)

    async def _not_yet(self, visitor: Visitor, path: str, draft: Draft, fields: dict[str, str]) -> Response:
        error = "code" if "code" in fields else "not-typed"
        if error == "not-typed" and await self._codes.is_confirmed(draft.code_id):
            return await self._code_page(visitor, path, draft, confirmed=True)
        return await self._code_page(visitor, path, draft, error)

    def _draft(self, path: str, staff: Staff, fields: dict[str, str]) -> Draft:
        """What waited in the page, for the one who typed it and the errand it was typed for. Raises CounterRefusal."""
        sealed = fields.get("draft", "")
        try:
            content = staff.site.vault.unseal(DRAFT, sealed)
        except Unreadable as error:
            raise CounterRefusal("draft") from error
        if (content["staff"], content.get("errand")) != (staff.id, path):
            raise CounterRefusal("draft")
        if content["until"] < staff.site.sources.now():
            raise CounterRefusal("draft")
        return Draft(
            CounterClaim.from_json(content), str(content["account"]), str(content["code_id"]), sealed
        )

    async def _code_page(
        self,
        visitor: Visitor,
        path: str,
        draft: Draft,
        error: str | None = None,
        *,
        confirmed: bool = False,
    ) -> Response:
        address = f"{visitor.site.origin}{code_path(draft.code_id)}"
        return visitor.page(
            "counter_code.html",
            401 if error else 200,
            here=path,
            done=None,
            error=said(visitor, REFUSALS, error),
            action=f"{path}/code",
            draft=draft.sealed,
            phone=ends_shown(draft.claim.phone),
            wrong=error == "code",
            confirmed=confirmed,
            address=address,
            picture="" if confirmed else await qr_code(address, keep=True),
        )

    def _page(
        self,
        visitor: Visitor,
        path: str,
        *,
        error: str | None = None,
        claim: CounterClaim | None = None,
        found: CounterPerson | None = None,
    ) -> Response:
        state = STATES.get(found.state, "") if found else ""
        return visitor.page(
            TEMPLATES[path],
            400 if error else 200,
            here=path,
            done=None,
            error=said(visitor, REFUSALS, error),
            claim=claim or CounterClaim(certificate_type=found.certificate_type if found else None),
            found=found,
            state_text=visitor.say(state) if state else "",
            known=error == "certificate-known",
            types=[(kind.value, visitor.say(TYPE_TEXTS[kind])) for kind in CertificateType],
        )


def _claim(fields: dict[str, str], *, phone: bool = False) -> CounterClaim:
    """What was typed, by the rules; raises CounterRefusal with the field that breaks one."""
    if "seen" not in fields:
        raise CounterRefusal("not-seen")
    try:
        name = normalized_name(fields.get("name", ""))
    except InvalidAccount as error:
        raise CounterRefusal("name") from error
    try:
        kind = CertificateType(fields.get("certificate_type", ""))
        number = checked_number(kind, fields.get("certificate_number", ""))
    except ValueError as error:  # InvalidAccount is one
        raise CounterRefusal("certificate-number") from error
    return CounterClaim(
        name, stored_type(kind).value, number, _phone(fields) if phone else None, "elder_mode" in fields
    )


def _phone(fields: dict[str, str]) -> str | None:
    if "no_phone" in fields:
        return None
    try:
        return checked_phone(fields.get("phone", ""))
    except InvalidAccount as error:
        raise CounterRefusal("phone") from error


def _typed(fields: dict[str, str]) -> CounterClaim:
    """What was typed, to be shown again."""
    return CounterClaim.from_json({**fields, "elder_mode": "elder_mode" in fields})


def _word(error: Exception) -> str:
    return str(error) if isinstance(error, CounterRefusal) else "certificate-number"
