"""Whatever level another identity platform vouches for: which of its levels is which of ours is configuration."""

from idp.accounts.real_names.authority import Authority
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.proof import HIGHEST_LEVEL, Proof
from idp.accounts.verifiers.interface import IdentityClaim


class Upstream:
    """See `Verifier`; the federation calls `proof` when somebody comes from there."""

    method = "upstream"
    level = HIGHEST_LEVEL
    types: frozenset[CertificateType] = frozenset()
    needs_phone = False
    page = None

    def proof(self, claim: IdentityClaim, platform: str, level: int, reference: str) -> Proof:
        """The proof of what a platform said; `reference` is a digest of its answer."""
        return Proof(
            level=max(0, min(level, HIGHEST_LEVEL)),
            method=self.method,
            source=platform,
            evidence_reference=reference,
            name=claim.name,
            certificate_type=claim.certificate_type,
            certificate_number=claim.certificate_number,
        )

    async def check(self, claim: IdentityClaim, authority: Authority) -> Proof | None:
        """Never: it is told, not asked."""
        return None


VERIFIER = Upstream()
