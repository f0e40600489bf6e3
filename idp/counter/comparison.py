"""What the record says beside what a request claims, for whoever confirms; the deed asks it again."""

from dataclasses import dataclass

from idp.accounts.model import Account
from idp.accounts.names import same_name
from idp.accounts.real_names.certificates import stored_type
from idp.accounts.store import CERTIFICATE, AccountStore
from idp.counter.model import CounterClaim, Hindrance, RequestKind

HELD = frozenset({RequestKind.VERIFY, RequestKind.RECOVER, RequestKind.GUARDIAN})
"""The kinds that rest on a document: another certificate than the verified one cannot be right."""


@dataclass(frozen=True, slots=True)
class ComparedIdentity:
    """A name and a certificate, as far as they are told."""

    name: str | None
    certificate_type: str | None
    certificate_number: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`opened`: the account was opened in this very act, so that both come from one hand."""

    kind: RequestKind
    record: ComparedIdentity
    claim: ComparedIdentity
    level: int
    opened: bool

    @property
    def name_differs(self) -> bool:
        """Whether the name that is claimed is not that of the record."""
        claimed = self.claim.name
        if claimed is None or self.opened:
            return False
        return not is_name_of(claimed, self.record.name or "")

    @property
    def certificate_differs(self) -> bool:
        """Whether both have a certificate, and not the same one."""
        mine, theirs = self.record, self.claim
        if mine.certificate_number is None or theirs.certificate_number is None:
            return False
        if mine.certificate_number != theirs.certificate_number:
            return True
        types = (mine.certificate_type, theirs.certificate_type)
        return None not in types and len({stored_type(each or "").value for each in types}) == 2

    @property
    def impossible(self) -> bool:
        """Whether it cannot be right: another certificate on a verified account."""
        return self.kind in HELD and self.certificate_differs and self.level > 0

    @property
    def wants_tick(self) -> bool:
        """Whether whoever confirms has to say expressly that it is the same person all the same.

        Two accounts of one person and a platform's login too, which are about a difference from the outset: that is
        what is decided there, and nobody decides it by a button that is pressed for everything else.
        """
        return (self.name_differs or self.certificate_differs) and not self.impossible

    def hindrance(self, *, name_differs: bool) -> Hindrance | None:
        """Why it is not confirmed: it cannot be right, or another name was not noticed expressly."""
        if self.impossible:
            return Hindrance.OTHER_CERTIFICATE
        return Hindrance.NAME_DIFFERS if self.wants_tick and not name_differs else None


def is_name_of(claimed: str, recorded: str) -> bool:
    """Whether a name that somebody typed, or a platform sent, is that of the record."""
    return bool(claimed) and same_name(claimed, recorded)


def identity_of(accounts: AccountStore, account: Account) -> ComparedIdentity:
    """What the record says of the person of an account."""
    number = accounts.reveal(CERTIFICATE, account.certificate_number)
    return ComparedIdentity(account.name, account.certificate_type, number)


def compared(kind: RequestKind, record: ComparedIdentity, level: int, claim: CounterClaim) -> Comparison:
    """What the record says of an account, and how real it is, beside what is claimed."""
    claimed = ComparedIdentity(claim.name, claim.certificate_type, claim.certificate_number)
    return Comparison(kind, record, claimed, level, claim.opened)
