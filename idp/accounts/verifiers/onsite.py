"""Level 4: the person and the original are seen by two members of staff. Nobody is asked over a network."""

from idp.accounts.invalid import InvalidAccount
from idp.accounts.real_names.authority import Authority
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.proof import Proof
from idp.accounts.verifiers.interface import IdentityClaim


class OnSite:
    """See `Verifier`; the counter calls `proof` in the transaction of its decision."""

    method = "counter"
    level = 4
    types: frozenset[CertificateType] = frozenset()
    needs_phone = False
    page = None

    def proof(self, claim: IdentityClaim, reference: str, first: str, second: str) -> Proof:
        """The proof of a proceeding; raises InvalidAccount where one person is both members of staff."""
        if first == second:
            raise InvalidAccount("verifier: two different members of staff")
        return Proof(
            level=self.level,
            method=self.method,
            source="counter",
            evidence_reference=reference,
            name=claim.name,
            certificate_type=claim.certificate_type,
            certificate_number=claim.certificate_number,
        )

    async def check(self, claim: IdentityClaim, authority: Authority) -> Proof | None:
        """Never: nobody proves their own presence by a form."""
        return None


VERIFIER = OnSite()
