"""Somebody who comes from a platform, in our own terms: checked name and certificate, and how far they are believed."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from idp.accounts.certificates import (
    CertificateType,
    birth_date_of,
    checked_number,
    eighteen_from_fifteen,
    is_under_fourteen,
    stored_type,
)
from idp.accounts.invalid import InvalidAccount
from idp.accounts.names import normalized_name
from idp.accounts.verifiers.interface import Claim
from idp.federation.model import UpstreamIdentity, UpstreamPerson, UserType

BEIJING = timezone(timedelta(hours=8))
AGENT = "agent"
"""The kind of link of a natural person who came for a legal person: the platform has no subject for them alone."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A natural person; `claim` is their certificate, where the platform tells one that can be right."""

    profile: str
    kind: str
    subject: str = field(repr=False)
    level: int
    level_source: str
    digest: str
    name: str = field(repr=False)
    claim: Claim | None = None

    @property
    def source(self) -> str:
        """The word in the real-name record: who comes for a company may be known less well there."""
        return self.profile if self.kind != AGENT else f"{self.profile}:legal"


def of_person(identity: UpstreamIdentity) -> Arrival:
    """The person who logged in for themselves."""
    return _arrival(identity, UserType.PERSON.value, identity.subject, identity.person)


def of_agent(identity: UpstreamIdentity, person: UpstreamPerson) -> Arrival | None:
    """The person behind a legal person; None where the platform does not say by number who it is."""
    claim = claim_of(person)
    if claim is None:
        return None
    subject = f"{identity.subject}\n{claim.certificate_type}\n{claim.certificate_number}"
    return _arrival(identity, AGENT, subject, person)


def claim_of(person: UpstreamPerson) -> Claim | None:
    """Name and certificate as they are stored; None where they are not complete or cannot be right."""
    try:
        type_ = CertificateType(person.certificate_type)
        number = person.certificate_number
        if type_ is CertificateType.RESIDENT_ID:
            number = eighteen_from_fifteen(number) or number
        plain = checked_number(type_, number)
        return Claim(normalized_name(person.name), stored_type(type_).value, plain)
    except (InvalidAccount, ValueError):
        return None


def is_child(claim: Claim | None, now: float) -> bool:
    """Whether a guardian has to agree first (个人信息保护法 art. 31)."""
    born = None if claim is None else birth_date_of(claim.certificate_type, claim.certificate_number)
    return born is not None and is_under_fourteen(born, today(now))


def today(now: float) -> date:
    """The date in China."""
    return datetime.fromtimestamp(now, BEIJING).date()


def _arrival(identity: UpstreamIdentity, kind: str, subject: str, person: UpstreamPerson) -> Arrival:
    claim = claim_of(person)
    try:
        name = normalized_name(person.name)
    except InvalidAccount:
        name = ""
    return Arrival(
        identity.profile,
        kind,
        subject,
        identity.level,
        identity.level_source,
        identity.answer_digest,
        name,
        claim,
    )
