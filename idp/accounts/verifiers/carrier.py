"""Level 2: name, number and verified phone against the carriers (运营商三要素).

Assumption: names of fields and service. Carriers sell this check under many interfaces, none of them a standard.
"""

from idp.accounts.real_names.authority import Authority
from idp.accounts.real_names.certificates import CertificateType
from idp.accounts.real_names.proof import Proof
from idp.accounts.verifiers.interface import IdentityClaim, VerifierPage, verdict
from idp.infrastructure.translations import mark as _

SERVICE, PATH = "carrier.check", "/carrier/check"


class Carrier:
    """See `Verifier`."""

    method = "carrier"
    level = 2
    types = frozenset(
        {
            CertificateType.RESIDENT_ID,
            CertificateType.HK_MACAU_TAIWAN_RESIDENCE,
            CertificateType.FOREIGNER_PERMANENT_RESIDENCE,
            CertificateType.HONG_KONG_MACAU_TRAVEL_PERMIT,
            CertificateType.TAIWAN_TRAVEL_PERMIT,
            CertificateType.PASSPORT,
        }
    )
    needs_phone = True
    page: VerifierPage | None = VerifierPage(
        segment="phone",
        title=_("核对姓名、证件号码和手机号"),
        about=_("手机号要用您本人的证件办理。完成后为 2 级。"),
    )

    async def check(self, claim: IdentityClaim, authority: Authority) -> Proof | None:
        """See `Verifier.check`; without a verified phone there is nothing to compare."""
        if claim.phone is None:
            return None
        data = await authority.ask(
            SERVICE,
            PATH,
            {
                "name": claim.name,
                "certificateType": claim.certificate_type,
                "certificateNum": claim.certificate_number,
                "mobile": claim.phone,
            },
        )
        return verdict(self, claim, authority, data)


VERIFIER = Carrier()
