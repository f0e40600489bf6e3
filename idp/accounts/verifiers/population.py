"""Level 1: name and number against a population service.

Assumption: names of fields and service. Public is only that such a service is asked through the platform's gateway.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from idp.accounts.real_names.authority import Authority
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.proof import Proof
from idp.accounts.verifiers.interface import IdentityClaim, VerifierPage, verdict
from idp.infrastructure.beijing import BEIJING
from idp.infrastructure.translations import mark as _

SERVICE, PATH = "population.check", "/population/check"


class Population:
    """See `Verifier`."""

    method = "population"
    level = 1
    types = frozenset(
        {
            CertificateType.RESIDENT_ID,
            CertificateType.HK_MACAU_TAIWAN_RESIDENCE,
            CertificateType.FOREIGNER_PERMANENT_RESIDENCE,
        }
    )
    needs_phone = False
    page: VerifierPage | None = VerifierPage(
        segment="check",
        title=_("核对姓名和证件号码"),
        about=_("填写姓名和证件号码，马上得到结果。完成后为 1 级。"),
    )

    async def check(self, claim: IdentityClaim, authority: Authority) -> Proof | None:
        """See `Verifier.check`."""
        data = await authority.ask(
            SERVICE,
            PATH,
            {
                "name": claim.name,
                "certificateType": claim.certificate_type,
                "certificateNum": claim.certificate_number,
            },
        )
        proof = verdict(self, claim, authority, data)
        return proof and replace(proof, expires_at=_end_of_day(data.get("validUntil")))


def _end_of_day(text: Any) -> float | None:
    """The end of the last day on which the certificate is valid (YYYYMMDD, GB/T 7408); without one it stays so."""
    try:
        day = datetime.strptime(str(text or ""), "%Y%m%d").replace(tzinfo=BEIJING)
    except ValueError:
        return None
    return day.timestamp() + 86_400


VERIFIER = Population()
