"""Somebody who comes from a platform, in our own terms: checked name and certificate, and how far they are believed."""

from dataclasses import dataclass, field
from datetime import date

from idp.accounts.names import InvalidName, normalized_name
from idp.accounts.real_names.certificates import (
    CertificateProblem,
    CertificateType,
    InvalidCertificate,
    birth_date_of,
    checked_number,
    eighteen_from_fifteen,
    is_under_fourteen,
    stored_type,
)
from idp.accounts.verifiers.interface import IdentityClaim
from idp.federation.model import UpstreamIdentity, UpstreamPerson, UserType
from idp.infrastructure import typed
from idp.infrastructure.beijing import day_of

AGENT = "agent"
"""The kind of link of a natural person who came for a legal person: the platform has no subject for them alone."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What a platform tells of a person and our rules cannot read: for staff, who see papers. `problem` is the rule.

    The certificate is as it is stored where it can be right, else as it was sent.
    """

    problem: str
    level: int
    name: str = field(repr=False)
    certificate_type: str = ""
    certificate_number: str = field(default="", repr=False)
    certified: bool = False
    """Whether the certificate can be right, so that only the name is in doubt."""


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
    claim: IdentityClaim | None = None
    unread: Unread | None = None

    @property
    def source(self) -> str:
        """The word in the real-name record: who comes for a company may be known less well there."""
        return self.profile if self.kind != AGENT else f"{self.profile}:legal"


def of_person(identity: UpstreamIdentity) -> Arrival:
    """The person who logged in for themselves."""
    return _arrival(identity, UserType.PERSON.value, identity.subject, identity.person)


def of_agent(identity: UpstreamIdentity, person: UpstreamPerson) -> Arrival | None:
    """The person behind a legal person; None where the platform does not say by number who it is."""
    certificate = _certificate(person)
    if isinstance(certificate, str) or not person.name.strip():
        return None
    subject = "\n".join((identity.subject, *certificate))
    return _arrival(identity, AGENT, subject, person)


def _certificate(person: UpstreamPerson) -> tuple[str, str] | str:
    """Type and number as they are stored, or the rule that they break; "" where the platform tells or shows none."""
    number = person.certificate_number
    if not number.strip() or "*" in typed.compact(number):
        return ""
    try:
        type_ = CertificateType(person.certificate_type)
        if type_ is CertificateType.RESIDENT_ID:
            number = eighteen_from_fifteen(number) or number
        return stored_type(type_).value, checked_number(type_, number)
    except InvalidCertificate as error:
        return error.problem.value
    except ValueError:
        return CertificateProblem.TYPE.value


def is_child(claim: IdentityClaim | None, now: float) -> bool:
    """Whether a guardian has to agree first (个人信息保护法 art. 31)."""
    born = None if claim is None else birth_date_of(claim.certificate_type, claim.certificate_number)
    return born is not None and is_under_fourteen(born, today(now))


def today(now: float) -> date:
    """The date in China."""
    return day_of(now)


def _arrival(identity: UpstreamIdentity, kind: str, subject: str, person: UpstreamPerson) -> Arrival:
    certificate, name, problem = _certificate(person), "", ""
    try:
        name = normalized_name(person.name)
    except InvalidName as error:
        problem = error.problem.value if person.name.strip() else ""
    claim, unread = None, None
    if not isinstance(certificate, str):
        if name:
            claim = IdentityClaim(name, *certificate)
        elif problem:
            unread = Unread(problem, identity.level, person.name, *certificate, certified=True)
    elif certificate or problem:
        number = person.certificate_number if certificate else ""
        unread = Unread(certificate or problem, identity.level, person.name, person.certificate_type, number)
    return Arrival(
        identity.profile,
        kind,
        subject,
        identity.level,
        identity.level_source,
        identity.answer_digest,
        name,
        claim,
        unread,
    )
