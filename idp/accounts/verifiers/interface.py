"""What a verification method must offer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from idp.accounts.real_names.authority import Authority, AuthorityUnavailable
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.proof import Proof


@dataclass(frozen=True, slots=True)
class IdentityClaim:
    """What a person says, normalized. `phone` is one that is verified; `answer` what an app brought back."""

    name: str = field(repr=False)
    certificate_type: str
    certificate_number: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    answer: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class VerifierPage:
    """How a method stands on /me/real-name: the last part of its address, its name, and what it takes and brings."""

    segment: str
    title: str
    about: str
    through_app: bool = False
    """Whether an app answers for the person (`network_identity.py`)."""


@runtime_checkable
class Verifier(Protocol):
    """A method that asks an authority. Those that ask nobody only build a Proof and are no plug-ins to a page."""

    method: str
    """The value of real_name_records.method."""
    level: int
    """The highest level that it proves."""
    types: frozenset[CertificateType]
    """What it knows certificates of; empty where it asks nobody."""
    needs_phone: bool
    """Whether it compares a phone that the account has verified."""
    page: VerifierPage | None
    """None for what cannot be chosen on a page."""

    async def check(self, claim: IdentityClaim, authority: Authority) -> Proof | None:
        """The proof; None where the authority says no. Raises AuthorityUnavailable."""
        ...


def verdict(
    verifier: Verifier, claim: IdentityClaim, authority: Authority, said: Mapping[str, Any]
) -> Proof | None:
    """What an authority's 1 or 0 about a claim means; `serial` is the evidence. Raises AuthorityUnavailable."""
    if said.get("result") == "0":
        return None
    if said.get("result") != "1" or not isinstance(said.get("serial"), str):
        raise AuthorityUnavailable(authority.name)
    return Proof(
        level=verifier.level,
        method=verifier.method,
        source=authority.name,
        evidence_reference=said["serial"][:64],
        name=claim.name,
        certificate_type=claim.certificate_type,
        certificate_number=claim.certificate_number,
    )
